package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Counts something per address within a window, on this node alone and in bounded memory.
 * An address may do it as often as it may open streams ({@code opens-per-minute}); exempt
 * ones as often as they like. Not safe for use by several threads.
 */
final class AddressCounts {

	/** Above it those that are not counted yet share one count. */
	private static final int MAX_ADDRESSES = 100_000;

	private static final String OTHERS = "";

	private final String policy;

	private final LimitSettings settings;

	private final AddressBlocks exempt;

	private final Map<String, Integer> counts = new HashMap<>();

	private long windowBegan;

	/**
	 * Has counted none yet.
	 * @param policy the name of the quota
	 * @param settings the settings
	 * @param now the time of the ticker
	 */
	AddressCounts(String policy, LimitSettings settings, long now) {
		this.policy = policy;
		this.settings = settings;
		this.exempt = settings.exemptBlocks();
		this.windowBegan = now;
	}

	/**
	 * Counts one.
	 * @param address the address
	 * @param now the time of the {@link Ticker}
	 * @return the quota that is used up, or null
	 */
	@Nullable Quota take(InetAddress address, long now) {
		int limit = this.settings.opensPerMinute();
		if (limit == 0 || this.exempt.contains(address)) {
			return null;
		}
		long window = this.settings.window().toNanos();
		if (now - this.windowBegan >= window) {
			this.windowBegan = now;
			this.counts.clear();
		}
		String key = AddressLimits.key(address);
		if (this.counts.size() >= MAX_ADDRESSES && !this.counts.containsKey(key)) {
			key = OTHERS;
		}
		int count = this.counts.merge(key, 1, Integer::sum);
		return (count <= limit) ? null : new Quota(this.policy, limit, this.settings.window(),
				Duration.ofNanos(this.windowBegan + window - now));
	}

}
