package io.fanfare.node.admin;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Predicate;

import io.fanfare.protocol.ConnectionStatus;

/**
 * The last connections that ended on a node, in a ring: texts and numbers, so that
 * nothing of the connections themselves is kept. Any thread may call; none waits.
 */
final class ClosedConnections {

	static final int SIZE = 1000;

	private final AtomicLong next = new AtomicLong();

	private final AtomicReferenceArray<Closed> ring = new AtomicReferenceArray<>(SIZE);

	/**
	 * One that ended.
	 *
	 * @param number its number, in the order of their ends
	 * @param status its last status
	 */
	record Closed(long number, ConnectionStatus status) {

	}

	void add(ConnectionStatus status) {
		long number = this.next.getAndIncrement();
		this.ring.set((int) (number % SIZE), new Closed(number, status));
	}

	/**
	 * Lists them, the newest first.
	 * @param wanted which
	 * @param below only those of a lower number
	 * @param limit how many at most
	 * @return what was found
	 */
	List<Closed> list(Predicate<ConnectionStatus> wanted, long below, int limit) {
		List<Closed> found = new ArrayList<>();
		long end = this.next.get();
		for (long number = Math.min(end, below) - 1; number >= Math.max(0, end - SIZE)
				&& found.size() < limit; number--) {
			Closed closed = this.ring.get((int) (number % SIZE));
			// Another number: it is being written, or was overwritten meanwhile.
			if (closed != null && closed.number() == number && wanted.test(closed.status())) {
				found.add(closed);
			}
		}
		return found;
	}

}
