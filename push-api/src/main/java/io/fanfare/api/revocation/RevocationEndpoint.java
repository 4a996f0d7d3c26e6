package io.fanfare.api.revocation;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.cluster.ClusterView;
import io.fanfare.api.cluster.NodeAsker;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.Revocation.OfToken;
import io.fanfare.redis.revocation.Revocation.OfTopic;
import io.fanfare.redis.revocation.Revocation.OfUser;
import io.fanfare.redis.revocation.Revocation.Target;
import io.fanfare.redis.revocation.Revocations.Outcome;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Takes rights away before tokens expire, and gives them back. */
@RestController
@Tag(name = "Revocations")
class RevocationEndpoint {

	private static final String PATH = "/v1/revocations";

	/** How far the clock of the caller may run ahead. */
	private static final Duration AHEAD = Duration.ofSeconds(2);

	private final StoredRevocations revocations;

	private final ClusterView view;

	private final NodeAsker nodes;

	private final Clock clock;

	RevocationEndpoint(StoredRevocations revocations, ClusterView view, NodeAsker nodes, Clock clock) {
		this.revocations = revocations;
		this.view = view;
		this.nodes = nodes;
		this.clock = clock;
	}

	/**
	 * What a revocation came to.
	 *
	 * @param revocation what is in force
	 * @param connections how many streams ended, or lost the topic
	 * @param nodes how many on each node that answered
	 * @param unanswered the nodes that did not answer
	 */
	@Schema(name = "Revoked")
	record Revoked(@JsonUnwrapped RevocationAnswer revocation,
			@Schema(description = "How many streams ended, or lost the topic.") int connections, List<OnNode> nodes,
			@Schema(description = "Identities of nodes that did not answer; their streams receive no message"
					+ " after a lease, except on a node of an earlier version.",
					example = "[]") List<String> unanswered) {

	}

	/**
	 * How many streams ended on a node.
	 *
	 * @param node the node's identity
	 * @param connections how many
	 */
	@Schema(name = "RevokedOnNode")
	record OnNode(@Schema(example = "node-1.x7Gh2kPq") String node, int connections) {

	}

	/**
	 * Some revocations.
	 *
	 * @param revocations those that are in force
	 */
	@Schema(name = "Revocations")
	record Listing(List<RevocationAnswer> revocations) {

	}

	@PostMapping(path = PATH, consumes = MediaType.APPLICATION_JSON_VALUE, produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.DISCONNECT)
	@Answers({ ProblemType.TOO_MANY_REVOCATIONS, ProblemType.REDIS_UNAVAILABLE })
	@Operation(operationId = "revoke", summary = "Take away what tokens grant",
			description = "Tokens that were issued up to now, or before a time, open no stream any more, and streams"
					+ " that they opened end before this is answered. A topic is taken from streams, which go on without"
					+ " it. A repetition is safe. Tokens issued from validFrom on are accepted.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true,
			content = @Content(schema = @Schema(ref = "#/components/schemas/RevocationRequest"),
					examples = { @ExampleObject(name = "user", value = """
							{"user": "alice"}"""), @ExampleObject(name = "token", value = """
							{"jti": "6f1c2a", "reason": "lost phone"}"""), @ExampleObject(name = "topic", value = """
							{"user": "alice", "channel": "news", "reason": "subscription ended"}""") }))
	Revoked revoke(@RequestBody JsonBody body) {
		Fields fields = body.fields(RevocationRules.REVOCATION);
		fields.hasExactlyOne(RevocationRules.REVOCATION,
				"needs exactly one of " + String.join(", ", RevocationRules.REVOCATION.choiceNames()));
		String user = fields.read(RevocationRules.USER);
		String token = fields.read(RevocationRules.TOKEN);
		String channel = fields.read(RevocationRules.CHANNEL);
		Instant issuedBefore = fields.read(RevocationRules.ISSUED_BEFORE);
		String reason = fields.read(RevocationRules.REASON);
		if (channel != null && token != null) {
			fields.refuse(RevocationRules.CHANNEL, "needs user; a token is revoked as a whole");
		}
		if (issuedBefore != null && issuedBefore.isAfter(this.clock.instant().plus(AHEAD))) {
			fields.refuse(RevocationRules.ISSUED_BEFORE, "must not lie in the future");
		}
		body.errors().check();
		String hash = (token != null) ? IssuedToken.hash(token) : null;
		Outcome.Stored stored = this.revocations.put(target(user, channel, hash),
				(issuedBefore != null) ? Long.valueOf(issuedBefore.toEpochMilli()) : null,
				(reason != null) ? reason : Revocation.NO_REASON);
		NodeAsker.Answers<CallResult.Disconnected> ended = end(new CallRequest.Revoke(user, channel, hash,
				stored.revocation().issuedBefore(), MessageId.format(stored.id()), stored.revocation().reason()));
		List<OnNode> counts = ended.answered()
			.entrySet()
			.stream()
			.map((one) -> new OnNode(one.getKey(), one.getValue().connections()))
			.toList();
		return new Revoked(RevocationAnswer.of(stored.revocation(), token),
				counts.stream().mapToInt(OnNode::connections).sum(), counts, ended.unanswered());
	}

