package io.fanfare.node.auth;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.boot.jwt.TokenPart;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.TokenAudience;
import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the claims of a stream token must be. {@code sub} is the user; {@code aud} with
 * {@code fanfare:stream}, {@code iat} and {@code exp} are required; {@code tier} and
 * {@code channels} are optional. A registered claim (RFC 7519, section 4.1) of another
 * type is malformed. Any thread may call.
 */
final class TokenClaims {

	/** How far {@code iat} may be ahead: a revocation counts by it. */
	private static final Duration MAX_AHEAD = Duration.ofSeconds(2);

	/** How long before its end a client is asked to renew a token, at most. */
	private static final Duration NOTICE = Duration.ofMinutes(1);

	/** Seconds that fit into milliseconds. */
	private static final long MAX_SECONDS = Long.MAX_VALUE / 1000;

	private final TokenRules rules;

	private final InstantSource clock;

	TokenClaims(TokenRules rules, InstantSource clock) {
		this.rules = rules;
		this.clock = clock;
	}

	/**
	 * Reads the claims of a token whose signature is valid.
	 * @param payload the encoded payload
	 * @return what it grants
	 * @throws InvalidTokenException if it grants nothing
	 */
	StreamToken read(String payload) throws InvalidTokenException {
		JsonNode claims = TokenPart.read(payload);
		if (claims == null) {
			throw InvalidTokenException.malformed();
		}
		String issuer = text(claims, "iss");
		String id = text(claims, "jti");
		Instant issued = time(claims, "iat");
		Instant expires = time(claims, "exp");
		Instant notBefore = time(claims, "nbf");
		List<String> audience = audience(claims);
		if (this.rules.issuer() != null && !this.rules.issuer().equals(issuer)) {
			throw new InvalidTokenException(RefusalReason.TOKEN_ISSUER,
					"The token's iss is not the issuer that is accepted");
		}
		if (!audience.contains(TokenAudience.STREAM)) {
			throw new InvalidTokenException(RefusalReason.TOKEN_AUDIENCE,
					audience.isEmpty() ? "The token has no aud" : "The token's aud is not " + TokenAudience.STREAM);
		}
		if (expires == null) {
			throw new InvalidTokenException(RefusalReason.TOKEN_TIMES_MISSING, "The token has no exp");
		}
		if (issued == null) {
			throw new InvalidTokenException(RefusalReason.TOKEN_TIMES_MISSING, "The token has no iat");
		}
		checkTimes(issued, expires, notBefore);
		return new StreamToken(user(claims), id, issued, renewal(issued, expires), expires, tier(claims),
				channels(claims));
	}

	private void checkTimes(Instant issued, Instant expires, @Nullable Instant notBefore) throws InvalidTokenException {
		Instant now = this.clock.instant();
		if (!expires.isAfter(now)) {
			throw new InvalidTokenException(RefusalReason.TOKEN_EXPIRED, "The token has expired");
		}
		if (notBefore != null && notBefore.isAfter(now.plus(this.rules.skew()))) {
			throw new InvalidTokenException(RefusalReason.TOKEN_NOT_YET_VALID,
					"The token is not valid yet: its nbf lies ahead");
		}
		if (issued.isAfter(now.plus(MAX_AHEAD))) {
			throw new InvalidTokenException(RefusalReason.TOKEN_NOT_YET_VALID,
					"The token is not valid yet: its iat lies ahead");
		}
		if (Duration.between(issued, expires).compareTo(this.rules.maxLife()) > 0) {
			throw new InvalidTokenException(RefusalReason.TOKEN_LIFE_TOO_LONG,
					"The token is valid for too long: its exp may be at most " + this.rules.maxLife().toSeconds() + " s after its iat");
		}
	}

	/** From when on the client of a right should have a new one. */
	static Instant renewal(Instant issued, Instant expires) {
		long life = Math.clamp(ChronoUnit.SECONDS.between(issued, expires), 0, 4 * NOTICE.toSeconds());
		return expires.minusMillis(life * 1000 / 4);
	}

	private static @Nullable JsonNode claim(JsonNode claims, String name) {
		JsonNode value = claims.get(name);
		return (value == null || value.isNull()) ? null : value;
	}

	private static @Nullable String text(JsonNode claims, String name) throws InvalidTokenException {
		JsonNode value = claim(claims, name);
		if (value != null && !value.isString()) {
			throw InvalidTokenException.malformed();
		}
		return (value != null) ? value.stringValue() : null;
	}

	/** Seconds since the epoch; what stands behind the point does not count. */
	private static @Nullable Instant time(JsonNode claims, String name) throws InvalidTokenException {
		JsonNode value = claim(claims, name);
		if (value == null) {
			return null;
		}
		double seconds = value.isNumber() ? value.doubleValue() : Double.NaN;
		if (!(Math.abs(seconds) < MAX_SECONDS)) {
			throw InvalidTokenException.malformed();
		}
		return Instant.ofEpochSecond(value.isIntegralNumber() ? value.longValue() : (long) seconds);
	}

	private static List<String> audience(JsonNode claims) throws InvalidTokenException {
		JsonNode value = claim(claims, "aud");
		if (value != null && value.isString()) {
			return List.of(value.stringValue());
		}
		List<String> audience = texts(value);
		if (audience == null) {
			throw InvalidTokenException.malformed();
		}
		return audience;
	}

	private static String user(JsonNode claims) throws InvalidTokenException {
		JsonNode value = claim(claims, "sub");
		String user = (value != null && value.canConvertToLong() && value.isIntegralNumber())
				? Long.toString(value.longValue()) : text(claims, "sub");
		if (user == null || !ChannelName.isUser(user)) {
			throw new InvalidTokenException(RefusalReason.TOKEN_CLAIMS,
					"The token's sub is no user id: 1 to 128 characters, no controls");
		}
		return user;
	}

	private Tier tier(JsonNode claims) throws InvalidTokenException {
		JsonNode name = claim(claims, "tier");
		Tier tier = (name == null) ? this.rules.defaultTier() : name.isString() ? Tier.find(name.stringValue()) : null;
		if (tier == null) {
			throw new InvalidTokenException(RefusalReason.TOKEN_CLAIMS,
					"The token's tier is none of high, normal, low");
		}
		return tier;
	}

	private static List<String> channels(JsonNode claims) throws InvalidTokenException {
		List<String> channels = texts(claim(claims, "channels"));
		if (channels == null) {
			throw new InvalidTokenException(RefusalReason.TOKEN_CLAIMS,
					"The token's channels is no list of strings");
		}
		return channels;
	}

	/**
	 * The elements of a list of strings, none where there is no list; null for others.
	 */
	private static @Nullable List<String> texts(@Nullable JsonNode list) {
		if (list == null) {
			return List.of();
		}
		if (!list.isArray()) {
			return null;
		}
		List<String> texts = new ArrayList<>(list.size());
		for (JsonNode element : list) {
			if (!element.isString()) {
				return null;
			}
			texts.add(element.stringValue());
		}
		return List.copyOf(texts);
	}

}
