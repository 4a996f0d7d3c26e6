package io.fanfare.api.auth;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.UUID;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.TokenAudience;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.protocol.settings.SigningSecret;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/** Makes the tokens with which streams are opened. */
@Component
final class StreamTokens {

	private final @Nullable JWSSigner signer;

	private final JWSHeader header;

	private final TokenSettings settings;

	private final Clock clock;

	StreamTokens(TokenSettings settings, StreamJwtSettings stream, StreamSecretSettings shortForm, Clock clock)
			throws JOSEException {
		OctetSequenceKey key = settings.enabled() ? key(stream.keys(shortForm)) : null;
		InvalidSettingException.require(!settings.enabled() || key != null, SigningSecret.PROPERTY,
				"or a secret in fanfare.stream.jwt.keys is needed where fanfare.tokens.enabled"
						+ " (FANFARE_TOKENS_ENABLED) is true");
		InvalidSettingException.require(!settings.enabled() || settings.maxTtl().compareTo(stream.jwt().maxLife()) <= 0,
				"fanfare.tokens.max-ttl", "must not be above " + InvalidSettingException.named(StreamTokenLife.SETTING)
						+ ": nodes accept no token that lives longer");
		this.signer = (key != null) ? new MACSigner(key) : null;
		this.header = new JWSHeader.Builder(
				(key != null) ? JWSAlgorithm.parse(key.getAlgorithm().getName()) : JWSAlgorithm.HS256)
			.keyID((key != null) ? key.getKeyID() : null)
			.build();
		this.settings = settings;
		this.clock = clock;
	}

	/** The first secret: others are there to be verified with. */
	private static @Nullable OctetSequenceKey key(List<JWK> keys) {
		for (JWK key : keys) {
			if (key instanceof OctetSequenceKey secret) {
				return secret;
			}
		}
		return null;
	}

	/**
	 * A token that was made.
	 *
	 * @param token the token
	 * @param expiresAt when it ends
	 */
	record StreamToken(String token, Instant expiresAt) {

	}

	Duration maxTtl() {
		return this.settings.maxTtl();
	}

	StreamToken make(String user, @Nullable List<String> channels, @Nullable Tier tier, @Nullable Duration ttl) {
		if (this.signer == null) {
			throw new IllegalStateException("Tokens are not enabled");
		}
		// The claims have whole seconds, and what is answered must be what is signed
		Instant now = this.clock.instant().truncatedTo(ChronoUnit.SECONDS);
		Instant expiresAt = now.plus((ttl != null) ? ttl : this.settings.defaultTtl()).truncatedTo(ChronoUnit.SECONDS);
		JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder().subject(user)
			.audience(TokenAudience.STREAM)
			.jwtID(UUID.randomUUID().toString())
			.issueTime(Date.from(now))
			.expirationTime(Date.from(expiresAt));
		if (channels != null) {
			claims.claim("channels", channels);
		}
		if (tier != null) {
			claims.claim("tier", tier.wireName());
		}
		SignedJWT jwt = new SignedJWT(this.header, claims.build());
		try {
			jwt.sign(this.signer);
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
		return new StreamToken(jwt.serialize(), expiresAt);
	}

}
