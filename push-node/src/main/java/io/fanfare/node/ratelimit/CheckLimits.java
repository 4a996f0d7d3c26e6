package io.fanfare.node.ratelimit;

import java.net.InetAddress;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How many tokens of an address may be checked whose signatures cost more than an HMAC:
 * as many as it may open streams. They are counted before they are checked, on this node
 * alone. Any thread may call; nothing blocks.
 */
public final class CheckLimits {

	private final Ticker ticker;

	private final AddressCounts counts;

	/**
	 * Has counted none yet.
	 * @param settings the settings
	 * @param ticker the monotonic clock
	 */
	public CheckLimits(LimitSettings settings, Ticker ticker) {
		this.ticker = ticker;
		this.counts = new AddressCounts("token-checks", settings, ticker.nanoTime());
	}

	/**
	 * Counts a check.
	 * @param address where its client is
	 * @return the quota that is used up, or null if the token may be checked
	 */
	public synchronized @Nullable Quota take(InetAddress address) {
		return this.counts.take(address, this.ticker.nanoTime());
	}

}
