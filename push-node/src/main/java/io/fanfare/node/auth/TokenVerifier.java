package io.fanfare.node.auth;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.List;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Tier;

/**
 * Verifies stream tokens: JWTs (RFC 7519) signed with HS256. {@code sub} is the user,
 * {@code exp} is required, {@code aud} is {@code fanfare:stream} or absent, {@code tier}
 * and {@code channels} are optional. Any thread may call.
 */
public final class TokenVerifier {

	/** The audience of a stream token. */
	public static final String AUDIENCE = "fanfare:stream";

	/** HS256 wants a key at least as long as its hash (RFC 7518, section 3.2). */
	public static final int MIN_SECRET_BYTES = 32;

	private final MACVerifier verifier;

	private final InstantSource clock;

	/**
	 * Makes a verifier.
	 * @param secret the shared secret
	 * @param clock the wall clock
	 * @throws IllegalArgumentException if the secret is too short
	 */
	public TokenVerifier(String secret, InstantSource clock) {
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
		this.clock = clock;
	}

	/**
	 * Verifies a token.
	 * @param token the token in compact form
	 * @return what it grants
	 * @throws InvalidTokenException if it grants nothing
	 */
	public StreamToken verify(String token) throws InvalidTokenException {
		JWTClaimsSet claims = claims(token);
		Date expires = claims.getExpirationTime();
		Instant now = this.clock.instant();
		if (expires == null) {
			throw new InvalidTokenException("The token has no exp");
		}
		if (!expires.toInstant().isAfter(now)) {
			throw new InvalidTokenException("The token has expired");
		}
		if (claims.getNotBeforeTime() != null && claims.getNotBeforeTime().toInstant().isAfter(now)) {
			throw new InvalidTokenException("The token is not valid yet");
		}
		if (!claims.getAudience().isEmpty() && !claims.getAudience().contains(AUDIENCE)) {
			throw new InvalidTokenException("The token's aud is not " + AUDIENCE);
		}
		String user = claims.getSubject();
		if (user == null || !ChannelName.isUser(user)) {
			throw new InvalidTokenException("The token's sub is no user id: 1 to 128 characters, no controls");
		}
		return new StreamToken(user, expires.toInstant(), tier(claims), channels(claims));
	}

	private JWTClaimsSet claims(String token) throws InvalidTokenException {
		try {
			SignedJWT jwt = SignedJWT.parse(token);
			if (!JWSAlgorithm.HS256.equals(jwt.getHeader().getAlgorithm()) || !jwt.verify(this.verifier)) {
				throw new InvalidTokenException("The token's signature is not valid");
			}
			return jwt.getJWTClaimsSet();
		}
		catch (ParseException | JOSEException | RuntimeException ex) {
			// The library throws what it likes at a header such as "null".
			throw new InvalidTokenException("The token is malformed");
		}
	}

	private static Tier tier(JWTClaimsSet claims) throws InvalidTokenException {
		Object name = claims.getClaim("tier");
		Tier tier = (name == null) ? Tier.NORMAL : (name instanceof String text) ? Tier.find(text) : null;
		if (tier == null) {
			throw new InvalidTokenException("The token's tier is none of high, normal, low");
		}
		return tier;
	}

	private static List<String> channels(JWTClaimsSet claims) throws InvalidTokenException {
		try {
			List<String> channels = claims.getStringListClaim("channels");
			return (channels != null) ? List.copyOf(channels) : List.of();
		}
		catch (ParseException | NullPointerException ex) {
			throw new InvalidTokenException("The token's channels is no list of strings");
		}
	}

}
