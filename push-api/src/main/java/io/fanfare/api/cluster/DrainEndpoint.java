package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.protocol.redis.CallName;
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

	/** The longest drain that can be asked for. */
	static final Duration MAX_WINDOW = Duration.ofHours(1);

	private static final int MAX_RATE = 100_000;

	private static final Duration MAX_RETURN = Duration.ofHours(1);

	private static final Duration RETURN = Duration.ofMinutes(2);

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

	/** As the node tells it. */
	record Begun(int connections, long windowMs) {

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
		Pace pace = Pace.OF_THE_NODE;
		if (body != null) {
			pace = Pace.read(body.fields().allow("window", "rate"));
			body.flaws().check();
		}
		String identity = this.view.find(node).node();
		Begun begun = this.nodes.await(this.nodes.ask(identity, CallName.DRAIN, pace.body()), Begun.class);
		return new Draining(identity, begun.connections(), Duration.ofMillis(begun.windowMs()));
	}

	/**
	 * How fast streams leave; a node does as it is set up where neither is told.
	 *
	 * @param window over how long
	 * @param rate how many a second
	 */
	record Pace(@Nullable Duration window, @Nullable Integer rate) {

		static final Pace OF_THE_NODE = new Pace(null, null);

		static Pace read(Fields fields) {
			Duration window = fields.duration("window", Duration.ZERO, MAX_WINDOW);
			Integer rate = fields.number("rate", 1, MAX_RATE);
			if (window != null && rate != null) {
				fields.refuse("rate", "is one way to say it, window the other");
			}
			return new Pace(window, rate);
		}

		/** What the node is asked with. */
		Map<String, Object> body() {
			Map<String, Object> body = new HashMap<>();
			if (this.window != null) {
				body.put("windowMs", this.window.toMillis());
			}
			if (this.rate != null) {
				body.put("rate", this.rate);
			}
			return body;
		}

	}

	/** A body may be left out; what stands in it is checked. */
	static @Nullable Duration window(@Nullable JsonBody given) {
		JsonBody body = JsonBody.optional(given);
		if (body == null) {
			return null;
		}
		Duration window = body.fields().allow("window").duration("window", Duration.ZERO, MAX_WINDOW);
		body.flaws().check();
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
			return this.rolling.begin(Pace.OF_THE_NODE, RETURN);
		}
		Fields fields = body.fields().allow("window", "rate", "returnWithin");
		Pace pace = Pace.read(fields);
		Duration back = fields.duration("returnWithin", Duration.ofSeconds(1), MAX_RETURN);
		body.flaws().check();
		return this.rolling.begin(pace, (back != null) ? back : RETURN);
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
