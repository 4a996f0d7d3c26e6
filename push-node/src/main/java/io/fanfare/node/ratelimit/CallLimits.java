package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How many calls of clients the node passes on to other nodes, each of which is a message
 * of Redis. An address may make as many as it may open streams; all addresses together
 * are bounded as well. Counted here alone. Any thread may call; nothing blocks.
 */
public final class CallLimits {

	/** Of all addresses, those without limits among them. */
	static final int MAX_PER_SECOND = 2_000;

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	/** Above it those that are not counted yet share one count. */
	private static final int MAX_ADDRESSES = 100_000;

	private static final String OTHERS = "";

	private final LimitSettings settings;

	private final AddressBlocks exempt;

	private final Ticker ticker;

	private final Map<String, Integer> counts = new HashMap<>();

	private long windowBegan;

	private long secondBegan;

	private int inSecond;

	/**
	 * Has counted none yet.
	 * @param settings the settings
	 * @param ticker the monotonic clock
	 */
	public CallLimits(LimitSettings settings, Ticker ticker) {
		this.settings = settings;
		this.exempt = settings.exemptBlocks();
		this.ticker = ticker;
		this.windowBegan = ticker.nanoTime();
		this.secondBegan = this.windowBegan;
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
			return new Quota("calls", MAX_PER_SECOND, Duration.ofSeconds(1),
					Duration.ofNanos(this.secondBegan + SECOND - now));
		}
		int limit = this.settings.opensPerMinute();
		if (limit > 0 && !this.exempt.contains(address)) {
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
			if (count > limit) {
				return new Quota("calls", limit, this.settings.window(),
						Duration.ofNanos(this.windowBegan + window - now));
			}
		}
		this.inSecond++;
		return null;
	}

}
