package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * How many streams of a doctor there are at once on this node, per address and in all.
 * They need no credential, so these numbers bound what they may cost. Any thread may
 * call; nothing blocks for long.
 */
public final class DoctorLimits {

	private final int perAddress;

	private final int max;

	private final AddressBlocks exempt;

	private final Map<String, Integer> counts = new HashMap<>();

	private int open;

	/**
	 * None is open yet.
	 * @param perAddress how many an address may have
	 * @param max how many there may be in all, exempt addresses included
	 * @param limits which addresses are exempt from the first number
	 */
	public DoctorLimits(int perAddress, int max, LimitSettings limits) {
		this.perAddress = perAddress;
		this.max = max;
		this.exempt = limits.exemptBlocks();
	}

	/**
	 * Counts one more, unless that is too many.
	 * @param address where its client is
	 * @return the quota that is used up, or null if it is counted, until it is
	 * {@link #leave given back}
	 */
	public synchronized @Nullable Quota enter(InetAddress address) {
		String key = AddressLimits.key(address);
		int count = this.counts.getOrDefault(key, 0);
		if (count >= this.perAddress && !this.exempt.contains(address)) {
			return new Quota("doctor", this.perAddress, null, null);
		}
		if (this.open >= this.max) {
			return new Quota("doctor-node", this.max, null, null);
		}
		this.counts.put(key, count + 1);
		this.open++;
		return null;
	}

	/**
	 * One that was counted has ended.
	 * @param address where its client is
	 */
	public synchronized void leave(InetAddress address) {
		this.open--;
		this.counts.computeIfPresent(AddressLimits.key(address), (key, count) -> (count > 1) ? count - 1 : null);
	}

	/**
	 * How many are open.
	 * @return the number
	 */
	public synchronized int open() {
		return this.open;
	}

	/** How many addresses are counted. */
	synchronized int addresses() {
		return this.counts.size();
	}

}
