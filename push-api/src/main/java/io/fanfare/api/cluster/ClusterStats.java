package io.fanfare.api.cluster;

import java.time.Instant;
import java.util.List;
import java.util.function.ToLongFunction;

import io.fanfare.protocol.NodeStatus;
import io.swagger.v3.oas.annotations.media.Schema;

/**
 * The cluster in sum, over the nodes that are there; what a node counted ends with it.
 *
 * @param timestamp when this was so
 * @param nodes how many nodes there are
 * @param connections their connections
 * @param messagesSent messages written to streams
 * @param errors streams that ended by an error
 * @param reconnections opens that carried a cursor
 * @param kicks streams that were kicked
 */
record ClusterStats(Instant timestamp, int nodes, Connections connections, long messagesSent, long errors,
		long reconnections, long kicks) {

	/**
	 * Connections.
	 *
	 * @param active how many are open
	 * @param peak the peaks of the nodes together: no less than the peak of the whole
	 * @param total how many were opened
	 * @param waiting how many wait for a place
	 * @param averageDurationSeconds how long those that ended were open
	 */
	@Schema(name = "ConnectionStats")
	record Connections(long active,
			@Schema(description = "The peaks of the nodes together: no less than the peak of the whole.") long peak,
			long total, long waiting,
			@Schema(description = "Over the connections that ended.") double averageDurationSeconds) {

	}

	static ClusterStats of(List<ClusterView.Seen> seen, Instant now) {
		List<NodeStatus> nodes = seen.stream().filter((one) -> !one.gone()).map(ClusterView.Seen::status).toList();
		long closed = sum(nodes, NodeStatus::closed);
		double average = (closed != 0) ? sum(nodes, NodeStatus::durationMs) / 1000.0 / closed : 0;
		return new ClusterStats(now, nodes.size(),
				new Connections(sum(nodes, NodeStatus::active), sum(nodes, NodeStatus::peak),
						sum(nodes, NodeStatus::created), sum(nodes, NodeStatus::waiting), average),
				sum(nodes, NodeStatus::messagesSent), sum(nodes, NodeStatus::errors),
				sum(nodes, NodeStatus::reconnections), sum(nodes, NodeStatus::kicks));
	}

	private static long sum(List<NodeStatus> nodes, ToLongFunction<NodeStatus> what) {
		return nodes.stream().mapToLong(what).sum();
	}

}
