package io.fanfare.api.auth;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.fanfare.api.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code fanfare.jwt}: how tokens are signed.
 *
 * @param secret the HS256 secret that nodes know too, 32 bytes at least (RFC 7518,
 * section 3.2). Without it no token is accepted or made here
 * @param clockSkew how far the clock of whoever makes tokens may run ahead; {@code exp}
 * is exact. 30 s unless told
 */
@ConfigurationProperties("fanfare.jwt")
record JwtSettings(@Nullable String secret, @DefaultValue("30s") Duration clockSkew) {

	static final String SECRET = "fanfare.jwt.secret";

	private static final int MIN_BYTES = 32;

	/** More would let tokens in long before they are valid. */
	private static final Duration MAX_SKEW = Duration.ofMinutes(10);

	JwtSettings {
		if (secret != null && !secret.isEmpty() && secret.getBytes(StandardCharsets.UTF_8).length < MIN_BYTES) {
			throw new InvalidSettingException(SECRET, "is too short: HS256 needs " + MIN_BYTES + " bytes");
		}
		if (clockSkew.isNegative() || clockSkew.compareTo(MAX_SKEW) > 0) {
			throw new InvalidSettingException("fanfare.jwt.clock-skew", "must be from 0 to 10m");
		}
	}

	/** The secret's bytes, or null if there is none. */
	byte @Nullable [] key() {
		return (this.secret == null || this.secret.isEmpty()) ? null : this.secret.getBytes(StandardCharsets.UTF_8);
	}

	@Override
	public String toString() {
		return "JwtSettings[]";
	}

}