	private NodeAsker.Answers<CallResult.Disconnected> end(CallRequest.Revoke request) {
		Map<String, CallRequest.Revoke> requests = new LinkedHashMap<>();
		this.view.identitiesDespiteLoss().forEach((node) -> requests.put(node, request));
		return this.nodes.askAll(requests);
	}

	private static Target target(@Nullable String user, @Nullable String channel, @Nullable String hash) {
		if (user == null) {
			return new OfToken(String.valueOf(hash));
		}
		return (channel != null) ? new OfTopic(user, channel) : new OfUser(user);
	}

	@GetMapping(path = PATH, produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.DISCONNECT)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "getRevocations", summary = "Tell what was taken away",
			description = "Of a user, topics included, or of a token: exactly one of user and jti.")
	Listing find(
			@Parameter(description = "The user's id.", example = "alice",
					schema = @Schema(ref = "#/components/schemas/UserId")) @RequestParam(
							required = false) @Nullable String user,
			@Parameter(description = "The id of a token.") @RequestParam(required = false) @Nullable String jti) {
		return listing(asked(user, null, jti), jti);
	}

	private Listing listing(Asked asked, @Nullable String jti) {
		List<Revocation> found = (asked.user() != null) ? this.revocations.ofUser(asked.user())
				: this.revocations.ofToken(String.valueOf(asked.hash()));
		return new Listing(found.stream()
			.sorted(Comparator.comparing((one) -> one.target().toString()))
			.map((one) -> RevocationAnswer.of(one, jti))
			.toList());
	}

	@DeleteMapping(path = PATH, produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.DISCONNECT)
	@Answers({ ProblemType.NOT_FOUND, ProblemType.REDIS_UNAVAILABLE })
	@Operation(operationId = "liftRevocation", summary = "Give back what was taken away",
			description = "Of a user, of a topic of a user, or of a token. A user's topics stay revoked where only user"
					+ " is given. Streams that ended are not opened again. Answers"
					+ " what is still revoked of the user or token.")
	Listing lift(
			@Parameter(description = "The user's id.", example = "alice",
					schema = @Schema(ref = "#/components/schemas/UserId")) @RequestParam(
							required = false) @Nullable String user,
			@Parameter(description = "A topic; needs user.",
					schema = @Schema(ref = "#/components/schemas/TopicName")) @RequestParam(
							required = false) @Nullable String channel,
			@Parameter(description = "The id of a token.") @RequestParam(required = false) @Nullable String jti) {
		Asked asked = asked(user, channel, jti);
		if (!this.revocations.lift(target(asked.user(), asked.channel(), asked.hash()))) {
			throw ProblemException.of(ProblemType.NOT_FOUND, "No such revocation");
		}
		return listing(asked, jti);
	}

	/** What a query names. */
	private record Asked(@Nullable String user, @Nullable String channel, @Nullable String hash) {

	}

	private static Asked asked(@Nullable String givenUser, @Nullable String givenChannel, @Nullable String givenToken) {
		String user = given(givenUser);
		String channel = given(givenChannel);
		String token = given(givenToken);
		List<FieldError> errors = new ArrayList<>();
		if ((user != null) == (token != null)) {
			errors.add(FieldError.ofParameter((user != null) ? "jti" : "user", "needs exactly one of user, jti"));
		}
		if (user != null && !ChannelName.isUser(user)) {
			errors.add(FieldError.ofParameter("user", "must have " + ChannelName.USER_RULE));
		}
		if (channel != null && (token != null || !ChannelName.isTopic(channel))) {
			errors.add(FieldError.ofParameter("channel", (token != null) ? "needs user" : "must be a topic"));
		}
		if (token != null && !RevocationRules.isTokenId(token)) {
			errors.add(FieldError.ofParameter("jti", RevocationRules.TOKEN.rule().rule()));
		}
		if (!errors.isEmpty()) {
			throw ProblemException.of(ProblemType.INVALID_REQUEST, errors);
		}
		return new Asked(user, channel, (token != null) ? IssuedToken.hash(token) : null);
	}

	/** An empty parameter counts as absent. */
	private static @Nullable String given(@Nullable String text) {
		return (text == null || text.isEmpty()) ? null : text;
	}

}
