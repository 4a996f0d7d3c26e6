package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The bytes that were written to the sockets of a loop and that their kernels did not
 * take yet. They lie in direct memory. While there are more than the limit, a socket gets
 * only what its kernel takes at once: a socket that has no room for a piece is left alone
 * and asked again later. So readers that stall cannot take the memory that others need.
 * Belongs to the loop.
 */
public final class Unflushed {

	private final long limit;

	private long bytes;

	/** The bytes, for other threads. */
	private volatile long shown;

	private final Deque<Runnable> heldBack = new ArrayDeque<>();

	/**
	 * Creates a count of nothing.
	 * @param limit above how many bytes sockets get only what their kernels take
	 */
	public Unflushed(long limit) {
		this.limit = limit;
	}

	/**
	 * Counts what a socket has more, or less.
	 * @param change in bytes
	 */
	public void add(long change) {
		this.bytes += change;
	}

	/**
	 * Tells whether sockets get only what their kernels take at once.
	 * @return whether they do
	 */
	public boolean isOver() {
		return this.bytes > this.limit;
	}

	/**
	 * Asks a socket again later that has no room.
	 * @param retry asks it
	 */
	public void holdBack(Runnable retry) {
		this.heldBack.add(retry);
	}

	/** Asks sockets again that had no room, the one first that has waited longest. */
	void retry(int most) {
		this.shown = this.bytes;
		for (int i = Math.min(most, this.heldBack.size()); i > 0; i--) {
			this.heldBack.remove().run();
		}
	}

	/** Bytes at the last {@link #retry}. Any thread may call. */
	long shown() {
		return this.shown;
	}

	long limit() {
		return this.limit;
	}

}
