package io.fanfare.node.timer;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.encoding.Blocks.Expiry;
import io.fanfare.protocol.CloseReason;

/**
 * Ends streams whose token, life or patience is over, and announces each of these ends
 * within the last minute, or the last quarter where that is shorter. Any thread may ask.
 */
public final class SchedulePolicy {

	private static final long SECOND_NANOS = 1_000_000_000;

	/** A stream whose life is over ends after so long without a message, */
	private static final long QUIET_NANOS = SECOND_NANOS;

	/** or so much later. */
	private static final long QUIET_LIMIT_NANOS = 30 * SECOND_NANOS;

	/** How long before it ends a stream is notified, at most. */
	private static final long MAX_NOTICE_NANOS = 60 * SECOND_NANOS;

	/**
	 * Looks are a second apart: a token is renewed so long before it expires at least.
	 */
	private static final long MIN_RENEWAL_MILLIS = 2_000;

	private static final Action TOKEN_EXPIRED = new Action.End(CloseReason.TOKEN_EXPIRED);

	private static final Action LIFETIME = new Action.End(CloseReason.LIFETIME);

	private static final Action IDLE = new Action.End(CloseReason.IDLE);

	private final long lifetimeNanos;

	private final long idleCloseNanos;

	/**
	 * Makes the policy.
	 * @param lifetime how long a stream lives, zero for ever
	 * @param idleClose after how long without a message it ends, zero for never
	 */
	public SchedulePolicy(Duration lifetime, Duration idleClose) {
		this.lifetimeNanos = lifetime.toNanos();
		this.idleCloseNanos = idleClose.toNanos();
	}

	/**
	 * What is known of a stream.
	 *
	 * @param tokenRenewalMillis from when on its token should be renewed
	 * @param tokenExpiresMillis when its token expires
	 * @param lifeEndsNanos when its life is over
	 * @param lastMessageNanos when messages were last written, at first when it began
	 * @param delivered whether all that arrived was written
	 * @param acknowledges whether its client acknowledges: then it may be idle for ever
	 */
	public record Stream(long tokenRenewalMillis, long tokenExpiresMillis, long lifeEndsNanos, long lastMessageNanos,
			boolean delivered, boolean acknowledges) {

	}

	/**
	 * Of which ends the client was notified.
	 *
	 * @param token of that of its token
	 * @param lifetime of that of its life
	 * @param idleNanos of idleness after the message that was written then
	 */
	public record Announced(boolean token, boolean lifetime, long idleNanos) {

		/** Of none. */
		public static final Announced NONE = new Announced(false, false, 0);

		/**
		 * Of one more.
		 * @param expiry which one
		 * @param lastMessageNanos when messages were last written
		 * @return of which it was notified now
		 */
		public Announced and(Expiry expiry, long lastMessageNanos) {
			return switch (expiry) {
				case TOKEN -> new Announced(true, this.lifetime, this.idleNanos);
				case LIFETIME -> new Announced(this.token, true, this.idleNanos);
				case IDLE -> new Announced(this.token, this.lifetime, lastMessageNanos);
			};
		}

	}

	/**
	 * Asks whether a token has expired, also where the stream has not begun.
	 * @param tokenExpiresMillis when it expires
	 * @param nowMillis now
	 * @return ends the stream, or does nothing
	 */
	public Due lookAtToken(long tokenExpiresMillis, long nowMillis) {
		return (tokenExpiresMillis <= nowMillis) ? Due.now(TOKEN_EXPIRED) : Due.NEVER;
	}

	/**
	 * Asks what is due of a stream whose token has not expired.
	 * @param stream what is known of it
	 * @param announced of which ends its client was notified
	 * @param nowNanos now
	 * @param nowMillis now, in milliseconds since the epoch
	 * @return announces an end, ends the stream, or waits
	 */
	public Due look(Stream stream, Announced announced, long nowNanos, long nowMillis) {
		long renewal = Math.min(stream.tokenRenewalMillis(), stream.tokenExpiresMillis() - MIN_RENEWAL_MILLIS);
		if (!announced.token() && nowMillis >= renewal) {
			return announce(Expiry.TOKEN, stream.tokenExpiresMillis());
		}
		long life = stream.lifeEndsNanos() - nowNanos;
		if (!announced.lifetime() && life <= noticeNanos(this.lifetimeNanos)) {
			return announce(Expiry.LIFETIME, nowMillis + Math.max(0, life / 1_000_000));
		}
		boolean mayIdle = this.idleCloseNanos > 0 && !stream.acknowledges();
		boolean idleAnnounced = announced.idleNanos() == stream.lastMessageNanos();
		long idle = stream.lastMessageNanos() + this.idleCloseNanos - nowNanos;
		if (mayIdle && !idleAnnounced && idle <= noticeNanos(this.idleCloseNanos)) {
			return announce(Expiry.IDLE, nowMillis + Math.max(0, idle / 1_000_000));
		}
		boolean quiet = stream.delivered() && nowNanos - stream.lastMessageNanos() >= QUIET_NANOS;
		if (life <= 0 && (quiet || -life >= QUIET_LIMIT_NANOS)) {
			return Due.now(LIFETIME);
		}
		if (mayIdle && stream.delivered() && idle <= 0) {
			return Due.now(IDLE);
		}
		long token = announced.token() ? stream.tokenExpiresMillis() - nowMillis : Math.max(1, renewal - nowMillis);
		long next = Math.min(TimeUnit.MILLISECONDS.toNanos(token),
				untilNotice(Math.max(life, 0), announced.lifetime(), this.lifetimeNanos));
		return Due.in(mayIdle ? Math.min(next, untilNotice(idle, idleAnnounced, this.idleCloseNanos)) : next);
	}

	private static Due announce(Expiry expiry, long atMillis) {
		return Due.now(new Action.Announce(expiry, atMillis));
	}

	private static long noticeNanos(long whole) {
		return Math.min(whole / 4, MAX_NOTICE_NANOS);
	}

	/** How long until an end is to be announced, or comes if it was announced. */
	private static long untilNotice(long left, boolean announced, long whole) {
		return announced ? left : Math.max(0, left - noticeNanos(whole));
	}

}
