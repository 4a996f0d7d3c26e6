package io.fanfare.api.auth;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.guard.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * How much each address was refused, by the generic cell rate algorithm. Where too many
 * are counted, others are counted by the network they lie in, and where those are too
 * many by a larger one, so that a client with many addresses uses up the counts of its
 * own networks. Not safe for threads: its users hold a lock.
 */
final class RefusalCounts {

	/** Of each size of networks. */
	static final int MAX_PER_SIZE = 10_000;

	/** What is given to one customer, to one site and to one provider. */
	private static final int[] IPV6_BYTES = { 8, 6, 4 };

	private static final int[] IPV4_BYTES = { 4, 3, 2 };

	private static final ByteBuffer OTHERS = ByteBuffer.allocate(0);

	private static final Duration BETWEEN_SWEEPS = Duration.ofSeconds(1);

	private final long window;

	private final long unit;

	private final Ticker ticker;

	private final List<Networks> sizes = new ArrayList<>();

	/** Those that are counted by nothing smaller. */
	private final Networks others;

	/** Networks of one size, each with when nothing counts of it any more. */
	private static final class Networks {

		private final Map<ByteBuffer, Long> endings = new HashMap<>();

		private long swept;

		Networks(long now) {
			this.swept = now - BETWEEN_SWEEPS.toNanos();
		}

		/** Whether a network is counted, or may be. */
		boolean takes(ByteBuffer network, long now) {
			if (this.endings.size() < MAX_PER_SIZE || this.endings.containsKey(network)) {
				return true;
			}
			if (now - this.swept < BETWEEN_SWEEPS.toNanos()) {
				return false;
			}
			this.swept = now;
			this.endings.values().removeIf((ending) -> ending - now <= 0);
			return this.endings.size() < MAX_PER_SIZE;
		}

	}

	/**
	 * Has counted nothing yet.
	 * @param limit how many refusals fit into the window
	 * @param window how long all of them take to be forgotten
	 * @param ticker the clock
	 */
	RefusalCounts(int limit, Duration window, Ticker ticker) {
		this.window = window.toNanos();
		this.unit = this.window / limit;
		this.ticker = ticker;
		long now = ticker.nanoTime();
		for (int i = 0; i < IPV6_BYTES.length; i++) {
			this.sizes.add(new Networks(now));
		}
		this.others = new Networks(now);
	}

	/** How many addresses and networks are counted. */
	int size() {
		return this.sizes.stream().mapToInt((networks) -> networks.endings.size()).sum() + this.others.endings.size();
	}

	/**
	 * How long until one more fits.
	 * @param address the address
	 * @return the time in ns; 0 or less if one fits now
	 */
	long untilNext(InetAddress address) {
		long now = this.ticker.nanoTime();
		Long ending = place(address, now).ending();
		return (ending != null) ? ending - now + this.unit - this.window : 0;
	}

	/**
	 * Counts one. No more is kept than what fits: a request that is refused anyway does
	 * not lengthen the wait.
	 * @param address the address
	 */
	void add(InetAddress address) {
		long now = this.ticker.nanoTime();
		Place place = place(address, now);
		Long ending = place.ending();
		long used = (ending != null) ? Math.max(ending - now, 0) : 0;
		place.networks.endings.put(place.network, now + Math.min(used + this.unit, this.window));
	}

	/** Where an address is counted. */
	private record Place(Networks networks, ByteBuffer network) {

		@Nullable Long ending() {
			return this.networks.endings.get(this.network);
		}

	}

	private Place place(InetAddress address, long now) {
		byte[] bytes = address.getAddress();
		boolean large = address instanceof Inet6Address;
		for (int i = 0; i < this.sizes.size(); i++) {
			ByteBuffer network = ByteBuffer.wrap(Arrays.copyOf(bytes, large ? IPV6_BYTES[i] : IPV4_BYTES[i]));
			if (this.sizes.get(i).takes(network, now)) {
				return new Place(this.sizes.get(i), network);
			}
		}
		return new Place(this.others, OTHERS);
	}

}
