package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;

/**
 * Counts something per address within a window, for as many addresses as fit: all windows
 * end together, and what does not fit shares one count. Not safe for threads.
 */
final class AddressCounts {

	private static final int MAX_ADDRESSES = 100_000;

	private static final String OTHERS = "";

	private final long windowNanos;

	private final Ticker ticker;

	private final Map<String, Integer> counts = new HashMap<>();

	private long windowBegan;

	AddressCounts(Duration window, Ticker ticker) {
		this.windowNanos = window.toNanos();
		this.ticker = ticker;
		this.windowBegan = ticker.nanoTime();
	}

	/** Counts once more for an address. Returns how often it was counted. */
	int count(InetAddress address) {
		long now = this.ticker.nanoTime();
		if (now - this.windowBegan >= this.windowNanos) {
			this.windowBegan = now;
			this.counts.clear();
		}
		String key = AddressLimits.key(address);
		if (this.counts.size() >= MAX_ADDRESSES && !this.counts.containsKey(key)) {
			key = OTHERS;
		}
		return this.counts.merge(key, 1, Integer::sum);
	}

	/** How long until all are counted anew. */
	Duration reset() {
		return Duration.ofNanos(Math.max(0, this.windowBegan + this.windowNanos - this.ticker.nanoTime()));
	}

}
