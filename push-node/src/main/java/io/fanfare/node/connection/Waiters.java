package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The streams of a loop that wait for a slot, and the requests that ask for one and are
 * not answered yet. Belongs to its loop.
 */
final class Waiters {

	private final Set<Connection> waiting = new LinkedHashSet<>();

	/** Those that are not answered yet, the one first that has asked longest. */
	private final Set<Connection> asking = new LinkedHashSet<>();

	private final long intervalNanos;

	private long lastNotice;

	/**
	 * Creates an empty one.
	 * @param noticeInterval how often a waiting client is notified of its position at
	 * most
	 */
	Waiters(Duration noticeInterval) {
		this.intervalNanos = noticeInterval.toNanos();
	}

	void add(Connection connection) {
		this.waiting.add(connection);
	}

	void remove(Connection connection) {
		this.waiting.remove(connection);
		this.asking.remove(connection);
	}

	void addAsking(Connection connection) {
		this.asking.add(connection);
	}

	/** Those who are not answered and have asked since a time, or longer. */
	List<Connection> askingSince(long nanos) {
		List<Connection> late = new ArrayList<>();
		for (Connection connection : this.asking) {
			if (connection.openedNanos() - nanos > 0) {
				break;
			}
			late.add(connection);
		}
		return late;
	}

	/** Those who wait, and those who are not answered yet. */
	List<Connection> everybody() {
		List<Connection> everybody = new ArrayList<>(this.waiting);
		everybody.addAll(this.asking);
		return everybody;
	}

	/** Those who wait now. */
	List<Connection> all() {
		return List.copyOf(this.waiting);
	}

	/**
	 * Whether those whose queue position changed are to be notified: at most once in an
	 * interval.
	 */
	boolean isNoticeDue(long nowNanos) {
		if (this.waiting.isEmpty() || nowNanos - this.lastNotice < this.intervalNanos) {
			return false;
		}
		this.lastNotice = nowNanos;
		return true;
	}

}
