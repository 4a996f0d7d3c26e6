package io.fanfare.api.user;

import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ProblemType;
import io.fanfare.redis.presence.Presence;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Tells which of many users are online. */
@RestController
@Tag(name = "Users")
class PresenceEndpoint {

	private final Presence presence;

	private final RedisCalls calls;

	PresenceEndpoint(Presence presence, RedisCalls calls) {
		this.presence = presence;
		this.calls = calls;
	}

	/**
	 * Which of the users are online.
	 *
	 * @param online how many of them
	 * @param users each of them, in the order of the request
	 */
	record PresenceList(@Schema(description = "How many of them are online.") int online,
			@Schema(description = "In the order of the request, without details.") List<PresenceAnswer> users) {

	}

	@PostMapping(path = "/v1/presence", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.READ, patterns = true)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "getPresence", summary = "Tell which of up to 1000 users are online, and where",
			description = "A user of whom nothing is known is offline. The users are looked at one part after the"
					+ " other, so the answer is of no single moment.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/PresenceRequest"),
					examples = @ExampleObject(name = "two", value = """
							{"users": ["alice", "bob"]}""")))
	PresenceList find(@RequestBody JsonBody body, @Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		Fields fields = body.fields(PresenceRules.MANY);
		List<String> read = fields.values(PresenceRules.USERS);
		body.errors().check();
		List<String> users = Objects.requireNonNull(read);
		caller.requireRead(users.stream().map(ChannelName::user).toList(), fields.pointer(PresenceRules.USERS));
		Map<String, Presence.Owner> owners = this.calls.await(this.presence.find(users));
		return new PresenceList(owners.size(),
				users.stream().map((user) -> PresenceAnswer.of(user, owners.get(user), null)).toList());
	}

}
