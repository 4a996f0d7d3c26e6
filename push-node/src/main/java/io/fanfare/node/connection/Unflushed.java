package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The buffers that were written to the sockets of a loop and that their kernels did not
 * take entirely yet: a buffer counts as a whole until the last of it is taken. They lie
 * in direct memory. While there are more than the limit, a socket gets only what its
 * kernel takes at once: a socket that has no room for what is next is left alone and
 * asked again later. So readers that stall cannot take the memory that others need.
 * <p>
 * A send buffer that is smaller than what is next can never take it at once. Such a
 * socket leaves some of it in direct memory, for as long as that is not nearly used up;
 * then it waits until the loop has ended clients that do not read. Belongs to the loop.
 */
public final class Unflushed {

	private final long limit;

	private final DirectMemory memory;

	private long bytes;

	/** The bytes, for other threads. */
	private volatile long shown;

	/** Whether a socket was refused direct memory since the loop last made room. */
	private boolean lacking;

	/** Whether one was since those that wait were last asked. */
	private boolean refused;

	/** Whether those that wait are being asked. */
	private boolean retrying;

	private final Deque<Runnable> heldBack = new ArrayDeque<>();

	/**
	 * Creates a count of nothing.
	 * @param limit above how many bytes sockets get only what their kernels take
	 * @param memory the direct memory of the process
	 */
	public Unflushed(long limit, DirectMemory memory) {
		this.limit = limit;
		this.memory = memory;
	}

	/**
	 * Counts what a socket has more, or less.
	 * @param change in bytes
	 */
	public void add(long change) {
		this.bytes += change;
	}

	/**
	 * Returns whether sockets get only what their kernels take at once.
	 * @return whether they do
	 */
	public boolean isOver() {
		return this.bytes > this.limit;
	}

	/**
	 * Returns whether a socket may be given more than its kernel takes, although too much
	 * is unflushed. If not, the loop makes room.
	 * @param most how many bytes it may leave
	 * @return whether it may
	 */
	public boolean mayLeave(int most) {
		// What many are given is one buffer and counts for each: the process knows best.
		boolean enough = this.memory.hasPlenty(most)
				|| this.bytes + most <= this.limit + this.limit / 2 && !this.memory.isNearlyUsedUp(most);
		// Those that wait come first: one that just drained would always be the next.
		boolean may = enough && (this.retrying || !this.refused);
		this.lacking |= !enough;
		this.refused |= !may;
		return may;
	}

	/**
	 * Returns whether too much is unflushed and direct memory nearly used up, so that
	 * others may soon find none.
	 */
	boolean isTooMuch() {
		return isOver() && this.memory.isNearlyUsedUp(0);
	}

	/** Returns whether a socket lacked direct memory since this was last asked. */
	boolean lacked() {
		boolean was = this.lacking;
		this.lacking = false;
		return was;
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
		this.refused = false;
		this.retrying = true;
		try {
			for (int i = Math.min(most, this.heldBack.size()); i > 0; i--) {
				this.heldBack.remove().run();
			}
		}
		finally {
			this.retrying = false;
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
