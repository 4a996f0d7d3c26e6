package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.fanfare.node.presence.Proof;
import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.history.History.LastIds;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Renewal;
import io.fanfare.redis.presence.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Renews, for one loop, the node's lease and what its connections hold, from time to time
 * and at once on a new link; and finds out which of those that fell behind missed
 * anything. Belongs to its loop.
 */
final class Renewals {

	/** Where an error is counted. */
	private static final String WHERE = "renewal";

	/** Connections in one call, which reads four fields of each where all were lost. */
	private static final int SLICE = 250;

	/** Calls that are not answered yet. */
	private static final int WINDOW = 4;

	/** How often a renewal that fails is tried within a lease, at least. */
	private static final int LEAST_TRIES_A_LEASE = 8;

	private final StreamLoop loop;

	private final StreamLoop.Node node;

	private long nextNanos;

	/** Those that are still to be renewed in this round. */
	private final Deque<List<Connection>> slices = new ArrayDeque<>();

	private int slicesATick = 1;

	/** How many slices may be sent before the next tick. */
	private int due;

	/** Whether the next round goes on as fast as Redis answers. */
	private boolean urgent;

	/** Calls of this round that are not answered yet. */
	private int unanswered;

	/** Counts rounds: an answer to an earlier one says nothing about this one. */
	private int round;

	/** Whether a slice of this round failed. */
	private boolean failed;

	/** How many rounds failed one after the other. */
	private int failures;

	/** Whether the log of revocations is read on: no slice is sent meanwhile. */
	private boolean reading;

	Renewals(StreamLoop loop, StreamLoop.Node node) {
		this.loop = loop;
		this.node = node;
		this.nextNanos = loop.nanoTime();
	}

	/** Renews if it is time. */
	void tick(long nowNanos) {
		if (!isRenewing() && nowNanos - this.nextNanos >= 0) {
			begin(this.urgent);
		}
		this.due = Math.max(this.due, this.slicesATick);
		send();
	}

	/** Whether a part of this round is not sent or not answered: then none is due. */
	private boolean isRenewing() {
		return this.reading || this.unanswered > 0 || !this.slices.isEmpty();
	}

	/** Renews at the next tick, as fast as Redis answers. */
	void soon() {
		this.nextNanos = this.loop.nanoTime();
		this.slicesATick = Integer.MAX_VALUE;
		this.urgent = true;
	}

	/** Renews from now on, whatever is still on its way. */
	void restart() {
		begin(true);
		send();
	}

	/**
	 * Each slice keeps Redis busy for a millisecond or two. All at once they would hold
	 * up opens and publishes; so they take half of the interval. On a new link they go as
	 * fast as Redis answers, a few at a time, and others get their turns in between.
	 */
	private void begin(boolean fast) {
		this.round++;
		this.unanswered = 0;
		this.failed = false;
		this.nextNanos = this.loop.nanoTime() + this.node.renewInterval().toNanos();
		this.slices.clear();
		List<Connection> held = this.loop.held();
		for (int from = 0; from == 0 || from < held.size(); from += SLICE) {
			this.slices.add(held.subList(from, Math.min(from + SLICE, held.size())));
		}
		long ticks = Math.max(1, this.node.renewInterval().dividedBy(2).dividedBy(StreamLoop.TICK));
		this.slicesATick = fast ? Integer.MAX_VALUE : (int) Math.ceilDiv(this.slices.size(), ticks);
		this.due = this.slicesATick;
		this.urgent = false;
	}

	private void send() {
		while (!this.reading && this.due > 0 && this.unanswered < WINDOW && !this.slices.isEmpty()) {
			if (this.due != Integer.MAX_VALUE) {
				this.due--;
			}
			renewSlice();
		}
	}

