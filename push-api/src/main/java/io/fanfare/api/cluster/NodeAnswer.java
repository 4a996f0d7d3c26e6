package io.fanfare.api.cluster;

import java.time.Instant;
import java.util.List;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.fanfare.protocol.NodeState;
import io.fanfare.protocol.NodeStatus;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A node as operators see it. Counts are since its start.
 *
 * @param node its identity, new with each start
 * @param name the name it was configured with
 * @param version its version
 * @param state {@code up}, {@code not-ready}, {@code draining}, {@code drained}, or
 * {@code gone}
 * @param startedAt when it started
 * @param updatedAt when it last reported
 * @param limit how many connections it takes
 * @param active how many are open
 * @param waiting how many wait for a place
 * @param available how many more it takes
 * @param peak the most that were open at once
 * @param created how many were opened
 * @param closed how many ended
 * @param messagesSent messages written to streams
 * @param errors streams that ended by an error
 * @param reconnections opens that carried a cursor
 * @param kicks streams that were kicked
 * @param memory how it stands with memory, in shares of its limits; absent if it does not
 * say
 * @param drained what came of its drain, once it is over
 * @param loops its event loops, when it last reported; absent if it does not say
 * @param delivery how messages reach its clients; absent if it does not say
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Node")
record NodeAnswer(@Schema(example = "node-1.x7Gh2kPq") String node, @Schema(example = "node-1") String name,
		@Schema(example = "0.1.0") String version,
		@Schema(description = "drained: it sent its streams on and ended. gone: not heard of for 15 seconds.",
				allowableValues = {
						"up", "not-ready", "draining", "drained", "gone" }) String state,
		Instant startedAt, Instant updatedAt, int limit, int active, int waiting, int available, int peak, long created,
		long closed, long messagesSent, long errors, long reconnections, long kicks, NodeStatus.@Nullable Memory memory,
		NodeStatus.@Nullable Drained drained, @Nullable List<NodeStatus.Loop> loops,
		NodeStatus.@Nullable Delivery delivery){

	static NodeAnswer of(NodeStatus status, boolean gone) {
		return new NodeAnswer(status.node(), status.name(), status.version(),
				(status.drained() != null) ? NodeState.DRAINED.wireName() : gone ? "gone" : status.state(),
				Instant.ofEpochMilli(status.startedAt()), Instant.ofEpochMilli(status.updatedAt()), status.limit(),
				gone ? 0 : status.active(), gone ? 0 : status.waiting(), gone ? 0 : status.available(), status.peak(),
				status.created(), status.closed(), status.messagesSent(), status.errors(), status.reconnections(),
				status.kicks(), status.memory(), status.drained(), gone ? null : status.loops(), status.delivery());
	}

}
