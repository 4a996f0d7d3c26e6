package io.fanfare.api.cluster;

import java.time.Duration;

import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.cluster.Nodes;
import org.jspecify.annotations.Nullable;

/**
 * Whether the silence of nodes says anything of them. It does not where Redis took no
 * reports, and where Redis's clock was set forward, by which all nodes seem to have been
 * silent for as long as it leapt: both until they have reported again.
 * <p>
 * Any thread may call.
 */
public final class SilenceCheck {

	/**
	 * A smaller step makes no node look lost: it reports once per interval, and is lost
	 * after three.
	 */
	private static final Duration STEP = Duration.ofMillis(NodeStatus.INTERVAL_MS);

	private final Ticker ticker;

	/** Both clocks at the last look, or null before the first one. */
	private @Nullable Look last;

	/** Since when nodes can report again, by the clock of this process. */
	private @Nullable Long since;

	/**
	 * Creates it.
	 * @param ticker the monotonic clock of this process
	 */
	public SilenceCheck(Ticker ticker) {
		this.ticker = ticker;
	}

	private record Look(long redisMs, long nanos) {

	}

	/** Nodes cannot report now. */
	synchronized void interrupted() {
		this.since = this.ticker.nanoTime();
	}

	/**
	 * Compares the clocks. To be called at each look.
	 * @param nowMs Redis's time, in milliseconds since the epoch
	 * @return whether nodes could report for so long that one that did not is silent
	 */
	public synchronized boolean isCertain(long nowMs) {
		long nanos = this.ticker.nanoTime();
		Look before = this.last;
		if (before != null) {
			Duration passed = Duration.ofNanos(nanos - before.nanos());
			if (Duration.ofMillis(nowMs - before.redisMs()).minus(passed).compareTo(STEP) > 0) {
				this.since = nanos;
			}
		}
		this.last = new Look(nowMs, nanos);
		return this.since == null || nanos - this.since >= Nodes.REWRITTEN.toNanos();
	}

}
