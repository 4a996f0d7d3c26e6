package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.protocol.FairShare;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Moves streams from full nodes to empty ones. */
@RestController
@Tag(name = "Cluster")
class RebalanceEndpoint {

	private static final Duration WINDOW = Duration.ofSeconds(60);

	private final ClusterView view;

	private final NodeAsker nodes;

	RebalanceEndpoint(ClusterView view, NodeAsker nodes) {
		this.view = view;
		this.nodes = nodes;
	}

	/**
	 * What a rebalance came to.
	 *
	 * @param nodes the nodes that send some of their streams on
	 * @param unanswered the nodes that should and did not answer
	 */
	record Rebalancing(List<Leaving> nodes,
			@Schema(description = "Identities of nodes that did not answer; their streams may leave or not.",
					example = "[]") List<String> unanswered) {

	}

	/**
	 * How many streams leave a node.
	 *
	 * @param node the node's identity
	 * @param connections how many
	 */
	@Schema(name = "RebalancedNode")
	record Leaving(@Schema(example = "node-1.x7Gh2kPq") String node, int connections) {

	}

	@PostMapping(path = "/v1/rebalance", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@ResponseStatus(HttpStatus.ACCEPTED)
	@RequiresScope(Scope.ADMIN)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "rebalance", summary = "Move streams from full nodes to empty ones",
			description = "Streams live long, so a node that was added stays empty. Each node that has more than its"
					+ " share of all streams, by its limit, sends the surplus on, spread over the window. Where they go"
					+ " is the balancer's choice: it has to prefer the node with the fewest.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(
			content = @Content(schema = @Schema(ref = "#/components/schemas/RebalanceRequest"),
					examples = @ExampleObject(name = "within a minute", value = """
							{"window": "PT1M"}""")))
	Rebalancing rebalance(@RequestBody(required = false) @Nullable JsonBody body) {
		Duration given = DrainEndpoint.window(body);
		Duration window = (given != null) ? given : WINDOW;
		this.view.requireCertain();
		Map<String, CallRequest.SendOn> requests = new LinkedHashMap<>();
		new FairShare(this.view.present()).surpluses()
			.forEach((node, count) -> requests.put(node, new CallRequest.SendOn(count, window.toMillis())));
		NodeAsker.Answers<CallResult.SentOn> sent = this.nodes.askAll(requests);
		return new Rebalancing(sent.answered()
			.entrySet()
			.stream()
			.map((one) -> new Leaving(one.getKey(), one.getValue().connections()))
			.toList(), sent.unanswered());
	}

}
