package io.fanfare.node.timer;

import java.time.Duration;

import io.fanfare.protocol.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * Ends readers that stall, or read too slowly: they hold memory. A client that is owed
 * little, and reads all of it, is not slow. Any thread may ask.
 */
public final class StallPolicy {

	private static final long SECOND_NANOS = 1_000_000_000;

	/** A reader that takes nothing for so long has stalled. */
	private static final long STALL_NANOS = 5 * SECOND_NANOS;

	/** Bytes per second that a reader has to take while it is owed more. */
	private static final long MIN_RATE = 1024;

	private static final Action SLOW = new Action.End(CloseReason.SLOW);

	private static final Action STALLED = new Action.CountStall();

	private static final Look READS = new Look(Due.NEVER, Stall.NONE);

	private final long slowLimitNanos;

	/**
	 * Makes the policy.
	 * @param slowLimit how long a reader may take nothing, and over how long its rate is
	 * measured
	 */
	public StallPolicy(Duration slowLimit) {
		this.slowLimitNanos = slowLimit.toNanos();
	}

	/**
	 * How much the kernel had taken at a time.
	 *
	 * @param nanos the time
	 * @param drained how many bytes it had taken
	 */
	public record Mark(long nanos, long drained) {

	}

	/**
	 * What is known of a reader that does not take all that it is owed.
	 *
	 * @param stopped when it was first seen without progress, null where it makes some
	 * @param counted whether that stall was counted
	 * @param pending since when the socket always had something left, or since the rate
	 * was last looked at; null where it has nothing left
	 */
	public record Stall(@Nullable Mark stopped, boolean counted, @Nullable Mark pending) {

		/** Of a reader that takes all. */
		public static final Stall NONE = new Stall(null, false, null);

	}

	/**
	 * An answer, and what is known from here on.
	 *
	 * @param due what is to be done
	 * @param stall what is known
	 */
	public record Look(Due due, Stall stall) {

	}

	/**
	 * Asks what is due.
	 * @param before what was known
	 * @param writable whether the socket takes more
	 * @param pending whether it has something left that the kernel did not take
	 * @param drained how many bytes the kernel has taken; ignored where nothing is left
	 * @param nowNanos now
	 * @return ends the stream, counts a stall, or waits for another second
	 */
	public Look look(Stall before, boolean writable, boolean pending, long drained, long nowNanos) {
		if (!pending) {
			return READS;
		}
		Mark since = before.pending();
		if (since == null || nowNanos - since.nanos() >= this.slowLimitNanos) {
			if (since != null && isTooSlow(since, drained, nowNanos)) {
				return new Look(Due.now(SLOW), before);
			}
			since = new Mark(nowNanos, drained);
		}
		if (writable) {
			return waiting(before.stopped(), before.counted(), since);
		}
		Mark stopped = before.stopped();
		if (stopped == null || drained > stopped.drained()) {
			return waiting(new Mark(nowNanos, drained), false, since);
		}
		long still = nowNanos - stopped.nanos();
		if (still >= this.slowLimitNanos) {
			return new Look(Due.now(SLOW), before);
		}
		if (still >= STALL_NANOS && !before.counted()) {
			return new Look(new Due(STALLED, SECOND_NANOS), new Stall(stopped, true, since));
		}
		return waiting(stopped, before.counted(), since);
	}

	private static Look waiting(@Nullable Mark stopped, boolean counted, Mark since) {
		return new Look(Due.in(SECOND_NANOS), new Stall(stopped, counted, since));
	}

	private static boolean isTooSlow(Mark since, long drained, long nowNanos) {
		return drained - since.drained() < (double) MIN_RATE * (nowNanos - since.nanos()) / SECOND_NANOS;
	}

}
