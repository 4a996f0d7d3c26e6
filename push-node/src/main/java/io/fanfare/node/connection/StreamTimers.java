package io.fanfare.node.connection;

import java.time.Duration;
import java.util.List;

import io.fanfare.node.encoding.Blocks;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * The timers of a connection: heartbeats, a cursor that stays young, a token that
 * expires, a life that ends, a reader that stalls or is gone. Looked at from the loop's
 * wheel; belongs to its connection's loop.
 */
final class StreamTimers {

	private static final long SECOND = 1_000_000_000;

	/** A stream whose life is over ends after so long without a message, */
	private static final long QUIET = SECOND;

	/** or so much later. */
	private static final long QUIET_LIMIT = 30 * SECOND;

	/** How long before it ends a stream is told so, at most. */
	private static final long NOTICE = 60 * SECOND;

	/** A reader that takes nothing for so long has stalled. */
	private static final long STALL = 5 * SECOND;

	/** Bytes per second that a reader has to take while it is owed more. */
	private static final long LEAST_RATE = 1024;

	/** With so many errors in a row a stream ends. */
	private static final int MAX_ERRORS = 4;

	private final Connection connection;

	private final StreamLoop loop;

	private final StreamWriter writer;

	/** When a heartbeat was last written, at first when it began. */
	private long lastBeatNanos;

	/** When a block last moved the client's cursor. */
	private long lastCursorNanos;

	/**
	 * When it was first seen without progress, 0 for never.
	 */
	private long stalledNanos;

	/** How much its kernel had taken then. */
	private long stalledDrained;

	/**
	 * Since when the socket always had something left that it did not take, 0 for never,
	 * or since the rate was last looked at; and how much it had taken then.
	 */
	private long pendingSinceNanos;

	private long pendingDrained;

	/** Whether this stall was counted. */
	private boolean stallCounted;

	/** Stalls since the socket last took more. */
	private int stalls;

	/** Acknowledgements missed since the last that came. */
	private int misses;

	/** Stalls and missed acknowledgements since it began. */
	private int errors;

	/** Whether something was unacknowledged at the last look, and since when. */
	private boolean unheard;

	private long unheardSinceNanos;

	/** Which ends were announced, of idleness for the message that came last. */
	private boolean expiryAnnounced;

	private boolean lifetimeAnnounced;

	private long idleAnnouncedNanos;

	/** When messages were last written, at first when it began. */
	private long lastMessageNanos;

	/** When its life is over; without a limit far away. */
	private long lifeEndsNanos;

	/** Null for a client that does not acknowledge. */
	private @Nullable Liveness liveness;

	StreamTimers(Connection connection, StreamLoop loop, StreamWriter writer) {
		this.connection = connection;
		this.loop = loop;
		this.writer = writer;
		this.lastCursorNanos = writer.lastWriteNanos();
		this.lastBeatNanos = writer.lastWriteNanos();
	}

	// ---- what was written

	/** A block that moves the client's cursor was written. */
	void wroteCursor() {
		this.lastCursorNanos = this.writer.lastWriteNanos();
	}

	/** The first block of the stream was written. */
	void began() {
		long now = this.writer.lastWriteNanos();
		this.lastBeatNanos = now;
		this.lastMessageNanos = now;
		this.lifeEndsNanos = now + this.loop.lifetimeNanos();
		if (this.connection.request().acknowledges()) {
			this.liveness = new Liveness(now);
		}
	}

	/** Messages of its channels were written. */
	void wroteMessages() {
		this.lastMessageNanos = this.writer.lastWriteNanos();
	}

	/** Messages of its channels were written to a LIVE stream. */
	void wroteLiveMessages() {
		wroteMessages();
		wroteCursor();
	}

	/** The socket takes more again. */
	void progressed() {
		this.stalledNanos = 0;
		this.pendingSinceNanos = 0;
		this.stalls = 0;
	}

	/** The client says that it hears the stream. */
	void acknowledged(List<String> nonces) {
		if (this.liveness != null && this.liveness.acknowledged(nonces, this.loop.nanoTime())) {
			this.misses = 0;
			this.stalls = 0;
		}
	}

	// ---- what is told of it

	/** Whether something went wrong and was not made up for. */
	boolean isInError() {
		return this.misses + this.stalls > 0;
	}

	/** Whether it had no message for long. */
	boolean isIdle(long nowNanos) {
		return nowNanos - this.lastMessageNanos >= this.loop.settings().idleAfter().toNanos();
	}

	int errors() {
		return this.errors;
	}

	/** When it last had a message or acknowledged, at first when it began. */
	long lastActivityNanos() {
		Liveness present = this.liveness;
		return (present != null && present.heardNanos() - this.lastMessageNanos > 0) ? present.heardNanos()
				: this.lastMessageNanos;
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
		return (this.stalledNanos != 0 && !this.writer.isWritable()) ? CloseReason.SLOW : null;
	}

	/** Since when it has had no message; if it is overdue, since when it is that. */
	long idleNanos() {
		if (this.liveness != null && this.liveness.isProbed()) {
			return this.liveness.sinceNanos();
		}
		return (this.stalledNanos != 0) ? this.stalledNanos : this.lastMessageNanos;
	}

