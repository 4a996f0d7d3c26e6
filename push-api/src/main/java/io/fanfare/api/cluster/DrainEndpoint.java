package io.fanfare.api.cluster;

import java.time.Duration;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Drains a node, or one after the other. */
@RestController
@Tag(name = "Cluster")
class DrainEndpoint {

	private final ClusterView view;

	private final NodeAsker nodes;

	private final RollingDrain rolling;

	DrainEndpoint(ClusterView view, NodeAsker nodes, RollingDrain rolling) {
		this.view = view;
		this.nodes = nodes;
		this.rolling = rolling;
	}

	/**
	 * What has begun.
	 *
	 * @param node the node's identity
	 * @param connections how many streams leave
	 * @param window over how long
	 */
	record Draining(@Schema(example = "node-1.x7Gh2kPq") String node, int connections,
			@Schema(type = "string", format = "duration", example = "PT30S") Duration window) {

	}

	@PostMapping(path = "/v1/nodes/{node}/drain", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@ResponseStatus(HttpStatus.ACCEPTED)
	@RequiresScope(Scope.ADMIN)
	@Answers({ ProblemType.NOT_FOUND, ProblemType.NODE_UNAVAILABLE, ProblemType.REDIS_UNAVAILABLE })
	@Operation(operationId = "drainNode", summary = "Drain a node and end it",
			description = "As by SIGTERM: it is no longer ready, sends its streams on to other nodes one after the other,"
					+ " and its process ends as soon as the last is gone. Whatever runs it may start it again."
					+ " What came of it is shown by GET /v1/nodes for a minute. A second call changes nothing.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(
			content = @Content(schema = @Schema(ref = "#/components/schemas/DrainNodeRequest"),
					examples = { @ExampleObject(name = "slowly", value = """
							{"window": "PT2M"}"""), @ExampleObject(name = "by rate", value = """
							{"rate": 100}""") }))
	Draining drain(
			@Parameter(description = "The node's identity, or its name.", example = "node-1",
					schema = @Schema(ref = "#/components/schemas/NodeName")) @PathVariable String node,
			@RequestBody(required = false) @Nullable JsonBody given) {
		JsonBody body = JsonBody.optional(given);
		CallRequest.Drain request = CallRequest.Drain.AS_CONFIGURED;
		if (body != null) {
			request = read(body.fields(DrainRules.NODE));
			body.errors().check();
		}
		String identity = this.view.find(node).node();
		CallResult.Draining begun = this.nodes.await(this.nodes.ask(identity, request));
		return new Draining(identity, begun.connections(), Duration.ofMillis(begun.windowMs()));
	}

	/** How fast streams leave; a node does as it is set up where neither is given. */
	private static CallRequest.Drain read(Fields fields) {
		Duration window = fields.read(DrainRules.WINDOW);
		Integer rate = fields.read(DrainRules.RATE);
		if (window != null && rate != null) {
			fields.refuse(DrainRules.RATE, "is one way to say it, window the other");
			return CallRequest.Drain.AS_CONFIGURED;
		}
		return new CallRequest.Drain((window != null) ? window.toMillis() : null, rate);
	}

	/** A body may be left out; what stands in it is checked. */
	static @Nullable Duration window(@Nullable JsonBody given) {
		JsonBody body = JsonBody.optional(given);
		if (body == null) {
			return null;
		}
		Duration window = body.fields(DrainRules.REBALANCE).read(DrainRules.WINDOW);
		body.errors().check();
		return window;
	}

	@PostMapping(path = "/v1/drain", consumes = MediaType.APPLICATION_JSON_VALUE,
			produces = MediaType.APPLICATION_JSON_VALUE)
	@ResponseStatus(HttpStatus.ACCEPTED)
	@RequiresScope(Scope.ADMIN)
	@Answers({ ProblemType.DRAIN_RUNNING, ProblemType.REDIS_UNAVAILABLE })
	@Operation(operationId = "drainCluster", summary = "Drain and restart the nodes, one after the other",
			description = "Each that is up now is drained and ends; once a node of its name is up again, the next"
					+ " follows. Nodes that drain already, or did so within the last minute and are not back, are"
					+ " waited for first. Where none comes up in time the rest is left as it is. Whatever runs the nodes has"
					+ " to start them again. GET /v1/drain tells how it gets on.")
	@io.swagger.v3.oas.annotations.parameters.RequestBody(
			content = @Content(schema = @Schema(ref = "#/components/schemas/DrainClusterRequest"),
					examples = @ExampleObject(name = "patiently", value = """
							{"window": "PT1M", "returnWithin": "PT5M"}""")))
	DrainProgress drainAll(@RequestBody(required = false) @Nullable JsonBody given) {
		JsonBody body = JsonBody.optional(given);
		if (body == null) {
			return this.rolling.begin(CallRequest.Drain.AS_CONFIGURED, DrainRules.DEFAULT_RETURN);
		}
		Fields fields = body.fields(DrainRules.CLUSTER);
		CallRequest.Drain request = read(fields);
		Duration back = fields.read(DrainRules.RETURN_WITHIN);
		body.errors().check();
		return this.rolling.begin(request, (back != null) ? back : DrainRules.DEFAULT_RETURN);
	}

	@GetMapping(path = "/v1/drain", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.READ)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "getDrain", summary = "Tell how the drain of the cluster gets on",
			description = "For an hour after its end. One whose API process ended is forgotten within a minute.")
	DrainProgress progress() {
		return this.rolling.progress();
	}

}
