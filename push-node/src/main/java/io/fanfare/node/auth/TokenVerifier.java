package io.fanfare.node.auth;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Consumer;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.util.Base64URL;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.TokenAudience;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Verifies stream tokens: JWTs (RFC 7519) signed with HS256. {@code sub} is the user,
 * {@code exp} is required, {@code aud} is {@code fanfare:stream} or absent, {@code tier}
 * and {@code channels} are optional. {@code nbf} and {@code iat} may lie ahead by a clock
 * skew. What has a registered claim (section 4.1) of another type or any claim twice is
 * malformed. Any thread may call.
 * <p>
 * The library verifies the signature; the claims are read without it, which takes a
 * fraction of the time. Nothing of them is looked at before.
 */
public final class TokenVerifier implements Authenticator {

	/** HS256 wants a key at least as long as its hash (RFC 7518, section 3.2). */
	public static final int MIN_SECRET_BYTES = 32;

	/** How long before its end a client is asked to renew a token, at most. */
	private static final Duration NOTICE = Duration.ofMinutes(1);

	/** Seconds that fit into milliseconds. */
	private static final long MAX_SECONDS = Long.MAX_VALUE / 1000;

	private static final JsonMapper JSON = JsonMapper.builder()
		.enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private final MACVerifier verifier;

	private final Duration skew;

	private final Tier defaultTier;

	private final InstantSource clock;

	/**
	 * That of the last good token: an issuer gives all of its tokens the same. No other
	 * is kept, so no other process can put one here.
	 */
	private volatile @Nullable Header known;

	/**
	 * Makes a verifier.
	 * @param secret the shared secret
	 * @param skew how far the clock of the issuer of tokens may run ahead
	 * @param clock the wall clock
	 * @throws IllegalArgumentException if the secret is too short
	 */
	public TokenVerifier(String secret, Duration skew, InstantSource clock) {
		this(secret, skew, Tier.NORMAL, clock);
	}

	/**
	 * Makes a verifier.
	 * @param secret the shared secret
	 * @param skew how far the clock of the issuer of tokens may run ahead
	 * @param defaultTier the tier of a token that names none
	 * @param clock the wall clock
	 * @throws IllegalArgumentException if the secret is too short
	 */
	public TokenVerifier(String secret, Duration skew, Tier defaultTier, InstantSource clock) {
		byte[] key = secret.getBytes(StandardCharsets.UTF_8);
		if (key.length < MIN_SECRET_BYTES) {
			throw new IllegalArgumentException("fanfare.jwt.secret (FANFARE_JWT_SECRET) needs at least "
					+ MIN_SECRET_BYTES + " bytes, it has " + key.length);
		}
		try {
			this.verifier = new MACVerifier(key);
		}
		catch (JOSEException ex) {
			throw new IllegalArgumentException("fanfare.jwt.secret (FANFARE_JWT_SECRET) is no HMAC key", ex);
		}
		this.skew = skew;
		this.defaultTier = defaultTier;
		this.clock = clock;
	}

	private record Header(String text, JWSHeader parsed) {

	}

	/**
	 * Verifies a token.
	 * @param token the token in compact form
	 * @return what it grants
	 * @throws InvalidTokenException if it grants nothing
	 */
	public StreamToken verify(String token) throws InvalidTokenException {
		JsonNode claims = claims(token);
		text(claims, "iss");
		String id = text(claims, "jti");
		Instant issued = time(claims, "iat");
		Instant expires = time(claims, "exp");
		Instant notBefore = time(claims, "nbf");
		Instant now = this.clock.instant();
		if (expires == null) {
			throw new InvalidTokenException("The token has no exp");
		}
		if (!expires.isAfter(now)) {
			throw new InvalidTokenException("The token has expired");
		}
		Instant latest = now.plus(this.skew);
		if (notBefore != null && notBefore.isAfter(latest)) {
			throw new InvalidTokenException("The token is not valid yet: its nbf lies ahead");
		}
		if (issued != null && issued.isAfter(latest)) {
			throw new InvalidTokenException("The token is not valid yet: its iat lies ahead");
		}
		List<String> audience = audience(claims);
		if (!audience.isEmpty() && !audience.contains(TokenAudience.STREAM)) {
			throw new InvalidTokenException("The token's aud is not " + TokenAudience.STREAM);
		}
		Instant begin = (issued != null) ? issued : now;
		return new StreamToken(user(claims), id, begin, renewal(begin, expires), expires, tier(claims),
				channels(claims));
	}