	// ---- what is due

	/**
	 * Looks at what is due.
	 * @return seconds until it wants to be looked at again
	 */
	long tick(long nowNanos, long nowMillis) {
		long unheard = unheardNanos(nowNanos);
		if (unheard >= this.loop.settings().unreachableAfter().toNanos() && unheard > 0) {
			this.connection.giveUp();
			return 0;
		}
		boolean writable = this.writer.isWritable();
		boolean pending = !writable || this.writer.pendingBytes() > 0;
		if (isTooSlow(pending, nowNanos)) {
			this.connection.goAway(CloseReason.SLOW);
			return 0;
		}
		if (!writable) {
			return stalled(nowNanos);
		}
		if (!pending) {
			progressed();
		}
		long expires = this.connection.request().tokenExpires().toEpochMilli() - nowMillis;
		if (expires <= 0) {
			this.connection.goAway(CloseReason.TOKEN_EXPIRED);
			return 0;
		}
		if (!this.connection.isBegun()) {
			if (quietNanos(nowNanos) >= this.loop.settings().heartbeat().toNanos()) {
				beat(this.connection.request().cursorText(), nowMillis);
			}
			return 1;
		}
		announceEnds(nowNanos, nowMillis);
		if (isOver(nowNanos) || isUnwanted(nowNanos) || isZombie(nowNanos)) {
			return 0;
		}
		ConnectionSettings settings = this.loop.settings();
		if (this.connection.delivery().isIdle() && this.connection.isProven()
				&& nowNanos - this.lastCursorNanos >= settings.cursorInterval().toNanos()) {
			this.connection.delivery().moveCursor(Math.max(this.connection.delivery().position(), this.loop.headId()));
			this.lastCursorNanos = nowNanos;
		}
		long quiet = quietNanos(nowNanos);
		boolean seen = this.connection.request().heartbeatEvents();
		if (quiet >= settings.heartbeat().toNanos() && (seen || !pending)) {
			beat(MessageId.format(this.connection.delivery().cursor()), nowMillis);
			quiet = 0;
		}
		long life = Math.max(this.lifeEndsNanos - nowNanos, 0);
		long next = Math.min(settings.heartbeat().toNanos() - quiet,
				this.lifetimeAnnounced ? life : untilNotice(life, settings.lifetime()));
		if (mayBecomeIdle()) {
			long idle = idleLeftNanos(nowNanos);
			next = Math.min(next, isIdleAnnounced() ? idle : untilNotice(idle, settings.idleClose()));
		}
		if (this.liveness != null) {
			next = Math.min(next, this.liveness.sinceNanos() + patience(this.liveness).toNanos() - nowNanos);
		}
		if (unheard > 0) {
			next = Math.min(next, this.loop.settings().unreachableAfter().toNanos() - unheard);
		}
		long untilExpiry = Math.ceilDiv(this.expiryAnnounced ? expires : Math.max(1, renewalMillis() - nowMillis),
				1_000L);
		long seconds = Math.min(Math.ceilDiv(next, SECOND), untilExpiry);
		return pending ? Math.min(seconds, 1) : seconds;
	}

	/**
	 * For how long the client's kernel has surely acknowledged nothing of what was sent.
	 * While anything is unacknowledged, what was written last is.
	 */
	private long unheardNanos(long nowNanos) {
		Duration acknowledged = this.loop.settings().unreachableAfter().isPositive() ? this.writer.unacknowledged()
				: null;
		if (acknowledged == null) {
			this.unheard = false;
			return 0;
		}
		if (!this.unheard || nowNanos - acknowledged.toNanos() - this.unheardSinceNanos > 0) {
			this.unheard = true;
			this.unheardSinceNanos = this.writer.lastWriteNanos();
		}
		return nowNanos - this.unheardSinceNanos;
	}

	/**
	 * Says what ends within the last minute, or the last quarter where that is shorter.
	 */
	private void announceEnds(long nowNanos, long nowMillis) {
		StreamRequest request = this.connection.request();
		ConnectionSettings settings = this.loop.settings();
		if (!this.expiryAnnounced && nowMillis >= renewalMillis()) {
			this.expiryAnnounced = true;
			announce(request.tokenExpires().toEpochMilli(), Blocks.Expiry.TOKEN);
		}
		long life = this.lifeEndsNanos - nowNanos;
		if (!this.lifetimeAnnounced && life <= noticeNanos(settings.lifetime())) {
			this.lifetimeAnnounced = true;
			announce(nowMillis + Math.max(0, life / 1_000_000), Blocks.Expiry.LIFETIME);
		}
		long idle = idleLeftNanos(nowNanos);
		if (mayBecomeIdle() && !isIdleAnnounced() && idle <= noticeNanos(settings.idleClose())) {
			this.idleAnnouncedNanos = this.lastMessageNanos;
			announce(nowMillis + Math.max(0, idle / 1_000_000), Blocks.Expiry.IDLE);
		}
	}

	/** From when on its token is to be renewed: looks are a second apart. */
	private long renewalMillis() {
		StreamRequest request = this.connection.request();
		return Math.min(request.tokenRenewal().toEpochMilli(), request.tokenExpires().toEpochMilli() - 2_000);
	}

