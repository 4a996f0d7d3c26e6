package io.fanfare.api.auth;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.TokenAudience;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.settings.SharedDefaults;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.convert.DurationStyle;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtAudienceValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTypeValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.server.resource.authentication.JwtAuthenticationProvider;

/**
 * Reads JSON web tokens (RFC 7519) of callers, by Spring Security: their scopes stand in
 * {@code scope}, separated by spaces (RFC 8693), and their ceiling in {@code max_tier}
 * and {@code channels}. Scopes not known here grant nothing.
 */
final class ApiTokens {

	private static final List<String> TYPES = List.of("JWT", "at+jwt", "application/jwt", "application/at+jwt");

	private static final Duration SKEW = DurationStyle.detectAndParse(SharedDefaults.CLOCK_SKEW);

	private ApiTokens() {
	}

	/**
	 * What authenticates callers by their tokens.
	 * @param keys the keys that sign tokens
	 * @param settings what else tokens must have
	 * @param clock the wall clock
	 * @return the provider; while keys cannot be known it throws an
	 * {@code AuthenticationServiceException}
	 */
	static AuthenticationProvider provider(JwtKeys keys, JwtSettings settings, Clock clock) {
		JwtAuthenticationProvider provider = new JwtAuthenticationProvider(decoder(keys, settings, clock));
		provider.setJwtAuthenticationConverter((token) -> new CallerAuthentication(caller(token)));
		return provider;
	}

	private static JwtDecoder decoder(JwtKeys keys, JwtSettings settings, Clock clock) {
		JwtTypeValidator type = new JwtTypeValidator(TYPES);
		type.setAllowEmpty(true);
		String issuer = settings.issuer();
		OAuth2TokenValidator<Jwt> rules = new DelegatingOAuth2TokenValidator<>(
				CredentialRefusal.because(RefusalReason.TOKEN_TYPE, type),
				CredentialRefusal.because(RefusalReason.TOKEN_AUDIENCE, new JwtAudienceValidator(TokenAudience.API)),
				new ApiTokenRules(settings.maxLife(), settings.clockSkew(SKEW), clock));
		NimbusJwtDecoder decoder = new NimbusJwtDecoder(new SignatureCheck(keys));
		decoder.setJwtValidator(
				(issuer != null) ? new DelegatingOAuth2TokenValidator<>(rules, CredentialRefusal.because(RefusalReason.TOKEN_ISSUER, new JwtIssuerValidator(issuer))) : rules);
		// Spring's own would make up an iat where there is none.
		decoder.setClaimSetConverter(ApiTokens::claims);
		return new StrictJwtDecoder(decoder);
	}

	private static Map<String, Object> claims(Map<String, Object> claims) {
		Map<String, Object> converted = new HashMap<>();
		claims.forEach((name, value) -> {
			if (value != null) {
				converted.put(name, (value instanceof Date date) ? date.toInstant() : value);
			}
		});
		return converted;
	}

	private static Caller caller(Jwt token) {
		String id = "~" + URLEncoder.encode(token.getSubject(), StandardCharsets.UTF_8);
		return new Caller(id, scopes(token), ceiling(token));
	}

	private static Scopes scopes(Jwt token) {
		Object scope = token.getClaims().get("scope");
		if (scope == null) {
			return Scopes.parse(List.of());
		}
		if (!(scope instanceof String text)) {
			throw malformed();
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

	/** A ceiling that is not understood must not be none. */
	private static TokenCeiling ceiling(Jwt token) {
		Object maxTier = token.getClaims().get("max_tier");
		Tier tier = (maxTier instanceof String name) ? Tier.find(name) : null;
		if (maxTier != null && tier == null) {
			throw malformed();
		}
		try {
			return TokenCeiling.of(tier, texts(token.getClaims().get("channels")));
		}
		catch (IllegalArgumentException ex) {
			throw malformed();
		}
	}

	private static @Nullable List<String> texts(@Nullable Object list) {
		if (list == null) {
			return null;
		}
		if (!(list instanceof List<?> items) || !items.stream().allMatch(String.class::isInstance)) {
			throw malformed();
		}
		return items.stream().map(String.class::cast).toList();
	}

	private static CredentialRefusal.Malformed malformed() {
		return new CredentialRefusal.Malformed(RefusalReason.TOKEN_CLAIMS, "A claim of the token is malformed");
	}

}
