package io.fanfare.api.user;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.cluster.ClusterView;
import io.fanfare.api.cluster.NodeAsker;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.api.revocation.StoredRevocations;
import io.fanfare.protocol.ConnectionId;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
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
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Ends many streams with one request. */
@RestController
@Tag(name = "Users")
class DisconnectEndpoint {

	private final Presence presence;

	private final RedisCalls calls;

	private final ClusterView view;

	private final NodeAsker nodes;

	private final StoredRevocations revocations;

	DisconnectEndpoint(Presence presence, RedisCalls calls, ClusterView view, NodeAsker nodes,
			StoredRevocations revocations) {
		this.revocations = revocations;
		this.presence = presence;
		this.calls = calls;
		this.view = view;
		this.nodes = nodes;
	}

	/**
	 * What a disconnect came to.
	 *
	 * @param connections how many streams end
	 * @param nodes how many on each node that answered
	 * @param unanswered the nodes that did not answer
	 */
	record DisconnectedMany(@Schema(description = "How many streams end.") int connections, List<OnNode> nodes,
			@Schema(description = "Identities of nodes that did not answer; their streams may end or not.",
					example = "[]") List<String> unanswered) {

	}

	/**
	 * How many streams end on a node.
	 *
	 * @param node the node's identity
	 * @param connections how many
	 */
	@Schema(name = "DisconnectedOnNode")
	record OnNode(@Schema(example = "node-1.x7Gh2kPq") String node, int connections) {

	}

	@PostMapping(path = "/v1/disconnect", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@ResponseStatus(HttpStatus.ACCEPTED)
	@RequiresScope(Scope.DISCONNECT)
	@Answers({ ProblemType.NOT_FOUND, ProblemType.REDIS_UNAVAILABLE })
	@Operation(operationId = "disconnectMany", summary = "End many streams",
			description = "Those of some users, of all who hear a topic, of a tier, of a node, or all. Their pages are"
					+ " told the reason and do not come back by themselves; but after maintenance, which knows no"
					+ " grace, they do, within 2 to 10 seconds. Streams end while this is answered, and after."
					+ " tier, node and all need the scope admin.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(required = true, content = @Content(
			schema = @Schema(ref = "#/components/schemas/DisconnectManyRequest"),
			examples = { @ExampleObject(name = "users", value = """
					{"users": ["alice", "bob"], "mode": "now", "reason": "revoked"}"""),
					@ExampleObject(name = "channel", value = """
							{"channel": "news", "reason": "permission-change"}"""),
					@ExampleObject(name = "tier", value = """
							{"tier": "low", "reason": "maintenance"}"""), @ExampleObject(name = "node", value = """
							{"node": "node-1", "reason": "maintenance"}"""), @ExampleObject(name = "all", value = """
							{"all": true, "reason": "maintenance"}""") }))
	DisconnectedMany disconnect(@RequestBody JsonBody body,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		Fields fields = body.fields(DisconnectRules.MANY);
		fields.read(DisconnectRules.ALL);
		fields.hasExactlyOne(DisconnectRules.MANY,
				"needs exactly one of " + String.join(", ", DisconnectRules.MANY.choiceNames()));
		List<String> users = fields.values(DisconnectRules.USERS);
		String channel = fields.read(DisconnectRules.CHANNEL);
		String tierName = fields.read(DisconnectRules.TIER);
		Tier tier = (tierName != null) ? Tier.find(tierName) : null;
		String node = fields.read(DisconnectRules.NODE);
		DisconnectNotice notice = DisconnectNotice.read(fields, DisconnectRules.REASON_FOR_MANY);
		if (notice.block() != null && users == null) {
			fields.refuse(DisconnectNotice.BLOCK, "needs users");
		}
		body.errors().check();
		if (users == null && channel == null) {
			caller.require(Scope.ADMIN);
		}
		Duration block = notice.block();
		if (users != null && block != null) {
			return this.revocations.block(users, block, notice.reason().wireName(),
					() -> end(users, channel, tier, node, notice));
		}
		return end(users, channel, tier, node, notice);
	}

	private DisconnectedMany end(@Nullable List<String> users, @Nullable String channel, @Nullable Tier tier,
			@Nullable String node, DisconnectNotice notice) {
		if (users != null && notice.isForGood()) {
			return kick(users, notice);
		}
		return ask((node != null) ? List.of(this.view.find(node).node()) : this.view.identities(),
				new CallRequest.Disconnect(users, channel, tier, notice.reason(), notice.grace().toMillis(),
						notice.message()));
	}

	/** All are on their way before the first answer is waited for. */
	private DisconnectedMany kick(List<String> users, DisconnectNotice notice) {
		List<CompletableFuture<@Nullable String>> sent = users.stream()
			.map((user) -> this.presence.disconnect(user, notice.reason(), notice.grace(), notice.message()))
			.toList();
		long deadline = this.calls.deadline();
		Map<String, Integer> counts = new TreeMap<>();
		for (CompletableFuture<@Nullable String> one : sent) {
			String connection = this.calls.await(one, deadline);
			if (connection != null) {
				counts.merge(Objects.requireNonNullElse(ConnectionId.nodeOf(connection), ""), 1, Integer::sum);
			}
		}
		return answer(counts, List.of());
	}

	private DisconnectedMany ask(List<String> identities, CallRequest.Disconnect request) {
		Map<String, CallRequest.Disconnect> requests = new LinkedHashMap<>();
		identities.forEach((node) -> requests.put(node, request));
		NodeAsker.Answers<CallResult.Disconnected> ended = this.nodes.askAll(requests);
		Map<String, Integer> counts = new LinkedHashMap<>();
		ended.answered().forEach((node, one) -> counts.put(node, one.connections()));
		return answer(counts, ended.unanswered());
	}

	private static DisconnectedMany answer(Map<String, Integer> counts, List<String> unanswered) {
		List<OnNode> nodes = counts.entrySet().stream().map((one) -> new OnNode(one.getKey(), one.getValue())).toList();
		return new DisconnectedMany(nodes.stream().mapToInt(OnNode::connections).sum(), nodes, unanswered);
	}

}
