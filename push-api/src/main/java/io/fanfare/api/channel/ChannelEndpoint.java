package io.fanfare.api.channel;

import java.time.Clock;
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
import io.fanfare.redis.history.History;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What channels retained. */
@RestController
@Tag(name = "Channels")
class ChannelEndpoint {

	private static final int MAX_LIMIT = 1000;

	private static final int DEFAULT_LIMIT = 100;

	private final History history;

	private final PageBudget budget;

	private final Clock clock;

	ChannelEndpoint(History history, PageBudget budget, Clock clock) {
		this.history = history;
		this.budget = budget;
		this.clock = clock;
	}

	@GetMapping(path = "/v1/channels/{channel}/messages", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.READ, patterns = true)
	@Answers({ ProblemType.REDIS_UNAVAILABLE, ProblemType.OVERLOADED })
	@Operation(operationId = "getChannelMessages", summary = "Read a page of a channel's history",
			description = "Messages stand oldest first. A page ends at limit or at 1 MiB. With after the page begins above that id (after=0-0 is the"
					+ " oldest page), with before it ends below it, with neither it is the newest one. To go on, send"
					+ " next by the same parameter; for the newest page that is before.")
	HistoryPage read(@Parameter(description = "A topic, all, or user:<id>, percent-encoded.",
			schema = @Schema(ref = "#/components/schemas/ChannelName"), example = "news") @PathVariable String channel,
			@Parameter(description = "Only above this id.", schema = @Schema(ref = "#/components/schemas/MessageId"),
					example = "0-0") @RequestParam(required = false) @Nullable String after,
			@Parameter(description = "Only below this id; not with after.",
					schema = @Schema(ref = "#/components/schemas/MessageId")) @RequestParam(
							required = false) @Nullable String before,
			@Parameter(description = "At most so many messages.",
					schema = @Schema(type = "integer", minimum = "1", maximum = "" + MAX_LIMIT,
							defaultValue = "" + DEFAULT_LIMIT),
					example = "10") @RequestParam(required = false) @Nullable String limit,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller, HttpServletRequest request) {
		List<FieldError> errors = new ArrayList<>();
		ChannelName name = name(channel, errors);
		Long from = id("after", after, errors);
		Long to = id("before", before, errors);
		int count = limit(limit, errors);
		if (given(after) != null && given(before) != null) {
			errors.add(FieldError.ofParameter("before", "cannot stand beside after"));
		}
		if (name == null || !errors.isEmpty()) {
			throw ProblemException.of(ProblemType.INVALID_REQUEST, errors);
		}
		caller.requireRead(name, "channel");
		History.Page page = this.budget.read(request, () -> (from != null) ? this.history.pageAfter(name, from, count)
				: this.history.pageBefore(name, (to != null) ? to : MessageId.MAX, count));
		return HistoryPage.of(page, this.clock.instant());
	}

	private static @Nullable ChannelName name(String text, List<FieldError> errors) {
		try {
			return ChannelName.parse(text);
		}
		catch (IllegalArgumentException ex) {
			errors.add(FieldError.ofParameter("channel", String.valueOf(ex.getMessage())));
			return null;
		}
	}

	private static @Nullable Long id(String parameter, @Nullable String value, List<FieldError> errors) {
		String text = given(value);
		Long id = (text != null) ? MessageId.tryParse(text) : null;
		if (text != null && id == null) {
			errors.add(FieldError.ofParameter(parameter, ChannelRules.MESSAGE_ID.rule()));
		}
		return id;
	}

	/** An empty parameter counts as absent. */
	private static @Nullable String given(@Nullable String text) {
		return (text == null || text.isEmpty()) ? null : text;
	}

	private static int limit(@Nullable String value, List<FieldError> errors) {
		String text = given(value);
		if (text == null) {
			return DEFAULT_LIMIT;
		}
		if (text.matches("[0-9]{1,4}")) {
			int limit = Integer.parseInt(text);
			if (limit >= 1 && limit <= MAX_LIMIT) {
				return limit;
			}
		}
		errors.add(FieldError.ofParameter("limit", "must be from 1 to " + MAX_LIMIT));
		return DEFAULT_LIMIT;
	}

}
