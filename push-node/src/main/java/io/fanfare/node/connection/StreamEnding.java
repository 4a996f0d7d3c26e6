package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.guard.Errors;
import org.jspecify.annotations.Nullable;

/**
 * The ways in which a connection ends: what its client receives, and what is counted.
 * Belongs to its connection's loop.
 */
final class StreamEnding {

	private final Connection connection;

	private final StreamLoop loop;

	private final StreamWriter writer;

	private final Delivery delivery;

	private final UserClaim claim;

	private final CloseNotice notice;

	StreamEnding(Connection connection, StreamLoop loop, StreamWriter writer, Delivery delivery, UserClaim claim) {
		this.connection = connection;
		this.loop = loop;
		this.writer = writer;
		this.delivery = delivery;
		this.claim = claim;
		this.notice = new CloseNotice(connection.request(), writer, loop);
	}

	/** Says that there is no stream now. */
	void refuse(CloseReason reason) {
		this.notice.refuse(reason);
		this.connection.close(Ending.of(reason));
	}

	/** Says that a quota is used up. */
	void refuse(Quota quota) {
		this.notice.refuse(quota);
		this.connection.close(Ending.of(CloseReason.RATE_LIMITED));
	}

	/** Says that its ticket opens no stream. */
	void refuseTicket(String reason) {
		this.notice.refuseTicket(reason);
		this.connection.close(Ending.UNAUTHORIZED);
	}

	/**
	 * Tells the client to stop: it was displaced or disconnected.
	 * @param reason why
	 * @param by the generation that did it
	 * @param grace how long after the notice the stream is closed
	 * @param message what the client is given besides, or null
	 */
	void kicked(CloseReason reason, long by, Duration grace, @Nullable String message) {
		if (this.connection.isClosed()) {
			return;
		}
		if (grace.isZero() || !this.connection.isBegun()) {
			kicked(reason, by, message);
			return;
		}
		this.notice.announceKick(reason, by, lastId(by), grace, message);
		this.loop.context().events().kicked(reason);
		this.loop.context().timings().kicked(reason, by);
		if (this.connection.isClosed()) {
			return;
		}
		this.connection.enter(new Phase.Leaving(reason, this.loop.nanoTime() + grace.toNanos()));
		this.claim.giveUp();
		this.delivery.fallBehind();
		this.loop.watch(this.connection, Math.ceilDiv(grace.toMillis(), 1000L));
	}

	void kicked(CloseReason reason, long by) {
		kicked(reason, by, null);
	}

	/**
	 * Its token was revoked. A client that asked for a status gets it. One that does not
	 * read what was written before gets neither that nor the notice.
	 */
	void revoked(long by) {
		if (!this.connection.isBegun()) {
			this.notice.rejected(RefusalReason.TOKEN_REVOKED);
		}
		if (this.connection.isBegun() && this.writer.pendingBytes() > 0) {
			this.writer.abort();
			this.loop.context().events().kicked(CloseReason.REVOKED);
			this.loop.context().timings().kicked(CloseReason.REVOKED, by);
			this.connection.close(Ending.of(CloseReason.REVOKED));
		}
		else if (this.notice.refuseToken()) {
			this.connection.close(Ending.of(CloseReason.REVOKED));
		}
		else {
			kicked(CloseReason.REVOKED, by);
		}
	}

	private void kicked(CloseReason reason, long by, @Nullable String message) {
		this.notice.kick(reason, by, lastId(by), message);
		if (this.connection.isBegun()) {
			this.loop.context().events().kicked(reason);
			this.loop.context().timings().kicked(reason, by);
		}
		else {
			// There was no stream: its client was asked to stop before.
			this.loop.context().events().refused(reason);
		}
		this.connection.close(Ending.of(reason));
	}

	/** Up to where its client has what it was sent. */
	private long lastId(long by) {
		Long asked = this.connection.request().cursor();
		return this.connection.isBegun() ? this.delivery.cursor() : (asked != null) ? asked : by;
	}

	/**
	 * Closes a stream whose client had its time.
	 * @return seconds until it wants to be looked at again
	 */
	long tick(Phase.Leaving leaving, long nowNanos) {
		if (nowNanos - leaving.closeAtNanos() < 0) {
			return 1;
		}
		endAfterNotice(leaving.reason());
		return 0;
	}

	/** Ends a stream whose client was notified of the reason before. */
	private void endAfterNotice(CloseReason reason) {
		this.writer.end(null);
		this.connection.close(Ending.of(reason));
	}

	/** Ends a stream that a newer one of the same client replaces. On its loop. */
	void endSilently() {
		if (this.connection.isClosed()) {
			return;
		}
		this.notice.endSilently();
		this.connection.close(Ending.REPLACED);
	}

	/**
	 * Ends a request that waits no longer: a newer one of its user has its position. As
	 * with streams, another page is told to stop, and does not take the position back.
	 * @param client the client of the newer one, or null
	 */
	void replacedInQueue(@Nullable String client) {
		if (client != null && client.equals(this.connection.request().client())) {
			endSilently();
		}
		else if (!this.connection.isClosed()) {
			kicked(CloseReason.TAKEOVER, MessageId.of(this.loop.millis(), 0));
		}
	}

	/**
	 * Asks the client to reconnect, after a spread while. On its loop.
	 * @param reason why
	 */
	void goAway(CloseReason reason) {
		goAway(reason, null);
	}

	void goAway(CloseReason reason, @Nullable String message) {
		if (this.connection.isClosed()) {
			return;
		}
		if (!this.connection.isBegun() && reason != CloseReason.TOKEN_EXPIRED) {
			refuse(CloseReason.DRAINING);
			return;
		}
		if (this.connection.phase() instanceof Phase.Leaving leaving) {
			endAfterNotice(leaving.reason());
			return;
		}
		this.notice.goAway(reason, this.connection.isBegun() ? MessageId.format(this.delivery.cursor())
				: this.connection.request().cursorText(), message);
		this.connection.close(Ending.of(reason));
	}

	/** The client asked for the end. */
	void closeByClient() {
		if (this.connection.isClosed()) {
			this.writer.abort();
			return;
		}
		this.notice.endSilently();
		this.connection.close(Ending.CLIENT);
	}

	/**
	 * Something of it threw. Never throws itself: whatever step fails, the others free
	 * what they can. Its client comes back and catches up.
	 */
	void failed() {
		if (this.connection.isClosed()) {
			return;
		}
		Errors errors = this.loop.context().errors();
		if (!errors.run(Connection.CLOSE, () -> this.notice.error(this.connection.phase(), this.delivery))) {
			errors.run(Connection.CLOSE, this.writer::abort);
		}
		errors.run(Connection.CLOSE, () -> this.connection.close(Ending.of(CloseReason.ERROR)));
	}

	/** Ends at once to free what waits for a client that does not read. */
	void shed() {
		if (!this.connection.isClosed()) {
			this.writer.abort();
			this.connection.close(Ending.of(CloseReason.MEMORY));
		}
	}

	/** Nothing reaches the client any more. */
	void giveUp() {
		this.writer.abort();
		this.connection.close(Ending.UNREACHABLE);
	}

	/** The other side reset the connection. */
	void reset() {
		this.connection.close(Ending.RESET);
	}

	/** The socket is gone. */
	void disconnected(boolean broken) {
		this.connection.close(broken ? Ending.BROKEN : Ending.CLIENT);
	}

}
