package io.fanfare.api.user;

import java.time.Duration;
import java.util.List;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.cluster.ConnectionAnswer;
import io.fanfare.api.cluster.NodeAsker;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.api.revocation.StoredRevocations;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.presence.Presence;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
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

	private static final String USER = "The user's id, percent-encoded: a/b is a%2Fb.";

	private final Presence presence;

	private final RedisCalls calls;

	private final NodeAsker nodes;

	private final StoredRevocations revocations;

	UserEndpoint(Presence presence, RedisCalls calls, NodeAsker nodes, StoredRevocations revocations) {
		this.revocations = revocations;
		this.presence = presence;
		this.calls = calls;
		this.nodes = nodes;
	}

	@GetMapping(path = "/v1/users/{user}", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.READ, patterns = true)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "getUser", summary = "Tell whether a user is online, and where",
			description = "details is what the node tells of the connection: absent if it does not answer within half"
					+ " a second. Its address is shown to callers with the scope admin.")
	PresenceAnswer find(
			@Parameter(description = USER, example = "alice",
					schema = @Schema(ref = "#/components/schemas/UserId")) @PathVariable String user,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		caller.requireRead(ChannelName.user(checked(user)), "user");
		Presence.Owner owner = this.calls.await(this.presence.find(user));
		return PresenceAnswer.of(user, owner, (owner != null) ? details(owner, caller.holds(Scope.ADMIN)) : null);
	}

	private @Nullable ConnectionAnswer details(Presence.Owner owner, boolean withAddress) {
		ConnectionStatus status = this.nodes.show(owner.node(), owner.connection());
		return (status != null) ? ConnectionAnswer.of(status, withAddress) : null;
	}

	/**
	 * Where a user was disconnected.
	 *
	 * @param user the user
	 * @param connection the connection that ends, or null if there was none
	 */
	@Schema(name = "DisconnectedUser")
	record Disconnected(@Schema(example = "alice") String user, @Schema(types = {
			"string", "null" }, description = "The connection that ends; null if the user had none.",
			example = "node-1.4f9Ka2Qz") @Nullable String connection){

	}

	@PostMapping(path = "/v1/users/{user}/disconnect", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@ResponseStatus(HttpStatus.ACCEPTED)
	@RequiresScope(Scope.DISCONNECT)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "disconnectUser", summary = "End a user's stream and keep its page away",
			description = "The page is told the reason and does not come back by itself. With mode graceful the stream"
					+ " closes 5 seconds after the notice, with now at once.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/DisconnectRequest"),
					examples = { @ExampleObject(name = "logout", value = """
							{"mode": "graceful", "reason": "logout"}"""), @ExampleObject(name = "revoked", value = """
							{"mode": "now", "reason": "revoked"}""") }))
	Disconnected disconnect(
			@Parameter(description = USER, example = "alice",
					schema = @Schema(ref = "#/components/schemas/UserId")) @PathVariable String user,
			@RequestBody JsonBody body) {
		checked(user);
		DisconnectNotice notice = DisconnectNotice.read(body.fields(DisconnectRules.ONE),
				DisconnectRules.REASON_FOR_ONE);
		body.errors().check();
		Duration block = notice.block();
		return (block == null) ? end(user, notice)
				: this.revocations.block(List.of(user), block, notice.reason().wireName(), () -> end(user, notice));
	}

	private Disconnected end(String user, DisconnectNotice notice) {
		return new Disconnected(user,
				this.calls.await(this.presence.disconnect(user, notice.reason(), notice.grace(), notice.message())));
	}

	private static String checked(String user) {
		if (!ChannelName.isUser(user)) {
			throw ProblemException.invalid(FieldError.ofParameter("user", "must have " + ChannelName.USER_RULE));
		}
		return user;
	}

}
