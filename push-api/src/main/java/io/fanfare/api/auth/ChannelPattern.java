package io.fanfare.api.auth;

import io.fanfare.protocol.ChannelName;

/**
 * Which channels a right covers: one by its exact name, all that begin with a prefix
 * ({@code orders:*}, {@code user:*}), or every one ({@code *}).
 *
 * @param value the pattern
 */
record ChannelPattern(String value) {

	ChannelPattern {
		if (!isValid(value)) {
			throw new IllegalArgumentException("'" + value + "' is no channel, no prefix:* and not *");
		}
	}

	static boolean isValid(String value) {
		if (value.equals("*")) {
			return true;
		}
		String name = value.endsWith(":*") ? value.substring(0, value.length() - 1) + "x" : value;
		try {
			ChannelName.parse(name);
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

	boolean covers(ChannelName channel) {
		if (this.value.equals("*")) {
			return true;
		}
		return this.value.endsWith(":*") ? channel.value().startsWith(this.value.substring(0, this.value.length() - 1))
				: channel.value().equals(this.value);
	}

}
