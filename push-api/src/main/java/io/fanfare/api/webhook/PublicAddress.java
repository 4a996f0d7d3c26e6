package io.fanfare.api.webhook;

import java.net.Inet4Address;
import java.net.InetAddress;

/**
 * Distinguishes addresses of the public Internet from those of networks within it: what
 * is sent there may reach a service that trusts its neighbours.
 */
final class PublicAddress {

	/**
	 * Networks of IPv4 that are not public, beside those that Java knows: RFC 6890, 6598
	 * and 2544. Each is the network's address and the number of its bits.
	 */
	private static final int[][] CLOSED = { { 0x00000000, 8 }, { 0x64400000, 10 }, { 0xC0000000, 24 },
			{ 0xC6120000, 15 }, { 0xF0000000, 4 } };

	/** NAT64 (RFC 6052), whose last four bytes are an address of IPv4. */
	private static final byte[] NAT64 = { 0, 0x64, (byte) 0xff, (byte) 0x9b };

	private PublicAddress() {
	}

	/**
	 * Looks at an address.
	 * @param address the address
	 * @return whether it is public
	 */
	static boolean is(InetAddress address) {
		if (address.isAnyLocalAddress() || address.isLoopbackAddress() || address.isLinkLocalAddress()
				|| address.isSiteLocalAddress() || address.isMulticastAddress()) {
			return false;
		}
		return (address instanceof Inet4Address) ? isPublic4(address.getAddress(), 0) : isPublic6(address.getAddress());
	}

	private static boolean isPublic6(byte[] bytes) {
		// Unique local (RFC 4193)
		if ((bytes[0] & 0xfe) == 0xfc) {
			return false;
		}
		// 6to4 (RFC 3056)
		if (bytes[0] == 0x20 && bytes[1] == 0x02) {
			return isPublic4(bytes, 2);
		}
		if (bytes[0] == NAT64[0] && bytes[1] == NAT64[1] && bytes[2] == NAT64[2] && bytes[3] == NAT64[3]) {
			return isPublic4(bytes, 12);
		}
		// IPv4 in the last four bytes (RFC 4291, section 2.5.5.1)
		for (int i = 0; i < 12; i++) {
			if (bytes[i] != 0) {
				return true;
			}
		}
		return false;
	}

	private static boolean isPublic4(byte[] bytes, int from) {
		int address = (bytes[from] & 0xff) << 24 | (bytes[from + 1] & 0xff) << 16 | (bytes[from + 2] & 0xff) << 8
				| bytes[from + 3] & 0xff;
		for (int[] network : CLOSED) {
			if (within(address, network[0], network[1])) {
				return false;
			}
		}
		return !within(address, 0x7F000000, 8) && !within(address, 0x0A000000, 8) && !within(address, 0xAC100000, 12)
				&& !within(address, 0xC0A80000, 16) && !within(address, 0xA9FE0000, 16)
				&& !within(address, 0xE0000000, 4);
	}

	private static boolean within(int address, int network, int bits) {
		return (address ^ network) >>> (32 - bits) == 0;
	}

}