	private void announce(long atMillis, Blocks.Expiry reason) {
		this.writer.write(Blocks.expiring(MessageId.format(this.connection.delivery().cursor()), atMillis, reason));
	}

	private static long noticeNanos(Duration whole) {
		return Math.min(whole.toNanos() / 4, NOTICE);
	}

	private static long untilNotice(long left, Duration whole) {
		return Math.max(0, left - noticeNanos(whole));
	}

	/** Whether it is sent on when it has no message for long. */
	private boolean mayBecomeIdle() {
		return this.loop.settings().idleClose().isPositive() && this.liveness == null;
	}

	private long idleLeftNanos(long nowNanos) {
		return this.lastMessageNanos + this.loop.settings().idleClose().toNanos() - nowNanos;
	}

	private boolean isIdleAnnounced() {
		return this.idleAnnouncedNanos == this.lastMessageNanos;
	}

	/** Ends a stream whose life is over, at a quiet moment. */
	private boolean isOver(long nowNanos) {
		long over = nowNanos - this.lifeEndsNanos;
		boolean quiet = this.connection.delivery().isIdle() && nowNanos - this.lastMessageNanos >= QUIET;
		if (over < 0 || !quiet && over < QUIET_LIMIT) {
			return false;
		}
		this.connection.goAway(CloseReason.LIFETIME);
		return true;
	}

	/** Ends a stream that has had no message for long. */
	private boolean isUnwanted(long nowNanos) {
		long limit = this.loop.settings().idleClose().toNanos();
		if (limit <= 0 || this.liveness != null || !this.connection.delivery().isIdle()
				|| nowNanos - this.lastMessageNanos < limit) {
			return false;
		}
		this.connection.goAway(CloseReason.IDLE);
		return true;
	}

	/** Probes a client that owes an acknowledgement, and ends one that owes an answer. */
	private boolean isZombie(long nowNanos) {
		Liveness present = this.liveness;
		if (present == null || nowNanos - present.sinceNanos() < patience(present).toNanos()) {
			return false;
		}
		if (present.isProbed()) {
			this.errors++;
			this.connection.goAway(CloseReason.ZOMBIE);
			return true;
		}
		this.misses++;
		if (isEndedByErrors()) {
			return true;
		}
		String nonce = this.loop.nonce();
		this.writer.write(Blocks.probe(MessageId.format(this.connection.delivery().cursor()), nonce));
		present.probed(nonce, nowNanos);
		return false;
	}

	private Duration patience(Liveness present) {
		ConnectionSettings settings = this.loop.settings();
		return present.isProbed() ? settings.probeTimeout() : settings.ackTimeout();
	}

	/**
	 * For how long it lacks what a heartbeat would show: that the wire lives. Bytes do
	 * that to a proxy, but a page sees only events whose names it knows, so that one that
	 * looks at heartbeats gets them whatever else is written.
	 */
	private long quietNanos(long nowNanos) {
		return nowNanos
				- (this.connection.request().heartbeatEvents() ? this.lastBeatNanos : this.writer.lastWriteNanos());
	}

	private void beat(@Nullable String cursor, long nowMillis) {
		if (this.connection.request().heartbeatEvents()) {
			this.writer.write(Blocks.heartbeat(cursor, nowMillis));
			this.lastBeatNanos = this.writer.lastWriteNanos();
		}
		else {
			this.writer.write(Blocks.HEARTBEAT);
		}
	}

	/**
	 * Whether the client reads less than {@link #LEAST_RATE} while it is owed more than
	 * its kernel takes: it would hold memory for ever. A client that is owed little, and
	 * reads all of it, is not slow.
	 */
	private boolean isTooSlow(boolean pending, long nowNanos) {
		if (!pending) {
			this.pendingSinceNanos = 0;
			return false;
		}
		long nanos = nowNanos - this.pendingSinceNanos;
		if (this.pendingSinceNanos != 0 && nanos < this.loop.settings().slowLimit().toNanos()) {
			return false;
		}
		long drained = this.writer.drainedBytes();
		boolean slow = this.pendingSinceNanos != 0
				&& drained - this.pendingDrained < (double) LEAST_RATE * nanos / SECOND;
		this.pendingSinceNanos = nowNanos;
		this.pendingDrained = drained;
		return slow;
	}

	private long stalled(long nowNanos) {
		long drained = this.writer.drainedBytes();
		if (this.stalledNanos == 0 || drained > this.stalledDrained) {
			this.stalledNanos = nowNanos;
			this.stalledDrained = drained;
			this.stallCounted = false;
		}
		else if (nowNanos - this.stalledNanos >= this.loop.settings().slowLimit().toNanos()) {
			// It hears why if it reads on within the moment that a farewell may take.
			this.connection.goAway(CloseReason.SLOW);
			return 0;
		}
		else if (nowNanos - this.stalledNanos >= STALL && !this.stallCounted) {
			this.stallCounted = true;
			this.stalls++;
			return isEndedByErrors() ? 0 : 1;
		}
		return 1;
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
