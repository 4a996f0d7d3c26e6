package io.fanfare.node.connection;

import java.util.Arrays;
import java.util.List;
import java.util.function.LongPredicate;

import io.fanfare.redis.presence.Unacknowledged;
import org.jspecify.annotations.Nullable;

/**
 * The messages of which a verdict is awaited, that were written to a stream, or to an
 * earlier one of its client up to the cursor with which it continues that, and that the
 * client did not acknowledge: the newest {@value Unacknowledged#MOST}. An acknowledgement
 * settles nothing else. A cursor alone proves no receipt, for a stream passes over
 * messages that are expired or lost, and begins behind others.
 * <p>
 * Takes memory where there are any only. Belongs to its connection's loop.
 */
final class WrittenReceipts {

	private static final long[] NONE = {};

	/** In the order in which they were written. */
	private long[] ids = NONE;

	private int count;

	/** How often the client is still to be asked to acknowledge. */
	private int asks;

	/**
	 * A message was written. Returns whether an older one is forgotten for it.
	 * @param id the message
	 */
	boolean add(long id) {
		for (int i = this.count - 1; i >= 0; i--) {
			if (this.ids[i] == id) {
				return false;
			}
		}
		boolean full = this.count == Unacknowledged.MOST;
		if (full) {
			System.arraycopy(this.ids, 1, this.ids, 0, --this.count);
		}
		else if (this.count == this.ids.length) {
			this.ids = Arrays.copyOf(this.ids, Math.clamp(this.count * 2L, 4, Unacknowledged.MOST));
		}
		this.ids[this.count++] = id;
		return full;
	}

	/**
	 * Takes out those that are acknowledged.
	 * @param acknowledged whether a message is
	 * @return those, which are none mostly
	 */
	List<Long> take(LongPredicate acknowledged) {
		if (this.count == 0) {
			return List.of();
		}
		List<Long> taken = Arrays.stream(this.ids, 0, this.count).filter(acknowledged).boxed().toList();
		if (!taken.isEmpty()) {
			keep(acknowledged.negate());
		}
		return taken;
	}

	/**
	 * The client is to be asked to acknowledge what is written now. Returns whether it
	 * was not to be asked before.
	 */
	boolean beginAsking() {
		boolean begun = this.asks == 0;
		this.asks = ReceiptAsks.MOST;
		return begun;
	}

	/** Whether the client is to be asked to acknowledge. */
	boolean isToBeAsked() {
		if (this.count == 0) {
			this.asks = 0;
		}
		return this.asks > 0;
	}

	/** The client was asked. */
	void asked() {
		this.asks--;
	}

	/**
	 * The store forgot what lies above an id: those ids may be given once more.
	 * @param since the id
	 */
	void setBack(long since) {
		keep((id) -> id <= since);
	}

	private void keep(LongPredicate which) {
		this.ids = Arrays.stream(this.ids, 0, this.count).filter(which).toArray();
		this.count = this.ids.length;
	}

	/** What the next stream of its client may acknowledge, or null for nothing. */
	@Nullable Unacknowledged left(String client) {
		return (this.count == 0) ? null
				: new Unacknowledged(client, Arrays.stream(this.ids, 0, this.count).boxed().toList());
	}

}
