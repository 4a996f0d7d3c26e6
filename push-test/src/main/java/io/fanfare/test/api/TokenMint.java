package io.fanfare.test.api;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import org.jspecify.annotations.Nullable;

/**
 * Makes JSON Web Tokens, good and bad ones: nothing of header and claims is checked. By
 * the JDK alone, so that a product's own library does not decide what tests can send.
 * Methods may be called from any thread.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>
 */
public final class TokenMint {

	private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

	private static final Base64.Encoder PEM = Base64.getMimeEncoder(64, new byte[] { '\n' });

	private static final int P256_BYTES = 32;

	private final @Nullable String secret;

	private final @Nullable KeyPair keys;

	private final Algorithm algorithm;

	private final @Nullable String kid;

	private TokenMint(@Nullable String secret, @Nullable KeyPair keys, Algorithm algorithm, @Nullable String kid) {
		this.secret = secret;
		this.keys = keys;
		this.algorithm = algorithm;
		this.kid = kid;
	}

	/**
	 * A mint of tokens as the product takes them, signed by HS256.
	 * @param secret what signs them
	 */
	public TokenMint(String secret) {
		this(secret, Algorithm.HS256);
	}

	/**
	 * A mint of tokens that are signed with a secret.
	 * @param secret what signs them
	 * @param algorithm how: an HMAC
	 */
	public TokenMint(String secret, Algorithm algorithm) {
		this(secret, null, algorithm, null);
	}

	/**
	 * A mint with a key pair that no other has.
	 * @param algorithm how it signs: no HMAC
	 * @return the mint
	 */
	public static TokenMint withNewKey(Algorithm algorithm) {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm.keyType);
			if (algorithm.keyType.equals("RSA")) {
				generator.initialize(2048);
			}
			else if (algorithm.keyType.equals("EC")) {
				generator.initialize(new ECGenParameterSpec("secp256r1"));
			}
			return new TokenMint(null, generator.generateKeyPair(), algorithm, null);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * The same key under an id, which headers name.
	 * @param kid the id
	 * @return the mint
	 */
	public TokenMint named(String kid) {
		return new TokenMint(this.secret, this.keys, this.algorithm, kid);
	}

	/**
	 * The same key, used in another way.
	 * @param algorithm how
	 * @return the mint
	 */
	public TokenMint using(Algorithm algorithm) {
		return new TokenMint(this.secret, this.keys, algorithm, this.kid);
	}

	/** How tokens are signed. */
	public enum Algorithm {

		/** HMAC with SHA-256. */
		HS256("HmacSHA256", ""),

		/** HMAC with SHA-384. */
		HS384("HmacSHA384", ""),

		/** HMAC with SHA-512. */
		HS512("HmacSHA512", ""),

		/** RSASSA-PKCS1-v1_5 with SHA-256. */
		RS256("SHA256withRSA", "RSA"),

		/** RSASSA-PSS with SHA-256. */
		PS256("RSASSA-PSS", "RSA"),

		/** ECDSA with P-256. */
		ES256("SHA256withECDSAinP1363Format", "EC"),

		/** Ed25519. */
		EdDSA("Ed25519", "Ed25519");

		private final String signature;

		private final String keyType;

		Algorithm(String signature, String keyType) {
			this.signature = signature;
			this.keyType = keyType;
		}

	}

	/**
	 * The public key, in PEM.
	 * @return the key, on several lines
	 */
	public String publicKey() {
		return "-----BEGIN PUBLIC KEY-----\n" + PEM.encodeToString(pair().getPublic().getEncoded())
				+ "\n-----END PUBLIC KEY-----\n";
	}

	/**
	 * The public key as an element of a JWK set, with id and algorithm.
	 * @return JSON
	 */
	public String jwk() {
		String key = switch (pair().getPublic()) {
			case RSAPublicKey rsa -> "\"kty\":\"RSA\",\"n\":\"" + unsigned(rsa.getModulus(), 0) + "\",\"e\":\""
					+ unsigned(rsa.getPublicExponent(), 0) + "\"";
			case ECPublicKey curve ->
				"\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" + unsigned(curve.getW().getAffineX(), P256_BYTES)
						+ "\",\"y\":\"" + unsigned(curve.getW().getAffineY(), P256_BYTES) + "\"";
			case EdECPublicKey curve -> "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""
					+ BASE64.encodeToString(Arrays.copyOfRange(curve.getEncoded(), 12, 44)) + "\"";
			default -> throw new IllegalStateException();
		};
		return "{" + key + ",\"use\":\"sig\",\"alg\":\"" + this.algorithm + "\""
				+ ((this.kid != null) ? ",\"kid\":" + quoted(this.kid) : "") + "}";
	}

	private static String unsigned(BigInteger number, int length) {
		byte[] bytes = number.toByteArray();
		byte[] plain = (bytes[0] == 0) ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
		byte[] padded = new byte[Math.max(length, plain.length)];
		System.arraycopy(plain, 0, padded, padded.length - plain.length, plain.length);
		return BASE64.encodeToString(padded);
	}

	private KeyPair pair() {
		return Objects.requireNonNull(this.keys, "A secret has no public key");
	}

	/**
	 * A stream token.
	 * @param user whose
	 * @param life how long it is valid
	 * @param channels the topics that it covers, or patterns of them
	 * @return the token
	 */
	public String stream(String user, Duration life, String... channels) {
		return stream(user, null, Instant.now(), life, channels);
	}

	/**
	 * A stream token as it was made some time ago.
	 * @param user whose
	 * @param id its id, or null
	 * @param issued when it was made
	 * @param life how long it is valid since then
	 * @param channels the topics that it covers, or patterns of them
	 * @return the token
	 */
	public String stream(String user, @Nullable String id, Instant issued, Duration life, String... channels) {
		return sign("{\"sub\":" + quoted(user) + ((id != null) ? ",\"jti\":" + quoted(id) : "")
				+ ",\"aud\":\"fanfare:stream\",\"channels\":"
				+ Stream.of(channels).map(TokenMint::quoted).collect(Collectors.joining(",", "[", "]")) + ",\"iat\":"
				+ issued.getEpochSecond() + ",\"exp\":" + issued.plus(life).getEpochSecond() + "}");
	}

	/**
	 * A token of any claims.
	 * @param claims JSON
	 * @return the token
	 */
	public String sign(String claims) {
		return sign("{\"alg\":\"" + this.algorithm + "\",\"typ\":\"JWT\""
				+ ((this.kid != null) ? ",\"kid\":" + quoted(this.kid) : "") + "}", claims);
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
			byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
			return text + "."
					+ BASE64.encodeToString((this.secret != null) ? mac(this.secret, bytes) : signature(bytes));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private byte[] mac(String secret, byte[] bytes) throws GeneralSecurityException {
		Mac mac = Mac.getInstance(this.algorithm.signature);
		mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), this.algorithm.signature));
		return mac.doFinal(bytes);
	}

	private byte[] signature(byte[] bytes) throws GeneralSecurityException {
		Signature signature = Signature.getInstance(this.algorithm.signature);
		if (this.algorithm == Algorithm.PS256) {
			signature.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
		}
		signature.initSign(pair().getPrivate());
		signature.update(bytes);
		return signature.sign();
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
