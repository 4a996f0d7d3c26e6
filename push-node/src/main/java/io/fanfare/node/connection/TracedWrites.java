package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.node.broker.DeliverySpan;

/**
 * Messages of sampled traces that a loop has taken, and not yet written to all of its
 * streams that receive them. Belongs to its loop.
 */
final class TracedWrites {

	/** Where more wait, the span of the oldest ends before its message is written. */
	static final int LIMIT = 256;

	/**
	 * So many may be on their way to the loop. A stalled loop drops messages, and the
	 * spans of further ones never end: they are not sent.
	 */
	static final int EXPECTED_LIMIT = 4_096;

	private final AtomicInteger expected = new AtomicInteger();

	private final Deque<Taken> waiting = new ArrayDeque<>();

	/**
	 * A message that was taken.
	 *
	 * @param span its span
	 * @param streams how many streams receive it
	 * @param upTo the number that the broadcast after it gets
	 */
	private record Taken(DeliverySpan span, int streams, long upTo) {

	}

	/**
	 * A message is on its way to the loop. Any thread may call.
	 * @return whether there is room for its span
	 */
	boolean expect() {
		if (this.expected.incrementAndGet() <= EXPECTED_LIMIT) {
			return true;
		}
		this.expected.decrementAndGet();
		return false;
	}

	/** One that was expected is there. */
	void arrived() {
		this.expected.decrementAndGet();
	}

	/** A message was taken out of the inbox, and is written from here on. */
	void add(DeliverySpan span, int streams, long upTo) {
		if (this.waiting.size() == LIMIT) {
			end();
		}
		this.waiting.addLast(new Taken(span, streams, upTo));
	}

	/**
	 * A turn ends in which nothing is left of what single streams are owed.
	 * @param below the number of the first broadcast that not all streams have taken
	 */
	void written(long below) {
		Taken first;
		while ((first = this.waiting.peekFirst()) != null && first.upTo() <= below) {
			end();
		}
	}

	boolean isEmpty() {
		return this.waiting.isEmpty();
	}

	private void end() {
		Taken first = this.waiting.removeFirst();
		first.span().written(first.streams());
	}

}
