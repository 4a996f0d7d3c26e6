package io.fanfare.node.ratelimit;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;

/**
 * Counts something per address within a window, for as many addresses as fit: all windows
 * end together. An address that does not fit shares one count with its network, and where
 * that does not fit with a larger one: who has many addresses has them in few networks,
 * and fills no count of others. Not safe for threads.
 */
final class AddressCounts {

	private static final int MAX_ADDRESSES = 100_000;

	/** Bits of the networks that share a count, each shorter than the one before. */
	private static final List<Integer> IPV4_BITS = List.of(24, 16);

	private static final List<Integer> IPV6_BITS = List.of(48, 32);

	private static final String OTHERS = "";

	private final long windowNanos;

	private final Ticker ticker;

	/** By address, and then by the networks that are larger and larger. */
	private final List<Map<String, Integer>> counts = List.of(new HashMap<>(), new HashMap<>(), new HashMap<>());

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
			this.counts.forEach(Map::clear);
		}
		String key = AddressLimits.key(address);
		int size = 0;
		while (!fits(size, key)) {
			if (++size == this.counts.size()) {
				return this.counts.getLast().merge(OTHERS, 1, Integer::sum);
			}
			key = network(address, size - 1);
		}
		return this.counts.get(size).merge(key, 1, Integer::sum);
	}

	private boolean fits(int size, String key) {
		Map<String, Integer> known = this.counts.get(size);
		return known.size() < MAX_ADDRESSES || known.containsKey(key);
	}

	private static String network(InetAddress address, int size) {
		int bits = ((address instanceof Inet6Address) ? IPV6_BITS : IPV4_BITS).get(size);
		byte[] bytes = address.getAddress();
		return HexFormat.of().formatHex(bytes, 0, bits / 8) + "/" + bits;
	}

	/** How long until all are counted anew. */
	Duration reset() {
		return Duration.ofNanos(Math.max(0, this.windowBegan + this.windowNanos - this.ticker.nanoTime()));
	}

}
