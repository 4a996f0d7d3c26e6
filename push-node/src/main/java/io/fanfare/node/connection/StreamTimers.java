package io.fanfare.node.connection;

import java.time.Duration;
import java.util.List;

import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.timer.Action;
import io.fanfare.node.timer.ActivityPolicy;
import io.fanfare.node.timer.Due;
import io.fanfare.node.timer.Liveness;
import io.fanfare.node.timer.LivenessPolicy;
import io.fanfare.node.timer.LivenessPolicy.Silence;
import io.fanfare.node.timer.Policies;
import io.fanfare.node.timer.SchedulePolicy;
import io.fanfare.node.timer.SchedulePolicy.Announced;
import io.fanfare.node.timer.StallPolicy;
import io.fanfare.node.timer.StallPolicy.Stall;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * The timers of a connection: keeps the times that the policies need, asks them at each
 * look from the loop's wheel, and does what they answer. Belongs to its connection's
 * loop.
 */
final class StreamTimers {

	private static final long SECOND_NANOS = 1_000_000_000;

	/** With so many errors in a row a stream ends. */
	private static final int MAX_ERRORS = 4;

	private final Connection connection;

	private final StreamLoop loop;

	private final StreamWriter writer;

	/** When a heartbeat was last written, at first when it began. */
	private long lastBeatNanos;

	/** When its life is over; without a limit far away. */
	private long lifeEndsNanos;

	private Stall stall = Stall.NONE;

	private @Nullable Silence silence;

	private Announced announced = Announced.NONE;

	/** Null for a client that does not acknowledge. */
	private @Nullable Liveness liveness;

	/** Stalls since the socket last took more. */
	private int stalls;

	/** Acknowledgements missed since the last that came. */
	private int misses;

	/** Stalls and missed acknowledgements since it began. */
	private int errors;

	StreamTimers(Connection connection, StreamLoop loop, StreamWriter writer) {
		this.connection = connection;
		this.loop = loop;
		this.writer = writer;
		this.lastBeatNanos = writer.lastWriteNanos();
	}

	// ---- what was written

	/** The first block of the stream was written. */
	void began() {
		long now = this.writer.lastWriteNanos();
		this.lastBeatNanos = now;
		this.writer.began();
		this.lifeEndsNanos = now + this.loop.context().spread().lifetimeNanos();
		if (this.connection.request().acknowledges()) {
			this.liveness = new Liveness(now);
		}
	}

	/** The socket takes more again. */
	void progressed() {
		this.stall = Stall.NONE;
		this.stalls = 0;
	}

	/** The client says that it receives the stream. */
	void acknowledged(List<String> nonces) {
		if (this.liveness == null) {
			return;
		}
		boolean probed = this.liveness.isProbed();
		if (this.liveness.acknowledged(nonces, this.loop.nanoTime())) {
			if (probed) {
				this.loop.context().timings().answered(this.liveness.roundTripNanos());
			}
			this.misses = 0;
			this.stalls = 0;
		}
	}

	// ---- what is reported of it

	/** Whether something went wrong and was not made up for. */
	boolean isInError() {
		return this.misses + this.stalls > 0;
	}

	/** Whether it had no message for long. */
	boolean isIdle(long nowNanos) {
		return nowNanos - this.writer.lastMessageNanos() >= this.loop.context().settings().idleAfter().toNanos();
	}

	int errors() {
		return this.errors;
	}

	/** When it last had a message or acknowledged, at first when it began. */
	long lastActivityNanos() {
		Liveness present = this.liveness;
		return (present != null && present.heardNanos() - this.writer.lastMessageNanos() > 0) ? present.heardNanos()
				: this.writer.lastMessageNanos();
	}

	/** Null for a client that does not acknowledge. */
	@Nullable Liveness liveness() {
		return this.liveness;
	}

	// ---- what eviction asks

	/**
	 * Why it would soon be closed: a probe is unanswered, or the client stopped reading.
	 */
	@Nullable CloseReason overdue() {
		if (this.liveness != null && this.liveness.isProbed()) {
			return CloseReason.ZOMBIE;
		}
		return (this.stall.stopped() != null && !this.writer.isWritable()) ? CloseReason.SLOW : null;
	}

	/** Since when it has had no message; if it is overdue, since when it is that. */
	long idleNanos() {
		if (this.liveness != null && this.liveness.isProbed()) {
			return this.liveness.sinceNanos();
		}
		StallPolicy.Mark stopped = this.stall.stopped();
		return (stopped != null) ? stopped.nanos() : this.writer.lastMessageNanos();
	}

	// ---- what is due

