package io.fanfare.node.encoding;

import io.fanfare.node.broker.Message;
import io.fanfare.node.subscription.Topic;
import org.jspecify.annotations.Nullable;

/**
 * The newest messages that many connections of a loop receive, kept once, so that one
 * that arrives costs the same however many receive it. Messages are numbered as they
 * arrive. Each connection remembers the number up to which it took what is its own over
 * into its backlog, and takes the rest before anything else is done with it: no client
 * can distinguish this from a message that was handed to each connection at once. Belongs
 * to its loop.
 *
 * @param <S> the subscribers
 */
public final class BroadcastLog<S> {

	/** What a backlog may hold fits. */
	private static final int LIMIT = 1024;

	private static final long LIMIT_BYTES = 8L * 1024 * 1024;

	private final Owed owed;

	private final long limitBytes;

	private final @Nullable Entry<S>[] entries = newEntries();

	/** The number of the oldest message that is kept. */
	private long tail;

	/** The number that the next message gets. */
	private long head;

	private long bytes;

	/**
	 * Creates an empty log.
	 * @param owed counts what it keeps
	 */
	public BroadcastLog(Owed owed) {
		this.owed = owed;
		this.limitBytes = Math.min(LIMIT_BYTES, owed.limit() / 4);
	}

	@SuppressWarnings("unchecked") // holds nothing else
	private static <S> @Nullable Entry<S>[] newEntries() {
		return (Entry<S>[]) new Entry<?>[LIMIT];
	}

	/**
	 * A message that many receive.
	 *
	 * @param <S> the subscribers
	 * @param topic its subscribers
	 * @param message the message
	 */
	public record Entry<S>(Topic<S> topic, Message message) {

	}

	/**
	 * Returns whether all have to take over what they lack before there is room again.
	 * @return whether they have to
	 */
	public boolean isFull() {
		return this.head - this.tail == LIMIT || this.bytes > this.limitBytes;
	}

	/**
	 * Returns whether all have taken over everything.
	 * @return whether they have
	 */
	public boolean isEmpty() {
		return this.head == this.tail;
	}

	/**
	 * The number that the next message gets.
	 * @return the number
	 */
	public long head() {
		return this.head;
	}

	/**
	 * The number of the oldest message that not all have taken over.
	 * @return the number; that of the next message where there is none
	 */
	public long tail() {
		return this.tail;
	}

	/**
	 * Keeps a message that many receive.
	 * @param topic its subscribers
	 * @param message the message
	 */
	public void add(Topic<S> topic, Message message) {
		this.entries[slot(this.head)] = new Entry<>(topic, message);
		this.bytes += message.block().length;
		this.owed.hold(message);
		this.head++;
	}

	/**
	 * One of the messages that are kept.
	 * @param number its number
	 * @return the message, and its subscribers
	 */
	public Entry<S> get(long number) {
		Entry<S> entry = this.entries[slot(number)];
		if (number < this.tail || entry == null) {
			throw new IllegalArgumentException("No longer kept: " + number);
		}
		return entry;
	}

	/**
	 * Forgets messages: all have taken over what was theirs.
	 * @param below the number of the first that is kept
	 */
	public void forget(long below) {
		while (this.tail < below) {
			Message forgotten = get(this.tail).message();
			this.bytes -= forgotten.block().length;
			this.owed.release(forgotten);
			this.entries[slot(this.tail)] = null;
			this.tail++;
		}
	}

	private static int slot(long number) {
		return (int) (number % LIMIT);
	}

}
