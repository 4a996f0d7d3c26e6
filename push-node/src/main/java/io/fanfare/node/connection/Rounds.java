package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * How many connections of a loop may read history at once: so many rounds are on their
 * way, and so many bytes that they may bring. The others wait in the order in which they
 * came; one that goes on after a round goes to the end. A connection that waits keeps
 * nothing of what arrives. Belongs to the loop.
 */
final class Rounds {

	/** Rounds on their way. */
	static final int MOST = 64;

	/** What a round may bring of one channel. */
	private static final long BYTES_PER_CHANNEL = 256 * 1024;

	private final long limit;

	private final Deque<Connection> waiting = new ArrayDeque<>();

	private int running;

	private long bytes;

	Rounds(long limit) {
		this.limit = limit;
	}

	private static long weight(Connection connection) {
		return BYTES_PER_CHANNEL * Math.max(1, connection.channels().size());
	}

	private boolean hasRoom(Connection connection) {
		return this.running == 0 || this.running < MOST && this.bytes + weight(connection) <= this.limit;
	}

	/**
	 * Begins a round, or lets the connection wait.
	 * @return whether it begins; then {@link #end} has to be called
	 */
	boolean begin(Connection connection) {
		if (this.waiting.isEmpty() && hasRoom(connection)) {
			enter(connection);
			return true;
		}
		if (!connection.delivery().isWaitingForRound()) {
			connection.delivery().waitForRound(true);
			this.waiting.add(connection);
		}
		return false;
	}

	private void enter(Connection connection) {
		this.running++;
		this.bytes += weight(connection);
	}

	/** A round is over: those who waited longest begin. */
	void end(Connection connection) {
		this.running--;
		this.bytes -= weight(connection);
		Connection next;
		while ((next = this.waiting.peek()) != null && hasRoom(next)) {
			this.waiting.remove();
			next.delivery().waitForRound(false);
			if (next.delivery().wantsRound()) {
				enter(next);
				next.loop().guard("visit", next, (first) -> first.delivery().round());
			}
		}
	}

	int running() {
		return this.running;
	}

	int waiting() {
		return this.waiting.size();
	}

}
