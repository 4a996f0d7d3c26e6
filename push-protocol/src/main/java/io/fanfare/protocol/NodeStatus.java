package io.fanfare.protocol;

import java.util.List;
import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * What a node tells of itself every few seconds, and {@code GET /v1/nodes} shows. Counts
 * are since the node's start.
 *
 * @param node the node's identity, new with each start
 * @param name the name it was configured with
 * @param version its version
 * @param state a {@link NodeState}, by its wire name
 * @param startedAt when it started, in milliseconds since the epoch
 * @param updatedAt when it said this, in milliseconds since the epoch
 * @param limit how many connections it takes
 * @param active how many are open
 * @param waiting how many wait for a place
 * @param peak the most that were open at once
 * @param created how many were opened
 * @param closed how many ended
 * @param durationMs how long those that ended were open, together, in milliseconds
 * @param messagesSent messages written to streams
 * @param errors streams that ended by an error
 * @param reconnections opens that carried a cursor
 * @param kicks streams that were kicked
 * @param memory how it stands with memory, or null if it does not say
 * @param drained what came of its drain, once it is over; else null
 * @param loops its event loops, or null if it does not say
 * @param delivery how messages reach its clients, or null if it does not say
 */
public record NodeStatus(String node, String name, String version, String state, long startedAt, long updatedAt,
		int limit, int active, int waiting, int peak, long created, long closed, long durationMs, long messagesSent,
		long errors, long reconnections, long kicks, @Nullable Memory memory, @Nullable Drained drained,
		@Nullable List<Loop> loops, @Nullable Delivery delivery) {

	/** Checks that nothing is missing. */
	public NodeStatus {
		Objects.requireNonNull(node, "node is missing");
		Objects.requireNonNull(name, "name is missing");
		Objects.requireNonNull(version, "version is missing");
		Objects.requireNonNull(state, "state is missing");
	}

	/**
	 * One event loop.
	 *
	 * @param loop its number, from 0
	 * @param blocked whether it has not ticked, or not seen a probe that arrived, for 4 s
	 * @param tickedAgoMs how long ago it ticked, in milliseconds; it does so every 100
	 * @param probedAgoMs how long ago it saw a probe, in milliseconds; one is sent every
	 * 2 000. Null if it never did
	 * @param renewedAgoMs how old the lease is by which it holds its users, in
	 * milliseconds. Null if it has none, or does not say
	 */
	public record Loop(int loop, boolean blocked, long tickedAgoMs, @Nullable Long probedAgoMs,
			@Nullable Long renewedAgoMs) {

	}

	/**
	 * Memory, in shares of its limits.
	 *
	 * @param state {@code ok}, or what there is too little of: {@code heap},
	 * {@code direct}, {@code process}
	 * @param heap of the largest heap, after the last collection
	 * @param direct of the largest direct memory
	 * @param process of what the process may have; 0 without a limit
	 * @param growing whether the live heap grew by half in ten minutes at an equal number
	 * of streams
	 */
	public record Memory(String state, double heap, double direct, double process, boolean growing) {

		/** Checks that there is a state. */
		public Memory {
			Objects.requireNonNull(state, "memory.state is missing");
		}

	}

	/**
	 * How messages reach clients, since the node's start.
	 *
	 * @param gaps gaps that were announced
	 * @param samples how many deliveries were timed
	 * @param totalMs how long they took together, from the id of the message to its
	 * write, in milliseconds
	 * @param buckets how many of them took how long, by rising bounds, or null if it does
	 * not say
	 */
	public record Delivery(long gaps, long samples, double totalMs, @Nullable List<Bucket> buckets) {

	}

	/**
	 * Deliveries that took no longer than a bound.
	 *
	 * @param upToMs the bound, in milliseconds
	 * @param samples how many of those that were timed, also those of lower bounds
	 */
	public record Bucket(long upToMs, long samples) {

	}

	/**
	 * What came of a drain.
	 *
	 * @param sentOn how many connections were sent on, or went by themselves meanwhile
	 * @param cut how many were still there at its end
	 * @param tookMs how long it took, in milliseconds
	 */
	public record Drained(int sentOn, int cut, long tookMs) {

	}

	/** How often a node tells of itself, in milliseconds. */
	public static final long INTERVAL_MS = 5_000;

	/**
	 * Returns whether the node is in a state.
	 * @param state the state
	 * @return whether it said so
	 */
	public boolean is(NodeState state) {
		return this.state.equals(state.wireName());
	}

	/**
	 * How many more it takes.
	 * @return the number
	 */
	public int available() {
		return Math.max(0, this.limit - this.active);
	}

}
