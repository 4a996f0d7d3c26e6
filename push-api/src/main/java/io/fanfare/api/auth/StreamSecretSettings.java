package io.fanfare.api.auth;

import io.fanfare.protocol.settings.SigningSecret;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.jwt}: the short form of a key of stream tokens.
 *
 * @param secret the HS256 secret that nodes know too, 32 bytes at least (RFC 7518,
 * section 3.2). None by default
 */
@Validated
@ConfigurationProperties("fanfare.jwt")
record StreamSecretSettings(@Nullable String secret) {

	StreamSecretSettings {
		secret = (secret == null || secret.isEmpty()) ? null : secret;
		if (secret != null) {
			SigningSecret.check(secret);
		}
	}

	@Override
	public String toString() {
		return "StreamSecretSettings[]";
	}

}
