package io.fanfare.node;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;

/** Stream tokens for tests. */
public final class Tokens {

	/** What tokens of tests are signed with. */
	public static final String SECRET = "a secret of tests, which has 32 bytes and some more";

	private Tokens() {
	}

	/**
	 * Claims of a good token, to be changed.
	 * @param user the user
	 * @param channels the topics it covers
	 * @return the claims
	 */
	public static JWTClaimsSet.Builder claims(String user, String... channels) {
		return new JWTClaimsSet.Builder().subject(user)
			.expirationTime(Date.from(Instant.now().plus(Duration.ofHours(1))))
			.audience("fanfare:stream")
			.claim("channels", List.of(channels));
	}

	/**
	 * A good token.
	 * @param user the user
	 * @param channels the topics it covers
	 * @return the token
	 */
	public static String token(String user, String... channels) {
		return sign(claims(user, channels));
	}

	/**
	 * A token that ends soon.
	 * @param user the user
	 * @param left how soon
	 * @return the token
	 */
	public static String expiringIn(String user, Duration left) {
		return sign(claims(user).expirationTime(Date.from(Instant.now().plus(left))));
	}

	/**
	 * Signs claims.
	 * @param claims the claims
	 * @return the token
	 */
	public static String sign(JWTClaimsSet.Builder claims) {
		return sign(claims, JWSAlgorithm.HS256, SECRET);
	}

	/**
	 * Signs claims in some way.
	 * @param claims the claims
	 * @param algorithm the algorithm
	 * @param secret the secret
	 * @return the token
	 */
	public static String sign(JWTClaimsSet.Builder claims, JWSAlgorithm algorithm, String secret) {
		try {
			SignedJWT jwt = new SignedJWT(new JWSHeader(algorithm), claims.build());
			jwt.sign(new MACSigner(secret.getBytes(StandardCharsets.UTF_8)));
			return jwt.serialize();
		}
		catch (JOSEException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

}
