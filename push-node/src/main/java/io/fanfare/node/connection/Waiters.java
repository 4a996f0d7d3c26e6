package io.fanfare.node.connection;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The streams of a loop that wait for a place. Belongs to its loop. */
final class Waiters {

	private final Set<Connection> waiting = new LinkedHashSet<>();

	private final long intervalNanos;

	private long lastNotice;

	Waiters(AdmissionSettings settings) {
		this.intervalNanos = settings.noticeInterval().toNanos();
	}

	void add(Connection connection) {
		this.waiting.add(connection);
	}

	void remove(Connection connection) {
		this.waiting.remove(connection);
	}

	/** Those who wait now. */
	List<Connection> all() {
		return List.copyOf(this.waiting);
	}

	/**
	 * Whether those whose outlook changed are to be told: at most once in an interval.
	 */
	boolean isNoticeDue(long nowNanos) {
		if (this.waiting.isEmpty() || nowNanos - this.lastNotice < this.intervalNanos) {
			return false;
		}
		this.lastNotice = nowNanos;
		return true;
	}

}
