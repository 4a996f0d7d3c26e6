package io.fanfare.node.connection;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.node.broker.Message;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a loop, in one order: messages, and tasks such as kicks and replies. Any
 * thread adds, the loop takes.
 * <p>
 * Tasks are bounded by what causes them, and never dropped. Messages are not, so above a
 * limit of their number or of their bytes they are dropped until the loop has come to the
 * place where the first one is missing; there it receives the highest id that is gone.
 */
final class Inbox {

	/** Messages that may wait. */
	static final int LIMIT = 200_000;

	private static final long NOTHING = 0;

	/** 16 TiB are more than there are. */
	private static final int COUNT_SHIFT = 44;

	/** What a message takes besides its block. */
	private static final int MESSAGE_BYTES = 160;

	/** One message, in the count of messages and bytes; bytes are below. */
	private static final long ONE = 1L << COUNT_SHIFT;

	private final int limit;

	private final long limitBytes;

	private final Runnable wake;

	private final Runnable recover;

	private final Queue<Object> items = new ConcurrentLinkedQueue<>();

	/** How many messages wait, and how many bytes, in one number. */
	private final AtomicLong messages = new AtomicLong();

	/**
	 * The highest id dropped, or nothing while all are taken in. One variable says both:
	 * a producer either raises it, and {@link #reopen()} returns at least its id, or
	 * finds the inbox open.
	 */
	private final AtomicLong dropped = new AtomicLong(NOTHING);

	/**
	 * Makes it empty.
	 * @param limit how many messages may wait
	 * @param limitBytes how many bytes they may have; the last one may go beyond
	 * @param wake is run after something was added, by the thread that did so
	 * @param recover is taken by the loop where messages were dropped; has to call
	 * {@link #reopen()}
	 */
	Inbox(int limit, long limitBytes, Runnable wake, Runnable recover) {
		this.limit = limit;
		this.limitBytes = limitBytes;
		this.wake = wake;
		this.recover = recover;
	}

	/** A message for one connection. */
	record Delivery(Connection connection, Message message) {

	}

	/** Adds a message for all who receive its channel. */
	void add(Message message) {
		addMessage(message, message);
	}

	/** Adds a message for one connection. */
	void add(Connection connection, Message message) {
		addMessage(new Delivery(connection, message), message);
	}

	/** Adds a task. */
	void add(Runnable task) {
		this.items.add(task);
		this.wake.run();
	}

	private static long weight(Message message) {
		return ONE + message.block().length + MESSAGE_BYTES;
	}

	private boolean hasRoom() {
		long waiting = this.messages.get();
		return (waiting >> COUNT_SHIFT) < this.limit && (waiting & ONE - 1) < this.limitBytes;
	}

	/** How many bytes wait. Any thread may call. */
	long bytes() {
		return this.messages.get() & ONE - 1;
	}

	private void addMessage(Object item, Message message) {
		while (true) {
			long highest = this.dropped.get();
			if (highest == NOTHING && hasRoom()) {
				this.messages.addAndGet(weight(message));
				this.items.add(item);
				this.wake.run();
				return;
			}
			if (this.dropped.compareAndSet(highest, Math.max(highest, message.id()))) {
				if (highest == NOTHING) {
					add(this.recover);
				}
				return;
			}
		}
	}

	/**
	 * Takes messages in again.
	 * @return the highest id of those that were dropped
	 */
	long reopen() {
		return this.dropped.getAndSet(NOTHING);
	}

	/**
	 * Takes what has waited longest: a {@link Message}, a {@link Delivery} or a
	 * {@link Runnable}. On the loop.
	 * @return it, or null
	 */
	@Nullable Object poll() {
		Object item = this.items.poll();
		if (item instanceof Message message) {
			this.messages.addAndGet(-weight(message));
		}
		else if (item instanceof Delivery delivery) {
			this.messages.addAndGet(-weight(delivery.message()));
		}
		return item;
	}

	boolean isEmpty() {
		return this.items.isEmpty();
	}

}
