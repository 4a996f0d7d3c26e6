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

	private final LimitSettings settings;

	private final AddressBlocks exempt;

	private final AddressCounts counts;

	/**
	 * Has counted none yet.
	 * @param settings the settings
	 * @param ticker the monotonic clock
	 */
	public CheckLimits(LimitSettings settings, Ticker ticker) {
		this.settings = settings;
		this.exempt = settings.exemptBlocks();
		this.counts = new AddressCounts(settings.window(), ticker);
	}

	/**
	 * Counts a check.
	 * @param address where its client is
	 * @return the quota that is used up, or null if the token may be checked
	 */
	public synchronized @Nullable Quota take(InetAddress address) {
		int limit = this.settings.opensPerMinute();
		if (limit > 0 && !this.exempt.contains(address) && this.counts.count(address) > limit) {
			return new Quota("token-checks", limit, this.settings.window(), this.counts.reset());
		}
		return null;
	}

}