	@Override
	public void authenticate(Credential credential, InetAddress address, Consumer<Authentication> then) {
		Authentication result;
		try {
			result = switch (credential) {
				case Credential.Token token -> new Authentication.Granted(verify(token.text()));
				case Credential.Ticket ticket -> new Authentication.Refused("A ticket is no token");
			};
		}
		catch (InvalidTokenException ex) {
			result = new Authentication.Refused(String.valueOf(ex.getMessage()));
		}
		then.accept(result);
	}

	/** From when on the client of a right should have a new one. */
	static Instant renewal(Instant issued, Instant expires) {
		long life = Math.clamp(ChronoUnit.SECONDS.between(issued, expires), 0, 4 * NOTICE.toSeconds());
		return expires.minusMillis(life * 1000 / 4);
	}

	private JsonNode claims(String token) throws InvalidTokenException {
		int payload = token.indexOf('.') + 1;
		int signature = token.lastIndexOf('.') + 1;
		if (payload == 0 || payload == signature || token.indexOf('.', payload) != signature - 1) {
			throw malformed();
		}
		try {
			verify(token.substring(0, payload - 1), token.substring(0, signature - 1), token.substring(signature));
			JsonNode claims = JSON.readTree(Base64.getUrlDecoder().decode(token.substring(payload, signature - 1)));
			if (claims.isObject()) {
				return claims;
			}
		}
		catch (ParseException | JOSEException | RuntimeException ex) {
			// The library throws what it likes at a header such as "null".
		}
		throw malformed();
	}

	private void verify(String encodedHeader, String signed, String signature)
			throws InvalidTokenException, ParseException, JOSEException {
		Header present = this.known;
		Header header = (present != null && present.text().equals(encodedHeader)) ? present
				: new Header(encodedHeader, JWSHeader.parse(new Base64URL(encodedHeader)));
		// A JWT's payload is always encoded (RFC 7797, section 7), and no extension is
		// understood.
		if (!JWSAlgorithm.HS256.equals(header.parsed().getAlgorithm()) || !header.parsed().isBase64URLEncodePayload()
				|| header.parsed().getCriticalParams() != null || !this.verifier.verify(header.parsed(),
						signed.getBytes(StandardCharsets.UTF_8), new Base64URL(signature))) {
			throw new InvalidTokenException("The token's signature is not valid");
		}
		this.known = header;
	}

	private static InvalidTokenException malformed() {
		return new InvalidTokenException("The token is malformed");
	}

	private static @Nullable JsonNode claim(JsonNode claims, String name) {
		JsonNode value = claims.get(name);
		return (value == null || value.isNull()) ? null : value;
	}

	private static @Nullable String text(JsonNode claims, String name) throws InvalidTokenException {
		JsonNode value = claim(claims, name);
		if (value != null && !value.isString()) {
			throw malformed();
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
			throw malformed();
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
			throw malformed();
		}
		return audience;
	}

	private static String user(JsonNode claims) throws InvalidTokenException {
		JsonNode value = claim(claims, "sub");
		String user = (value != null && value.canConvertToLong() && value.isIntegralNumber())
				? Long.toString(value.longValue()) : text(claims, "sub");
		if (user == null || !ChannelName.isUser(user)) {
			throw new InvalidTokenException("The token's sub is no user id: 1 to 128 characters, no controls");
		}
		return user;
	}

	private Tier tier(JsonNode claims) throws InvalidTokenException {
		JsonNode name = claim(claims, "tier");
		Tier tier = (name == null) ? this.defaultTier : name.isString() ? Tier.find(name.stringValue()) : null;
		if (tier == null) {
			throw new InvalidTokenException("The token's tier is none of high, normal, low");
		}
		return tier;
	}

	private static List<String> channels(JsonNode claims) throws InvalidTokenException {
		List<String> channels = texts(claim(claims, "channels"));
		if (channels == null) {
			throw new InvalidTokenException("The token's channels is no list of strings");
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
