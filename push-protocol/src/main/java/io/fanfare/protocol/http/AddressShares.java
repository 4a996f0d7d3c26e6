package io.fanfare.protocol.http;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * How many of a bounded number of connections each address may hold. Where few are left,
 * each may hold the same number, or fewer if it wants fewer: what those leave is shared
 * by the others (max-min fairness).
 */
final class AddressShares {

	private AddressShares() {
	}

	/**
	 * Whether so few are left that shares count: a quarter.
	 * @param open how many are open
	 * @param max how many may be
	 */
	static boolean isCrowded(long open, long max) {
		return open > uncrowded(max);
	}

	/**
	 * The most that may be open without shares.
	 * @param max how many may be
	 */
	static int uncrowded(long max) {
		return (int) (max - max / 4);
	}

	/**
	 * What stays free for those that come, whatever else is open.
	 * @param max how many connections there may be
	 */
	static int spare(int max) {
		return max / 8;
	}

	/**
	 * What an address may hold in any case when it opens one more, however many others
	 * there are: a client with a few connections has done nothing wrong.
	 * @param max how many connections there may be
	 */
	static int modest(int max) {
		return Math.max(1, max / 16);
	}

	/**
	 * The share of an address: what all that hold more have to come down to.
	 * @param most how many all may hold together
	 * @param held how many each address holds
	 * @return the largest share of which all together hold no more; 0 where there are
	 * more addresses than connections
	 */
	static int level(int most, Collection<Integer> held) {
		int[] ascending = held.stream().mapToInt(Integer::intValue).sorted().toArray();
		int left = most;
		for (int i = 0; i < ascending.length; i++) {
			int others = ascending.length - i;
			if ((long) ascending[i] * others > left) {
				return left / others;
			}
			left -= ascending[i];
		}
		return Integer.MAX_VALUE;
	}

	/**
	 * The share of an address that comes and takes all that it can get.
	 * @param max how many there may be
	 * @param held how many each of the others holds
	 */
	static int shareOfNext(int max, Collection<Integer> held) {
		List<Integer> all = new ArrayList<>(held);
		all.add(Integer.MAX_VALUE);
		return level(uncrowded(max), all);
	}

	/**
	 * Whether a new connection is above the share of its address.
	 * @param own how many the address has, with the new one
	 * @param share the share of an address
	 * @param open how many are open
	 * @param yielding how many of these others do not use, and lose first
	 * @param max how many there may be
	 */
	static boolean isSurplus(int own, int share, long open, long yielding, int max) {
		return isCrowded(open, max) && own > Math.max(modest(max), share) && own > max - open + yielding;
	}

	/**
	 * What an address is counted as: one site is given up to 48 bits of IPv6.
	 * @param address as Java writes it, without zeros left out
	 */
	static String key(String address) {
		int end = -1;
		for (int i = 0; i < 3; i++) {
			end = address.indexOf(':', end + 1);
			if (end < 0) {
				return address;
			}
		}
		return address.substring(0, end) + "::/48";
	}

}
