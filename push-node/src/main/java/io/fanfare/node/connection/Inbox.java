package io.fanfare.node.connection;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.node.broker.Message;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a loop, in one order: messages, and tasks such as kicks and replies. Any
 * thread adds, the loop takes.
 * <p>
 * Tasks are bounded by what causes them. Messages are not, so above a limit they are
 * dropped until the loop has come to the place where the first one is missing; there it
 * hears the highest id that is gone.
 */
final class Inbox {

	/** Messages that may wait. */
	static final int LIMIT = 200_000;

	private static final long NOTHING = 0;

	private final int limit;

	private final Runnable wake;

	private final Runnable recover;

	private final Queue<Object> items = new ConcurrentLinkedQueue<>();

	private final AtomicInteger messages = new AtomicInteger();

	/**
	 * The highest id dropped, or nothing while all are taken in. One variable says both:
	 * a producer either raises it, and {@link #reopen()} returns at least its id, or
	 * finds the inbox open.
	 */
	private final AtomicLong dropped = new AtomicLong(NOTHING);

	/**
	 * Makes it empty.
	 * @param limit how many messages may wait
	 * @param wake is run after something was added, by the thread that did so
	 * @param recover is taken by the loop where messages were dropped; has to call
	 * {@link #reopen()}
	 */
	Inbox(int limit, Runnable wake, Runnable recover) {
		this.limit = limit;
		this.wake = wake;
		this.recover = recover;
	}

	/** A message for one connection. */
	record Delivery(Connection connection, Message message) {

	}

	/** Adds a message for all who hear its channel. */
	void add(Message message) {
		addMessage(message, message.id());
	}

	/** Adds a message for one connection. */
	void add(Connection connection, Message message) {
		addMessage(new Delivery(connection, message), message.id());
	}

	/** Adds a task. */
	void add(Runnable task) {
		this.items.add(task);
		this.wake.run();
	}

	private void addMessage(Object item, long id) {
		while (true) {
			long highest = this.dropped.get();
			if (highest == NOTHING && this.messages.get() < this.limit) {
				this.messages.incrementAndGet();
				this.items.add(item);
				this.wake.run();
				return;
			}
			if (this.dropped.compareAndSet(highest, Math.max(highest, id))) {
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
		if (item != null && !(item instanceof Runnable)) {
			this.messages.decrementAndGet();
		}
		return item;
	}

	boolean isEmpty() {
		return this.items.isEmpty();
	}

}
