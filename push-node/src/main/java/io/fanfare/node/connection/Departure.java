package io.fanfare.node.connection;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.fanfare.protocol.CloseReason;

/**
 * Streams that are sent on one after the other, spread over a time. Those that go by
 * themselves meanwhile make it shorter. Belongs to its loop.
 *
 * @param leaving who is still to go, from the end
 * @param total how many there were
 * @param reason the reason that they are given
 * @param began when it began
 * @param window how long it takes
 * @param sent completed with how many there were, when all are gone
 */
record Departure(List<Connection> leaving, int total, CloseReason reason, long began, long window,
		CompletableFuture<Integer> sent) {

	/**
	 * Sends those on whose time has come.
	 * @param now now
	 * @param sendOn sends one on
	 */
	void step(long now, Consumer<Connection> sendOn) {
		while (!this.leaving.isEmpty() && (this.leaving.getLast().isClosed() || this.leaving.size() > staying(now))) {
			sendOn.accept(this.leaving.removeLast());
		}
		if (this.leaving.isEmpty() || this.leaving.stream().allMatch(Connection::isClosed)) {
			this.leaving.clear();
			this.sent.complete(this.total);
		}
	}

	/** How many may still be here. */
	private int staying(long now) {
		return (this.window > 0) ? (int) (this.total * Math.max(0, 1 - (double) (now - this.began) / this.window)) : 0;
	}

	boolean isOver() {
		return this.sent.isDone();
	}

}
