package io.fanfare.api.user;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.redis.Presence;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** One user: whether a stream is open, and ending it. */
@RestController
@Tag(name = "Users")
class UserEndpoint {

	/** Between the notice and the close, so that a page can say goodbye. */
	private static final Duration GRACE = Duration.ofSeconds(5);

	private static final String USER = "The user's id, percent-encoded: a/b is a%2Fb.";

	/** Those that tell a page to stay away; a take-over is made by a newer page only. */
	private static final Set<CloseReason> REASONS = EnumSet.of(CloseReason.LOGOUT, CloseReason.PERMISSION_CHANGE,
			CloseReason.REVOKED);

	private final Presence presence;

	private final RedisCalls calls;

	UserEndpoint(Presence presence, RedisCalls calls) {
		this.presence = presence;
		this.calls = calls;
	}

	@GetMapping(path = "/v1/users/{user}", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.READ)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "getUser", summary = "Tell whether a user is online, and where")
	PresenceAnswer find(@Parameter(description = USER, example = "alice") @PathVariable String user) {
		return PresenceAnswer.of(user, this.calls.await(this.presence.find(checked(user))));
	}

	/**
	 * Where a user was disconnected.
	 *
	 * @param user the user
	 * @param connection the connection that ends, or null if there was none
	 */
	record Disconnected(@Schema(example = "alice") String user, @Schema(types = {
			"string", "null" }, description = "The connection that ends; null if the user had none.",
			example = "node-1.4f9Ka2Qz") @org.jspecify.annotations.Nullable String connection){

	}

	@PostMapping(path = "/v1/users/{user}/disconnect", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@ResponseStatus(HttpStatus.ACCEPTED)
	@RequiresScope(Scope.ADMIN)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "disconnectUser", summary = "End a user's stream and keep its page away",
			description = "The page is told the reason and does not come back by itself. With mode graceful the stream"
					+ " closes 5 seconds after the notice, with now at once.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/DisconnectRequest"),
					examples = { @ExampleObject(name = "logout", value = """
							{"mode": "graceful", "reason": "logout"}"""), @ExampleObject(name = "revoked", value = """
							{"mode": "now", "reason": "revoked"}""") }))
	Disconnected disconnect(@Parameter(description = USER, example = "alice") @PathVariable String user,
			@RequestBody JsonBody body) {
		checked(user);
		Fields fields = body.fields();
		if (fields == null) {
			throw body.flaws().problem();
		}
		fields.allow("mode", "reason");
		Duration grace = grace(fields);
		CloseReason reason = reason(fields);
		body.flaws().check();
		return new Disconnected(user, this.calls.await(this.presence.disconnect(user, reason, grace)));
	}

	private static Duration grace(Fields fields) {
		String mode = fields.text("mode");
		if (mode != null && !mode.equals("graceful") && !mode.equals("now")) {
			fields.refuse("mode", "must be graceful or now");
		}
		return "now".equals(mode) ? Duration.ZERO : GRACE;
	}

	private static CloseReason reason(Fields fields) {
		String name = fields.text("reason");
		CloseReason reason = (name != null) ? CloseReason.find(name) : CloseReason.LOGOUT;
		if (reason == null || !REASONS.contains(reason)) {
			fields.refuse("reason",
					"must be one of " + REASONS.stream().map(CloseReason::wireName).collect(Collectors.joining(", ")));
			return CloseReason.LOGOUT;
		}
		return reason;
	}

	private static String checked(String user) {
		if (!ChannelName.isUser(user)) {
			throw ProblemException.invalid(FieldError.ofParameter("user",
					"must have 1 to " + ChannelName.MAX_USER_LENGTH + " characters and no controls"));
		}
		return user;
	}

}
