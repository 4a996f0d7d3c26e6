package io.fanfare.protocol;

/**
 * What a stream token may hold where the API makes it, and the length for which whatever
 * reads requests has room: the node's request line and headers, and nginx's buffers.
 */
public final class TokenLimits {

	/** Most channels that may be asked for. */
	public static final int MAX_CHANNELS = 100;

	/**
	 * Longest token, in characters. {@link #MAX_CHANNELS} channels of 128 characters for
	 * a user id of 128 characters, each of them escaped, take some 18 900.
	 */
	public static final int MAX_LENGTH = 20 * 1024;

	private TokenLimits() {
	}

}
