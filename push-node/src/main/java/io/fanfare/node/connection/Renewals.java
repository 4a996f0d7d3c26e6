package io.fanfare.node.connection;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

import io.fanfare.node.presence.Proof;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.History.LastIds;
import io.fanfare.protocol.redis.Presence.Held;
import io.fanfare.protocol.redis.Presence.Renewal;
import io.fanfare.protocol.redis.Presence.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Renews, for one loop, the node's lease and what its connections hold, from time to time
 * and at once on a new link; and finds out which of those that fell behind missed
 * anything. Belongs to its loop.
 */
final class Renewals {

	/** Where an error is counted. */
	private static final String WHERE = "renewal";

	/** Connections in one call. */
	private static final int SLICE = 500;

	private final StreamLoop loop;

	private final StreamLoop.Node node;

	private long nextNanos;

	/** Those that are still to be renewed in this round. */
	private final Deque<List<Connection>> slices = new ArrayDeque<>();

	private int slicesATick = 1;

	private boolean urgent;

	/**
	 * Whether the last slice is not answered yet: then none is due, but on a new link.
	 */
	private boolean renewing;

	Renewals(StreamLoop loop, StreamLoop.Node node) {
		this.loop = loop;
		this.node = node;
		this.nextNanos = loop.nanoTime();
	}

	/** Renews if it is time. */
	void tick(long nowNanos) {
		if (!this.renewing && nowNanos - this.nextNanos >= 0) {
			begin();
		}
		for (int i = 0; i < this.slicesATick && !this.slices.isEmpty(); i++) {
			renewSlice();
		}
	}

	/** Renews at the next tick, all at once. */
	void soon() {
		this.nextNanos = this.loop.nanoTime();
		this.slicesATick = Integer.MAX_VALUE;
		this.urgent = true;
	}

	/** Renews now, whatever is still on its way. */
	void restart() {
		begin();
		while (!this.slices.isEmpty()) {
			renewSlice();
		}
	}

	/**
	 * Each slice keeps Redis busy for a millisecond or two. All at once they would hold
	 * up whoever opens a stream or publishes; so they take half of the interval.
	 */
	private void begin() {
		this.renewing = true;
		this.nextNanos = this.loop.nanoTime() + this.node.renewInterval().toNanos();
		this.slices.clear();
		List<Connection> held = this.loop.held();
		for (int from = 0; from == 0 || from < held.size(); from += SLICE) {
			this.slices.add(held.subList(from, Math.min(from + SLICE, held.size())));
		}
		long ticks = Math.max(1, this.node.renewInterval().dividedBy(2).dividedBy(StreamLoop.TICK));
		this.slicesATick = this.urgent ? Integer.MAX_VALUE : (int) Math.ceilDiv(this.slices.size(), ticks);
		this.urgent = false;
	}

	private void renewSlice() {
		List<Connection> slice = this.slices.remove();
		boolean last = this.slices.isEmpty();
		boolean asked = false;
		try {
			renew(slice.stream().filter(Connection::isHeld).toList(), last);
			asked = true;
		}
		finally {
			if (!asked) {
				unanswered(last);
			}
		}
	}

	private void unanswered(boolean last) {
		if (last) {
			this.renewing = false;
		}
		this.nextNanos = this.loop.nanoTime() + StreamLoop.RETRY.toNanos();
	}

	private void renew(List<Connection> slice, boolean last) {
		Proof sent = this.loop.proofFromNow();
		List<Held> held = new ArrayList<>(slice.size());
		slice.forEach((connection) -> held.add(connection.held()));
		this.loop.ask(() -> this.node.ownership().renew(held), (renewal, failure) -> {
			if (renewal == null) {
				unanswered(last);
				return;
			}
			if (last) {
				this.renewing = false;
			}
			renewed(slice, renewal, sent);
		});
	}

	private void renewed(List<Connection> slice, Renewal renewal, Proof sent) {
		this.loop.askClocks();
		this.loop.noteProof(sent);
		Map<Integer, Verdict> verdicts = new HashMap<>();
		renewal.verdicts().forEach((verdict) -> verdicts.put(verdict.index(), verdict));
		List<Connection> lagging = new ArrayList<>();
		for (int i = 0; i < slice.size(); i++) {
			Verdict verdict = verdicts.get(i);
			this.loop.guard(WHERE, slice.get(i), (connection) -> {
				renewed(connection, verdict, renewal, sent);
				if (connection.delivery().isCheckable()) {
					lagging.add(connection);
				}
			});
		}
		check(lagging);
	}

	private static void renewed(Connection connection, @Nullable Verdict verdict, Renewal renewal, Proof sent) {
		if (verdict == null || verdict.kind() == Verdict.Kind.RESTORED) {
			connection.renewed(sent, renewal.clock(), renewal.since(), verdict != null);
		}
		else {
			connection.displaced(verdict.generation(), verdict.kind() == Verdict.Kind.REPLACED);
		}
	}

	/**
	 * Finds out who has missed something; the others are LIVE without a read of their
	 * own.
	 */
	private void check(List<Connection> lagging) {
		if (lagging.isEmpty()) {
			return;
		}
		LinkedHashSet<ChannelName> channels = new LinkedHashSet<>();
		for (Connection connection : lagging) {
			this.loop.guard(WHERE, connection, (one) -> {
				one.delivery().track();
				channels.addAll(one.channels());
			});
		}
		List<ChannelName> asked = List.copyOf(channels);
		this.loop.ask(() -> this.node.catchUp().lastIds(asked), (lastIds, failure) -> {
			if (lastIds == null) {
				lagging.forEach((connection) -> this.loop.later(connection, connection::catchUp));
				return;
			}
			this.loop.askClocks();
			Map<ChannelName, Long> ids = new HashMap<>();
			for (int i = 0; i < asked.size(); i++) {
				ids.put(asked.get(i), lastIds.ids().get(i));
			}
			this.loop.each(WHERE, lagging, (connection) -> checked(connection, lastIds, ids));
		});
	}

	private static void checked(Connection connection, LastIds lastIds, Map<ChannelName, Long> ids) {
		if (connection.delivery().missedAny(lastIds.since(), (channel) -> ids.getOrDefault(channel, Long.MAX_VALUE))) {
			connection.catchUp();
		}
		else {
			connection.delivery().missedNothing(lastIds.clock());
		}
	}

}
