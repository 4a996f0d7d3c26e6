package io.fanfare.api.auth;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import io.fanfare.protocol.settings.SharedDefaults;
import io.fanfare.protocol.settings.SigningSecret;

/**
 * {@code fanfare.jwt}: how tokens are signed.
 *
 * @param secret the HS256 secret that nodes know too, 32 bytes at least (RFC 7518,
 * section 3.2). Without it no token is accepted or made here
 * @param clockSkew how far the clock of the issuer of tokens may run ahead; {@code exp}
 * is exact. 30 s by default
 */
@ConfigurationProperties("fanfare.jwt")
record JwtSettings(@Nullable String secret, @DefaultValue(SharedDefaults.CLOCK_SKEW) Duration clockSkew) {

	static final String SECRET = SigningSecret.PROPERTY;

	/** More would let tokens in long before they are valid. */
	private static final Duration MAX_SKEW = Duration.ofMinutes(SharedDefaults.MAX_CLOCK_SKEW_MINUTES);

	JwtSettings {
		if (secret != null && !secret.isEmpty()) {
			SigningSecret.check(secret);
		}
		if (clockSkew.isNegative() || clockSkew.compareTo(MAX_SKEW) > 0) {
			throw new InvalidSettingException("fanfare.jwt.clock-skew", "must be from 0 to 10m, is " + clockSkew);
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
