package io.fanfare.api.trace;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Tells what became of one message on its way to one user. */
@RestController
@Tag(name = "Messages")
class TraceEndpoint {

	private final MessageTraces traces;

	private final TraceBudget budget;

	TraceEndpoint(MessageTraces traces, TraceBudget budget) {
		this.traces = traces;
		this.budget = budget;
	}

	@GetMapping(path = "/v1/messages/{id}/trace", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.READ, patterns = true)
	@Answers({ ProblemType.NOT_FOUND, ProblemType.REDIS_UNAVAILABLE, ProblemType.OVERLOADED })
	@Operation(operationId = "traceMessage", summary = "Tell what became of a message on its way to a user",
			description = "Asks the history and every node, none of them longer than 250 ms; complete says whether all that"
					+ " could know something answered. Times of writes are bounds: no delivery is recorded. 404 for an"
					+ " id that was not given yet.")
	TraceAnswer trace(
			@Parameter(description = "The message's id.", schema = @Schema(ref = "#/components/schemas/MessageId"),
					example = "1785000000000-0") @PathVariable String id,
			@Parameter(description = "The user.", schema = @Schema(ref = "#/components/schemas/UserId"),
					required = true, example = "alice") @RequestParam(required = false) @Nullable String user,
			@Parameter(description = "The channel of the message; without it that of the user.",
					schema = @Schema(ref = "#/components/schemas/ChannelName")) @RequestParam(
							required = false) @Nullable String channel,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		List<FieldError> errors = new ArrayList<>();
		Long message = MessageId.tryParse(id);
		if (message == null || message == MessageId.ZERO) {
			errors.add(FieldError.ofParameter("id", "must be a message id such as 1785000000000-0"));
		}
		String name = (user != null) ? user : "";
		if (!ChannelName.isUser(name)) {
			errors.add(FieldError.ofParameter("user", "must have " + ChannelName.USER_RULE));
		}
		ChannelName of = (channel == null || channel.isEmpty()) ? null : channel(channel, errors);
		if (message == null || !errors.isEmpty()) {
			throw ProblemException.of(ProblemType.INVALID_REQUEST, errors);
		}
		ChannelName own = ChannelName.user(name);
		ChannelName asked = (of != null) ? of : own;
		if (asked.isUser() && !asked.equals(own)) {
			throw ProblemException.invalid(FieldError.ofParameter("channel", "is the channel of another user"));
		}
		caller.requireRead(own, "user");
		caller.requireRead(asked, "channel");
		return this.budget.within(() -> this.traces.trace(name, asked, message));
	}

	private static @Nullable ChannelName channel(String text, List<FieldError> errors) {
		try {
			return ChannelName.parse(text);
		}
		catch (IllegalArgumentException ex) {
			errors.add(FieldError.ofParameter("channel", String.valueOf(ex.getMessage())));
			return null;
		}
	}

}
