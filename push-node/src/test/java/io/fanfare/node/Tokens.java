package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;

import com.nimbusds.jwt.JWTClaimsSet;
import io.fanfare.test.api.TokenMint;

/** Stream tokens for tests. */
public final class Tokens {

	/** What tokens of tests are signed with. */
	public static final String SECRET = "a secret of tests, which has 32 bytes and some more";

	/** Makes tokens that the nodes of tests accept, if their claims are good. */
	public static final TokenMint MINT = new TokenMint(SECRET);

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
			.issueTime(new Date())
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
		return MINT.stream(user, Duration.ofHours(1), channels);
	}

	/**
	 * A token that ends soon.
	 * @param user the user
	 * @param left how soon
	 * @return the token
	 */
	public static String expiringIn(String user, Duration left) {
		return MINT.stream(user, left);
	}

	/**
	 * Signs claims.
	 * @param claims the claims
	 * @return the token
	 */
	public static String sign(JWTClaimsSet.Builder claims) {
		return MINT.sign(claims.build().toString());
	}

}
