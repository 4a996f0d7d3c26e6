package io.fanfare.node.ratelimit;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.netty.util.NetUtil;
import org.jspecify.annotations.Nullable;

/**
 * Some blocks of IP addresses (CIDR, RFC 4632). An IPv4 address that is mapped into IPv6
 * (RFC 4291, section 2.5.5.2) counts as IPv4. Names are never resolved.
 */
public final class AddressBlocks {

	private static final Pattern BITS = Pattern.compile("[0-9]{1,3}");

	/** The bits of an IPv6 address before an IPv4 address that is mapped into it. */
	private static final int MAPPED_BITS = 96;

	private final List<Block> blocks;

	private AddressBlocks(List<Block> blocks) {
		this.blocks = blocks;
	}

	/**
	 * All addresses that begin with the same bits.
	 *
	 * @param address one of them
	 * @param bits how many bits
	 */
	private record Block(byte[] address, int bits) {

		private boolean contains(byte[] other) {
			if (other.length != this.address.length) {
				return false;
			}
			for (int i = 0; i * 8 < this.bits; i++) {
				int shift = Math.max(0, 8 - (this.bits - i * 8));
				if ((other[i] & 0xFF) >> shift != (this.address[i] & 0xFF) >> shift) {
					return false;
				}
			}
			return true;
		}

	}

	/**
	 * Reads addresses such as {@code 192.0.2.1} and blocks such as {@code 2001:db8::/32}.
	 * @param setting the property they come from, to be named in a failure
	 * @param texts the blocks
	 * @return the blocks
	 * @throws IllegalArgumentException if one is neither
	 */
	public static AddressBlocks parse(String setting, List<String> texts) {
		List<Block> blocks = new ArrayList<>(texts.size());
		for (String text : texts) {
			Block block = block(text.strip());
			if (block == null) {
				throw new InvalidSettingException(setting,
						"has IP addresses and CIDR blocks such as 192.0.2.1 or 2001:db8::/32; number "
								+ (texts.indexOf(text) + 1) + " is neither");
			}
			blocks.add(block);
		}
		return new AddressBlocks(List.copyOf(blocks));
	}

	private static @Nullable Block block(String text) {
		int slash = text.indexOf('/');
		String literal = (slash < 0) ? text : text.substring(0, slash);
		InetAddress address = address(literal);
		if (address == null || literal.indexOf('%') >= 0) {
			return null;
		}
		byte[] bytes = address.getAddress();
		if (slash < 0) {
			return new Block(bytes, bytes.length * 8);
		}
		String digits = text.substring(slash + 1);
		if (!BITS.matcher(digits).matches()) {
			return null;
		}
		boolean isMapped = bytes.length == 4 && literal.indexOf(':') >= 0;
		int bits = Integer.parseInt(digits) - (isMapped ? MAPPED_BITS : 0);
		return (bits >= 0 && bits <= bytes.length * 8) ? new Block(bytes, bits) : null;
	}

	/**
	 * Returns whether an address lies in one of the blocks.
	 * @param address the address
	 * @return whether it does
	 */
	public boolean contains(InetAddress address) {
		byte[] bytes = address.getAddress();
		for (Block block : this.blocks) {
			if (block.contains(bytes)) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Reads an IP address; a zone (RFC 4007) is left out.
	 * @param literal the address as text
	 * @return the address, or null if it is none
	 */
	public static @Nullable InetAddress address(String literal) {
		if (!NetUtil.isValidIpV4Address(literal) && !NetUtil.isValidIpV6Address(literal)) {
			return null;
		}
		byte[] bytes = NetUtil.createByteArrayFromIpAddressString(literal);
		try {
			return (bytes != null) ? InetAddress.getByAddress(bytes) : null;
		}
		catch (UnknownHostException ex) {
			throw new IllegalStateException("Neither 4 nor 16 bytes", ex);
		}
	}

}
