package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How many calls of clients the node brings to Redis: one for those that it passes on to
 * other nodes, one for those that ask for tickets. An address may make as many as it may
 * open streams; all addresses together are bounded as well. Counted here alone. Any
 * thread may call; nothing blocks.
 */
public final class CallLimits {

	/** Of all addresses, those without limits among them. */
	static final int MAX_PER_SECOND = 2_000;

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final String policy;

	private final LimitSettings settings;

	private final AddressBlocks exempt;

	private final Ticker ticker;

	private final AddressCounts counts;

	private long secondBegan;

	private int inSecond;

	/**
	 * Has counted none yet.
	 * @param policy what the limit is called
	 * @param settings the settings
	 * @param ticker the monotonic clock
	 */
	public CallLimits(String policy, LimitSettings settings, Ticker ticker) {
		this.policy = policy;
		this.settings = settings;
		this.exempt = settings.exemptBlocks();
		this.ticker = ticker;
		this.counts = new AddressCounts(settings.window(), ticker);
		this.secondBegan = ticker.nanoTime();
	}

	/**
	 * Counts a call.
	 * @param address where its client is
	 * @return the quota that is used up, or null if the call may be passed on
	 */
	public synchronized @Nullable Quota take(InetAddress address) {
		long now = this.ticker.nanoTime();
		if (now - this.secondBegan >= SECOND) {
			this.secondBegan = now;
			this.inSecond = 0;
		}
		if (this.inSecond >= MAX_PER_SECOND) {
			return new Quota(this.policy, MAX_PER_SECOND, Duration.ofSeconds(1),
					Duration.ofNanos(this.secondBegan + SECOND - now));
		}
		int limit = this.settings.opensPerMinute();
		if (limit > 0 && !this.exempt.contains(address) && this.counts.count(address) > limit) {
			return new Quota(this.policy, limit, this.settings.window(), this.counts.reset());
		}
		this.inSecond++;
		return null;
	}

}
