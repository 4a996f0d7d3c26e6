package io.fanfare.protocol.call;

import java.util.Map;
import java.util.Objects;

/**
 * What a node that ended in order says of the records of streams that it left. Times are
 * of the node's clock, or of the ids that it saw where these were ahead, in milliseconds
 * since the epoch.
 *
 * @param startedAt since when it kept records
 * @param endedAt when its last stream had ended
 * @param streamsSince since when the records have each stream that ended
 * @param listed the nodes that it knew, each with when it was listed last
 */
public record Handover(long startedAt, long endedAt, long streamsSince, Map<String, Long> listed) {

	/** Checks and copies them. */
	public Handover {
		listed = Map.copyOf(Objects.requireNonNull(listed, "listed is missing"));
	}

}
