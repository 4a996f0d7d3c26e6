package io.fanfare.test.api;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes JSON Web Tokens, good and bad ones: nothing of header and claims is checked. By
 * the JDK alone, so that a product's own library does not decide what tests can send.
 * Methods may be called from any thread.
 *
 * @param secret what signs them
 * @param algorithm how
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>
 */
public record TokenMint(String secret, Algorithm algorithm) {

	private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

	/**
	 * A mint of tokens as the product takes them, signed by HS256.
	 * @param secret what signs them
	 */
	public TokenMint(String secret) {
		this(secret, Algorithm.HS256);
	}

	/** How tokens are signed. */
	public enum Algorithm {

		/** HMAC with SHA-256. */
		HS256("HmacSHA256"),

		/** HMAC with SHA-512. */
		HS512("HmacSHA512");

		private final String mac;

		Algorithm(String mac) {
			this.mac = mac;
		}

	}

	/**
	 * A stream token.
	 * @param user whose
	 * @param life how long it is valid
	 * @param channels the topics that it covers, or patterns of them
	 * @return the token
	 */
	public String stream(String user, Duration life, String... channels) {
		Instant now = Instant.now();
		return sign("{\"sub\":" + quoted(user) + ",\"aud\":\"fanfare:stream\",\"channels\":"
				+ Stream.of(channels).map(TokenMint::quoted).collect(Collectors.joining(",", "[", "]")) + ",\"iat\":"
				+ now.getEpochSecond() + ",\"exp\":" + now.plus(life).getEpochSecond() + "}");
	}

	/**
	 * A token of any claims.
	 * @param claims JSON
	 * @return the token
	 */
	public String sign(String claims) {
		return sign("{\"alg\":\"" + this.algorithm + "\",\"typ\":\"JWT\"}", claims);
	}

	/**
	 * A token of any text, rightly signed.
	 * @param header what should be JSON
	 * @param claims what should be JSON
	 * @return the token
	 */
	public String sign(String header, String claims) {
		String text = base64(header) + "." + base64(claims);
		try {
			Mac mac = Mac.getInstance(this.algorithm.mac);
			mac.init(new SecretKeySpec(this.secret.getBytes(StandardCharsets.UTF_8), this.algorithm.mac));
			return text + "." + BASE64.encodeToString(mac.doFinal(text.getBytes(StandardCharsets.US_ASCII)));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String base64(String text) {
		return BASE64.encodeToString(text.getBytes(StandardCharsets.UTF_8));
	}

	private static String quoted(String text) {
		StringBuilder json = new StringBuilder("\"");
		for (int i = 0; i < text.length(); i++) {
			char next = text.charAt(i);
			if (next == '"' || next == '\\') {
				json.append('\\').append(next);
			}
			else if (next < ' ') {
				json.append("\\u%04x".formatted((int) next));
			}
			else {
				json.append(next);
			}
		}
		return json.append('"').toString();
	}

	@Override
	public String toString() {
		return "TokenMint[" + this.algorithm + "]";
	}

}
