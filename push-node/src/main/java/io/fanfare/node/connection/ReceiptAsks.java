package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Asks clients to acknowledge messages of which a verdict is awaited. Clients acknowledge
 * their cursor by themselves some 20 s after a message only, which is behind many a
 * deadline. The question is a {@code push.probe}, whose answer has the cursor. Unlike
 * that of a silent client it needs no answer, so it changes nothing in how the client is
 * judged.
 * <p>
 * Belongs to its loop.
 */
final class ReceiptAsks {

	/** How long after the write: a tab needs a second to say what it handed on. */
	static final Duration DELAY = Duration.ofMillis(1_500);

	/** So often, with that delay in between, until all is acknowledged. */
	static final int MOST = 3;

	/** Writes per tick: some 5 ms. */
	private static final int PER_TICK = 500;

	private final StreamLoop loop;

	/** In the order in which they are due, for all wait equally long. */
	private final Deque<Ask> asks = new ArrayDeque<>();

	ReceiptAsks(StreamLoop loop) {
		this.loop = loop;
	}

	/**
	 * A connection whose client is to be asked.
	 *
	 * @param dueNanos when
	 */
	private record Ask(Connection connection, long dueNanos) {

	}

	/** The client is to be asked soon. */
	void add(Connection connection, long nowNanos) {
		this.asks.addLast(new Ask(connection, nowNanos + DELAY.toNanos()));
	}

	/** Asks those whose time has come. */
	void tick(long nowNanos) {
		for (int i = 0; i < PER_TICK; i++) {
			Ask first = this.asks.peekFirst();
			if (first == null || nowNanos - first.dueNanos() < 0) {
				return;
			}
			this.asks.removeFirst();
			this.loop.guard("tick", first.connection(), (connection) -> {
				if (!connection.isClosed() && connection.delivery().askForReceipts()) {
					add(connection, nowNanos);
				}
			});
		}
	}

}
