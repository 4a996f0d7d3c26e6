package io.fanfare.node.cluster;

import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Who the node is in leases, presence and channels: {@code <name>.<8 random characters>},
 * new with each start, so that a restarted node inherits no ghosts.
 *
 * @param name the name it was configured with
 * @param value the identity
 */
public record NodeIdentity(String name, String value) {

	/** Names that nodes may have. */
	public static final String NAME_PATTERN = "[A-Za-z0-9_-]{1,40}";

	private static final Pattern NAME = Pattern.compile(NAME_PATTERN);

	private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";

	private static final int RANDOM_LENGTH = 8;

	/**
	 * Makes the identity of this start.
	 * @param name the configured name
	 * @param random the randomness
	 * @return the identity
	 * @throws IllegalArgumentException if the name does not do
	 */
	public static NodeIdentity create(String name, RandomGenerator random) {
		if (!NAME.matcher(name).matches()) {
			throw new IllegalArgumentException("A node's name is 1 to 40 letters, digits, _ or -");
		}
		StringBuilder value = new StringBuilder(name).append('.');
		for (int i = 0; i < RANDOM_LENGTH; i++) {
			value.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
		}
		return new NodeIdentity(name, value.toString());
	}

}
