package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How many wrong credentials each address may show this node. Only those are counted, so
 * an address that many share stays open to the right ones. Any thread may call; nothing
 * blocks for long.
 */
public final class RefusalLimits {

	/** Above it those that are not counted yet share one count. */
	private static final int MAX_ADDRESSES = 100_000;

	private static final String OTHERS = "";

	private final LimitSettings limits;

	private final int most;

	private final AddressBlocks exempt;

	private final Ticker ticker;

	private final Map<String, Integer> counts = new HashMap<>();

	private long windowBegan;

	/**
	 * Has counted none yet.
	 * @param limits the window, and which addresses are exempt
	 * @param settings how many
	 * @param ticker the monotonic clock
	 */
	public RefusalLimits(LimitSettings limits, RefusalSettings settings, Ticker ticker) {
		this.limits = limits;
		this.most = settings.refusalsPerMinute();
		this.exempt = limits.exemptBlocks();
		this.ticker = ticker;
		this.windowBegan = ticker.nanoTime();
	}

	/**
	 * Counts a credential that was refused.
	 * @param address where its client is
	 * @return the quota that is used up, or null if the client may be told why
	 */
	public @Nullable Quota refused(InetAddress address) {
		if (this.most == 0 || this.exempt.contains(address)) {
			return null;
		}
		return refused(AddressLimits.key(address), this.limits.window());
	}

	private synchronized @Nullable Quota refused(String address, Duration window) {
		long now = this.ticker.nanoTime();
		if (now - this.windowBegan >= window.toNanos()) {
			this.windowBegan = now;
			this.counts.clear();
		}
		boolean fits = this.counts.size() < MAX_ADDRESSES || this.counts.containsKey(address);
		if (this.counts.merge(fits ? address : OTHERS, 1, Integer::sum) <= this.most) {
			return null;
		}
		return new Quota("refusals", this.most, window, Duration.ofNanos(this.windowBegan + window.toNanos() - now));
	}

}
