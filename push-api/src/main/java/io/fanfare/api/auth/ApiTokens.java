package io.fanfare.api.auth;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.fanfare.protocol.TokenAudience;
import org.jspecify.annotations.Nullable;

import org.springframework.stereotype.Component;

/**
 * Reads JSON web tokens (RFC 7519) of callers: HS256, {@code aud} with
 * {@code fanfare:api}, {@code exp}, {@code sub}, and scopes separated by spaces in
 * {@code scope} (RFC 8693). {@code nbf} and {@code iat} may lie ahead by a clock skew. A
 * token for a stream is none for the API, though the secret is the same. Scopes not known
 * here grant nothing.
 */
@Component
final class ApiTokens {

	private final @Nullable JWSVerifier verifier;

	private final Duration skew;

	private final Clock clock;

	ApiTokens(JwtSettings settings, Clock clock) throws JOSEException {
		byte[] key = settings.key();
		this.verifier = (key != null) ? new MACVerifier(key) : null;
		this.skew = settings.clockSkew();
		this.clock = clock;
	}

	boolean isEnabled() {
		return this.verifier != null;
	}

	/**
	 * Reads a token.
	 * @param token what a caller sent
	 * @return the caller, or null if the token is not valid
	 */
	@Nullable Caller read(String token) {
		if (this.verifier == null) {
			return null;
		}
		try {
			SignedJWT jwt = SignedJWT.parse(token);
			if (!JWSAlgorithm.HS256.equals(jwt.getHeader().getAlgorithm()) || !jwt.verify(this.verifier)) {
				return null;
			}
			JWTClaimsSet claims = jwt.getJWTClaimsSet();
			String subject = claims.getSubject();
			if (subject == null || subject.isEmpty() || !claims.getAudience().contains(TokenAudience.API)
					|| !isNow(claims)) {
				return null;
			}
			String id = "~" + URLEncoder.encode(subject, StandardCharsets.UTF_8);
			return new Caller(id, scopes(claims.getStringClaim("scope")));
		}
		catch (ParseException | JOSEException | RuntimeException ex) {
			return null;
		}
	}

	private boolean isNow(JWTClaimsSet claims) {
		Instant now = this.clock.instant();
		Instant latest = now.plus(this.skew);
		Date expires = claims.getExpirationTime();
		return expires != null && now.isBefore(expires.toInstant()) && !isAfter(claims.getNotBeforeTime(), latest)
				&& !isAfter(claims.getIssueTime(), latest);
	}

	private static boolean isAfter(@Nullable Date date, Instant latest) {
		return date != null && date.toInstant().isAfter(latest);
	}

	private static Scopes scopes(@Nullable String text) {
		if (text == null) {
			return Scopes.parse(List.of());
		}
		return Scopes.parse(List.of(text.split(" ")).stream().filter(ApiTokens::isKnown).toList());
	}

	private static boolean isKnown(String scope) {
		try {
			Scopes.parse(List.of(scope));
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

}