	private void renewSlice() {
		List<Connection> slice = this.slices.remove();
		int present = this.round;
		this.unanswered++;
		boolean asked = false;
		try {
			renew(slice.stream().filter(Connection::isHeld).toList());
			asked = true;
		}
		finally {
			if (!asked) {
				answered(present, false);
			}
		}
	}

	/** A slice was answered, or was not. */
	private void answered(int of, boolean well) {
		if (of != this.round) {
			return;
		}
		this.unanswered--;
		this.failed |= !well;
		if (isRenewing()) {
			return;
		}
		this.failures = this.failed ? this.failures + 1 : 0;
		if (this.failed) {
			this.nextNanos = this.loop.nanoTime() + retry().toNanos();
		}
	}

	/** Well within the lease, however often it failed. */
	private Duration retry() {
		return this.loop.retryAfter(this.failures - 1, this.node.lease().dividedBy(LEAST_TRIES_A_LEASE));
	}

	private void renew(List<Connection> slice) {
		Proof sent = this.loop.proofFromNow();
		int present = this.round;
		List<Held> held = new ArrayList<>(slice.size());
		slice.forEach((connection) -> held.add(connection.held()));
		this.loop.ask("renew", () -> this.node.ownership().renew(held, this.loop.revoked().known()),
				(renewal, failure) -> {
					answered(present, renewal != null);
					try {
						if (renewal != null) {
							this.loop.answered();
							renewed(slice, renewal, sent);
						}
					}
					finally {
						send();
					}
				});
	}

	private void renewed(List<Connection> slice, Renewal renewal, Proof sent) {
		this.loop.askClocks();
		Long known = this.loop.revoked().known();
		if (!this.loop.revoked().read(renewal.revoked())) {
			// More was revoked: one of these may be, so nothing is proven yet.
			readOn(known);
			return;
		}
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

	/**
	 * Reads the rest of the log of revocations as fast as Redis answers, for nothing is
	 * proven until it is read.
	 * @param before the last entry that was known before the last page
	 */
	private void readOn(@Nullable Long before) {
		if (this.reading) {
			return;
		}
		if (Objects.equals(before, this.loop.revoked().known())) {
			this.loop.renewSoon();
			return;
		}
		this.reading = true;
		boolean asked = false;
		try {
			this.loop.ask("renew", () -> this.node.ownership().renew(List.of(), this.loop.revoked().known()),
					(renewal, failure) -> readOn(renewal));
			asked = true;
		}
		finally {
			this.reading = asked;
		}
	}

	private void readOn(@Nullable Renewal renewal) {
		this.reading = false;
		if (renewal == null) {
			this.failures++;
			this.slices.clear();
			this.nextNanos = this.loop.nanoTime() + retry().toNanos();
			this.urgent = true;
			return;
		}
		this.loop.answered();
		Long known = this.loop.revoked().known();
		if (this.loop.revoked().read(renewal.revoked())) {
			restart();
		}
		else {
			readOn(known);
		}
	}

	private static void renewed(Connection connection, @Nullable Verdict verdict, Renewal renewal, Proof sent) {
		if (verdict == null || verdict.kind() == Verdict.Kind.RESTORED) {
			connection.ownership().renewed(sent, renewal.headId(), renewal.dataLossFloor(), verdict != null);
		}
		else {
			boolean replaced = verdict.kind() == Verdict.Kind.REPLACED;
			connection.loop().context().timings().claimLost(replaced);
			connection.ownership().displaced(verdict.generation(), replaced);
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
		this.loop.ask("check", () -> this.node.catchUp().lastIds(asked), (lastIds, failure) -> {
			if (lastIds == null) {
				lagging.forEach((connection) -> this.loop.later(connection, 0, connection.delivery()::catchUp));
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
		if (connection.delivery()
			.missedAny(lastIds.dataLossFloor(), (channel) -> ids.getOrDefault(channel, Long.MAX_VALUE))) {
			connection.delivery().catchUp();
		}
		else {
			connection.delivery().missedNothing(lastIds.headId());
		}
	}

}