	/**
	 * Looks at what is due.
	 * @return seconds until it wants to be looked at again; without meaning once it ended
	 */
	long tick(long nowNanos, long nowMillis) {
		Policies policies = this.loop.context().policies();
		Due wire = wire(policies.liveness(), nowNanos);
		if (!carryOut(wire.action(), nowNanos, nowMillis)) {
			return 0;
		}
		boolean writable = this.writer.isWritable();
		boolean pending = !writable || this.writer.pendingBytes() > 0;
		StallPolicy.Look look = policies.stall()
			.look(this.stall, writable, pending, pending ? this.writer.drainedBytes() : 0, nowNanos);
		this.stall = look.stall();
		if (!carryOut(look.due().action(), nowNanos, nowMillis)) {
			return 0;
		}
		if (!writable) {
			return seconds(look.due().nextNanos());
		}
		if (!pending) {
			progressed();
		}
		long expires = this.connection.request().tokenExpires().toEpochMilli();
		if (!carryOut(policies.schedule().lookAtToken(expires, nowMillis).action(), nowNanos, nowMillis)) {
			return 0;
		}
		if (!this.connection.isBegun()) {
			carryOut(activity(policies.activity(), false, true, nowNanos).action(), nowNanos, nowMillis);
			return 1;
		}
		long next = Math.min(wire.nextNanos(), look.due().nextNanos());
		Due due = schedule(policies.schedule(), expires, nowNanos, nowMillis);
		while (due.isDue()) {
			if (!carryOut(due.action(), nowNanos, nowMillis)) {
				return 0;
			}
			due = schedule(policies.schedule(), expires, nowNanos, nowMillis);
		}
		next = Math.min(next, due.nextNanos());
		due = client(policies.liveness(), nowNanos);
		while (due.isDue()) {
			if (!carryOut(due.action(), nowNanos, nowMillis)) {
				return 0;
			}
			due = client(policies.liveness(), nowNanos);
		}
		next = Math.min(next, due.nextNanos());
		boolean seen = this.connection.request().heartbeatEvents();
		due = activity(policies.activity(), isSettled(), seen || !pending, nowNanos);
		while (due.isDue()) {
			carryOut(due.action(), nowNanos, nowMillis);
			due = activity(policies.activity(), isSettled(), seen || !pending, nowNanos);
		}
		return seconds(Math.min(next, due.nextNanos()));
	}

	private static long seconds(long nanos) {
		return Math.ceilDiv(nanos, SECOND_NANOS);
	}

	private Due wire(LivenessPolicy policy, long nowNanos) {
		Duration acknowledged = policy.watchesKernel() ? this.writer.unacknowledged() : null;
		this.silence = LivenessPolicy.silence(this.silence, acknowledged, this.writer.lastWriteNanos(), nowNanos);
		return policy.lookAtWire(this.silence, nowNanos);
	}

	private Due client(LivenessPolicy policy, long nowNanos) {
		Liveness present = this.liveness;
		return (present != null) ? policy.lookAtClient(present.isProbed(), present.sinceNanos(), nowNanos) : Due.NEVER;
	}

	private Due schedule(SchedulePolicy policy, long expires, long nowNanos, long nowMillis) {
		SchedulePolicy.Stream stream = new SchedulePolicy.Stream(
				this.connection.request().tokenRenewal().toEpochMilli(), expires, this.lifeEndsNanos,
				this.writer.lastMessageNanos(), this.connection.delivery().isIdle(), this.liveness != null);
		return policy.look(stream, this.announced, nowNanos, nowMillis);
	}

	/**
	 * What a heartbeat would show is that the wire lives. Bytes do that to a proxy, but a
	 * client sees only events whose names it knows, so that one that looks at heartbeats
	 * gets them whatever else is written.
	 */
	private Due activity(ActivityPolicy policy, boolean settled, boolean takesHeartbeat, long nowNanos) {
		long shown = this.connection.request().heartbeatEvents() ? this.lastBeatNanos : this.writer.lastWriteNanos();
		return policy.look(new ActivityPolicy.Activity(Math.max(0, nowNanos - shown),
				nowNanos - this.writer.lastCursorNanos(), settled, takesHeartbeat));
	}

	private boolean isSettled() {
		return this.connection.delivery().isIdle() && this.connection.isProven();
	}

	/** Does what a policy wants done. Returns whether the stream goes on. */
	private boolean carryOut(Action action, long nowNanos, long nowMillis) {
		return switch (action) {
			case Action.Nothing nothing -> true;
			case Action.Heartbeat heartbeat -> {
				beat(nowMillis);
				yield true;
			}
			case Action.MoveCursor move -> {
				Delivery delivery = this.connection.delivery();
				delivery.moveCursor(Math.max(delivery.position(), this.loop.headId()));
				this.writer.cursorIsCurrent(nowNanos);
				yield true;
			}
			case Action.Announce(Blocks.Expiry expiry, long atMillis) -> {
				this.announced = this.announced.and(expiry, this.writer.lastMessageNanos());
				this.writer.write(Blocks.expiring(cursor(), atMillis, expiry));
				yield true;
			}
			case Action.Probe probe -> probe(nowNanos);
			case Action.CountStall stalled -> {
				this.stalls++;
				yield !isEndedByErrors();
			}
			case Action.End(CloseReason reason) -> {
				if (reason == CloseReason.ZOMBIE) {
					this.errors++;
				}
				// A slow reader receives the reason if it reads on within the moment
				// that the last block may take.
				this.connection.goAway(reason);
				yield false;
			}
			case Action.Abort abort -> {
				this.connection.ending().giveUp();
				yield false;
			}
		};
	}

	private String cursor() {
		return MessageId.format(this.connection.delivery().cursor());
	}

	private void beat(long nowMillis) {
		if (this.connection.request().heartbeatEvents()) {
			String cursor = this.connection.isBegun() ? cursor() : this.connection.request().cursorText();
			this.writer.write(Blocks.heartbeat(cursor, nowMillis, this.loop.shownConnections()));
			this.lastBeatNanos = this.writer.lastWriteNanos();
		}
		else {
			this.writer.write(Blocks.HEARTBEAT);
		}
	}

	private boolean probe(long nowNanos) {
		Liveness present = this.liveness;
		this.misses++;
		if (present == null || isEndedByErrors()) {
			return false;
		}
		String nonce = this.loop.context().spread().nonce();
		this.writer.write(Blocks.probe(cursor(), nonce));
		present.probed(nonce, nowNanos);
		return true;
	}

	/**
	 * Counts an error, and ends a stream that had too many in a row. A reader that takes
	 * a little now and then, and never all, stalls once each time.
	 */
	private boolean isEndedByErrors() {
		this.errors++;
		if (this.misses + this.stalls < MAX_ERRORS) {
			return false;
		}
		this.connection.goAway(CloseReason.ERROR);
		return true;
	}

}
