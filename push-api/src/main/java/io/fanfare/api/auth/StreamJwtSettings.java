package io.fanfare.api.auth;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import com.nimbusds.jose.jwk.JWK;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.boot.jwt.KeySettings;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.stream.jwt}: what the API must know of the settings by which nodes
 * accept stream tokens.
 *
 * @param jwt the keys, and what tokens must have
 */
@Validated
@ConfigurationProperties("fanfare.stream")
record StreamJwtSettings(@DefaultValue Jwt jwt) {

	static final String PREFIX = "fanfare.stream.jwt";

	/** Fails where one is wrong. */
	StreamJwtSettings {
		settings(jwt).check(PREFIX);
	}

	/**
	 * What nodes accept.
	 *
	 * @param keys the keys; with the first that is a secret the API signs
	 * @param jwksUri the address of more keys, of others
	 * @param maxLife the most that {@code exp} may be after {@code iat}
	 */
	record Jwt(@DefaultValue List<KeySettings> keys, @Nullable String jwksUri, @DefaultValue("24h") Duration maxLife) {

		@Override
		public String toString() {
			return "Jwt[" + this.keys.size() + " keys]";
		}

	}

	/** The same as nodes have it. */
	JwtSettings settings() {
		return settings(this.jwt);
	}

	private static JwtSettings settings(Jwt jwt) {
		return new JwtSettings(jwt.keys(), jwt.jwksUri(), JwtSettings.NONE.jwksRefresh(),
				JwtSettings.NONE.jwksOutageTolerance(), null, jwt.maxLife(), null);
	}

	/** All keys of stream tokens that stand in settings: the short form is the last. */
	List<JWK> keys(StreamSecretSettings shortForm) {
		List<JWK> keys = new ArrayList<>(settings().jwks(PREFIX));
		if (shortForm.secret() != null) {
			keys.add(JwtKeys.shortForm(shortForm.secret()));
		}
		return keys;
	}

}
