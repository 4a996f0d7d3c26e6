package io.fanfare.api.auth;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;

import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

import org.springframework.security.oauth2.core.OAuth2ErrorCodes;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidatorResult;
import org.springframework.security.oauth2.jwt.Jwt;

/**
 * What an API token must have besides its signature, its audience, its issuer and its
 * type: {@code exp} to the second, {@code iat} at most 2 s ahead, no longer life than
 * allowed, and a {@code sub}. {@code nbf} may be ahead by the clock skew.
 */
final class ApiTokenRules implements OAuth2TokenValidator<Jwt> {

	/** How far the clock of the issuer may be ahead. */
	private static final Duration MAX_AHEAD = Duration.ofSeconds(2);

	private final Duration maxLife;

	private final Duration skew;

	private final Clock clock;

	ApiTokenRules(Duration maxLife, Duration skew, Clock clock) {
		this.maxLife = maxLife;
		this.skew = skew;
		this.clock = clock;
	}

	@Override
	public OAuth2TokenValidatorResult validate(Jwt token) {
		CredentialRefusal.Rule refusal = refusal(token);
		return (refusal == null) ? OAuth2TokenValidatorResult.success() : OAuth2TokenValidatorResult.failure(refusal);
	}

	private CredentialRefusal.@Nullable Rule refusal(Jwt token) {
		Instant expires = token.getExpiresAt();
		Instant issued = token.getIssuedAt();
		Instant notBefore = token.getNotBefore();
		Instant now = this.clock.instant();
		if (expires == null || issued == null) {
			return refusal(RefusalReason.TOKEN_TIMES_MISSING, "The token needs exp and iat");
		}
		if (!now.isBefore(expires)) {
			return refusal(RefusalReason.TOKEN_EXPIRED, "The token has expired");
		}
		if (issued.isAfter(now.plus(MAX_AHEAD)) || notBefore != null && notBefore.isAfter(now.plus(this.skew))) {
			return refusal(RefusalReason.TOKEN_NOT_YET_VALID, "The token is not valid yet");
		}
		if (Duration.between(issued, expires).compareTo(this.maxLife) > 0) {
			return refusal(RefusalReason.TOKEN_LIFE_TOO_LONG, "The token lives too long");
		}
		return (token.getClaims().get("sub") instanceof String subject && !subject.isEmpty()) ? null
				: refusal(RefusalReason.TOKEN_CLAIMS, "The token needs a sub");
	}

	private static CredentialRefusal.Rule refusal(RefusalReason reason, String text) {
		return new CredentialRefusal.Rule(reason, OAuth2ErrorCodes.INVALID_TOKEN, text);
	}

}
