package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import org.jspecify.annotations.Nullable;

/**
 * What time does to a connection: heartbeats, a cursor that stays young, a token that
 * expires, a reader that stalls, the end that follows a notice. Looked at from the loop's
 * wheel; belongs to its connection's loop.
 */
final class Upkeep {

	private final Connection connection;

	private final StreamLoop loop;

	private final Outlet outlet;

	private long lastWriteNanos;

	/** When a block last moved the client's cursor. */
	private long lastCursorNanos;

	/**
	 * When it was first seen without progress, 0 for never, and how much was pending
	 * then.
	 */
	private long stalledNanos;

	private long stalledPending;

	/** When it is closed after a notice; 0 for never. */
	private long closeAtNanos;

	/** What that notice said. */
	private @Nullable CloseReason noticed;

	private boolean expiryAnnounced;

	Upkeep(Connection connection, StreamLoop loop, Outlet outlet) {
		this.connection = connection;
		this.loop = loop;
		this.outlet = outlet;
		this.lastWriteNanos = loop.nanoTime();
		this.lastCursorNanos = this.lastWriteNanos;
	}

	// ---- what was written

	void write(byte[] block) {
		this.outlet.write(block);
		wrote();
	}

	void writeCursor(byte[] block) {
		write(block);
		this.lastCursorNanos = this.lastWriteNanos;
	}

	void wrote() {
		this.lastWriteNanos = this.loop.nanoTime();
	}

	/** Messages of its channels were written to a LIVE stream. */
	void wroteMessages() {
		wrote();
		this.lastCursorNanos = this.lastWriteNanos;
	}

	/** The socket takes more again. */
	void progressed() {
		this.stalledNanos = 0;
	}

	// ---- a notice

	/** Its client was told to stop: the stream is closed after a grace. */
	void noticed(CloseReason reason, Duration grace) {
		this.noticed = reason;
		this.closeAtNanos = this.loop.nanoTime() + grace.toNanos();
	}

	/** Whether its client was told to stop and it is closed soon. */
	boolean isLeaving() {
		return this.closeAtNanos != 0;
	}

	@Nullable CloseReason notice() {
		return this.noticed;
	}

	// ---- what is due

	/**
	 * Looks at what is due.
	 * @return seconds until it wants to be looked at again
	 */
	long tick(long nowNanos, long nowMillis) {
		if (isLeaving()) {
			// Nothing may follow the notice: a block with another id would wipe its
			// cursor.
			if (nowNanos - this.closeAtNanos < 0) {
				return 1;
			}
			this.connection.endAfterNotice();
			return 0;
		}
		if (!this.connection.isBegun()) {
			return 1;
		}
		if (!this.outlet.isWritable()) {
			return stalled(nowNanos);
		}
		this.stalledNanos = 0;
		long expires = this.connection.request().tokenExpires().toEpochMilli() - nowMillis;
		if (expires <= 0) {
			this.connection.goAway(CloseReason.TOKEN_EXPIRED);
			return 0;
		}
		if (expires <= 60_000 && !this.expiryAnnounced) {
			this.expiryAnnounced = true;
			write(Blocks.expiring(MessageId.format(this.connection.delivery().cursor()),
					this.connection.request().tokenExpires().toEpochMilli()));
		}
		ConnectionSettings settings = this.loop.settings();
		if (this.connection.delivery().isIdle() && this.connection.isProven()
				&& nowNanos - this.lastCursorNanos >= settings.cursorInterval().toNanos()) {
			this.connection.delivery().moveCursor(Math.max(this.connection.delivery().position(), this.loop.head()));
			this.lastCursorNanos = nowNanos;
		}
		long quiet = nowNanos - this.lastWriteNanos;
		if (quiet >= settings.heartbeat().toNanos()) {
			beat(nowMillis);
			quiet = 0;
		}
		long next = Math.ceilDiv(settings.heartbeat().toNanos() - quiet, 1_000_000_000L);
		long untilExpiry = Math.ceilDiv((expires > 60_000) ? expires - 60_000 : expires, 1_000L);
		return Math.min(next, untilExpiry);
	}

	private void beat(long nowMillis) {
		if (this.connection.request().heartbeatEvents()) {
			write(Blocks.heartbeat(MessageId.format(this.connection.delivery().cursor()), nowMillis));
		}
		else {
			write(Blocks.HEARTBEAT);
		}
	}

	private long stalled(long nowNanos) {
		long pending = this.outlet.pendingBytes();
		if (this.stalledNanos == 0 || pending < this.stalledPending) {
			this.stalledNanos = nowNanos;
			this.stalledPending = pending;
		}
		else if (nowNanos - this.stalledNanos >= this.loop.settings().slowLimit().toNanos()) {
			// It hears why if it reads on within the moment that a farewell may take.
			this.connection.goAway(CloseReason.SLOW);
			return 0;
		}
		return 1;
	}

}
