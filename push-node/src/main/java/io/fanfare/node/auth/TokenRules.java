package io.fanfare.node.auth;

import java.time.Duration;

import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

/**
 * What is configured of the claims of stream tokens.
 *
 * @param issuer what {@code iss} must be, or null for any
 * @param maxLife the most that {@code exp} may be after {@code iat}
 * @param skew how far {@code nbf} may be ahead
 * @param defaultTier the tier of a token that names none
 */
public record TokenRules(@Nullable String issuer, Duration maxLife, Duration skew, Tier defaultTier) {

	private static final Duration MAX_LIFE = Duration.ofHours(24);

	/**
	 * The defaults, for any issuer.
	 * @param skew how far {@code nbf} may be ahead
	 * @return the rules
	 */
	static TokenRules within(Duration skew) {
		return new TokenRules(null, MAX_LIFE, skew, Tier.NORMAL);
	}

}
