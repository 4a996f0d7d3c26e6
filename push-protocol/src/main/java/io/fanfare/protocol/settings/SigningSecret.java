package io.fanfare.protocol.settings;

import java.nio.charset.StandardCharsets;

/** The rule for {@code fanfare.jwt.secret}, which nodes and API share. */
public final class SigningSecret {

	/** The property. */
	public static final String PROPERTY = "fanfare.jwt.secret";

	/** RFC 7518, section 3.2. */
	private static final int MIN_BYTES = 32;

	private SigningSecret() {
	}

	/**
	 * Refuses a secret that is too short, or has what a file or a shell added to it. The
	 * secret is not repeated.
	 * @param secret the secret
	 */
	public static void check(String secret) {
		int length = secret.getBytes(StandardCharsets.UTF_8).length;
		InvalidSettingException.require(length >= MIN_BYTES, PROPERTY,
				"is too short: HS256 needs " + MIN_BYTES + " bytes, it has " + length);
		InvalidSettingException.require(secret.chars().noneMatch(Character::isISOControl), PROPERTY,
				"has a line break or another control character in it");
		InvalidSettingException.require(secret.equals(secret.strip()), PROPERTY, "begins or ends with a blank");
	}

}
