package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;

import io.fanfare.node.encoding.Owed;

/**
 * Chooses whose backlogs are dropped to history: the largest first, by what is owed to
 * one connection alone, for only that is freed. How much that is, is found by a walk
 * along the backlog; what the backlog holds in all is an upper bound at hand. So walks
 * are made only of those that may be the next: a candidate whose bound is the highest is
 * measured and put back, and one that is the highest when measured goes.
 * <p>
 * What several are owed alike is freed when the last of them goes: that happens only
 * where nothing else is left to drop.
 */
final class Shedding {

	private Shedding() {
	}

	private record Candidate(Connection connection, long bytes, boolean measured) {

		private static final Comparator<Candidate> LARGEST_FIRST = Comparator.comparingLong(Candidate::bytes)
			.reversed();

	}

	/**
	 * Drops backlogs until so many bytes are owed at most.
	 * @param connections the connections of a loop
	 * @param owed what it owes
	 * @param target the bytes
	 * @return how many backlogs were dropped
	 */
	static int shed(List<Connection> connections, Owed owed, long target) {
		PriorityQueue<Candidate> largest = new PriorityQueue<>(Candidate.LARGEST_FIRST);
		for (Connection connection : connections) {
			long most = connection.delivery().bytesAtMost();
			if (most > 0) {
				largest.add(new Candidate(connection, most, false));
			}
		}
		Deque<Connection> shared = new ArrayDeque<>();
		int dropped = 0;
		Candidate next;
		while (owed.bytes() > target && (next = largest.poll()) != null) {
			Connection connection = next.connection();
			if (next.measured()) {
				drop(connection, owed);
				dropped++;
				continue;
			}
			long own = connection.delivery().ownBytes();
			if (own > 0) {
				largest.add(new Candidate(connection, own, true));
			}
			else {
				shared.add(connection);
			}
		}
		Connection rest;
		while (owed.bytes() > target && (rest = shared.poll()) != null) {
			drop(rest, owed);
			dropped++;
		}
		return dropped;
	}

	private static void drop(Connection connection, Owed owed) {
		connection.delivery().dropToHistory();
		owed.noteDropped();
	}

}
