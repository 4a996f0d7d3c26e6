package io.fanfare.protocol.http;

import java.util.Arrays;
import java.util.Collection;

/**
 * How many of a bounded number of connections each address may hold. Where few are left,
 * no address may hold more than are free: one address takes a half, each of two a third,
 * each of four a fifth, and the same share stays free for those that come.
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
	 * What an address may hold on a crowded port in any case, however many others there
	 * are: a client with a few connections has done nothing wrong.
	 * @param max how many connections there may be
	 */
	static int modest(int max) {
		return Math.max(1, max / 16);
	}

	/**
	 * The largest share of an address: what all that hold more have to come down to, for
	 * the same number to be free.
	 * @param max how many connections there may be
	 * @param held how many each address holds
	 * @return the share, at least 1
	 */
	static int most(int max, Collection<Integer> held) {
		int[] ascending = held.stream().mapToInt(Integer::intValue).sorted().toArray();
		int others = Arrays.stream(ascending).sum();
		int share = max - others;
		for (int i = ascending.length - 1; i >= 0 && ascending[i] > share; i--) {
			others -= ascending[i];
			share = (max - others) / (ascending.length - i + 1);
		}
		return Math.max(1, share);
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
