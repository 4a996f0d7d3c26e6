package io.fanfare.api.cluster;

import java.time.Clock;
import java.util.List;

import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.problem.Answers;
import io.fanfare.protocol.ProblemType;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The nodes, one by one and in sum. */
@RestController
@Tag(name = "Cluster")
class ClusterEndpoint {

	private final ClusterView view;

	private final Clock clock;

	ClusterEndpoint(ClusterView view, Clock clock) {
		this.view = view;
		this.clock = clock;
	}

	/**
	 * The nodes.
	 *
	 * @param nodes the nodes, by name
	 */
	record NodeList(List<NodeAnswer> nodes) {

	}

	@GetMapping(path = "/v1/nodes", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.READ)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "listNodes", summary = "List the nodes",
			description = "A node tells of itself every 5 seconds. Not heard of for 15 seconds it is shown as gone,"
					+ " after a minute not at all.")
	NodeList nodes() {
		return new NodeList(
				this.view.nodes().stream().map((seen) -> NodeAnswer.of(seen.status(), seen.gone())).toList());
	}

	@GetMapping(path = "/v1/stats", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(Scope.READ)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "getStats", summary = "Tell the numbers of the cluster",
			description = "Sums over the nodes that are there, each counting since its start.")
	ClusterStats stats() {
		return ClusterStats.of(this.view.nodes(), this.clock.instant());
	}

}
