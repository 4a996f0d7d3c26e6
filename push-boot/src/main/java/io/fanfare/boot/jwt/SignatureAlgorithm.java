package io.fanfare.boot.jwt;

import java.util.Arrays;

import com.nimbusds.jose.JWSAlgorithm;
import org.jspecify.annotations.Nullable;

/**
 * The algorithms by which tokens may be signed (RFC 7518, section 3.1, and RFC 8037). A
 * key has exactly one of them.
 */
public enum SignatureAlgorithm {

	/** HMAC with SHA-256. */
	HS256("HS256", 32),
	/** HMAC with SHA-384. */
	HS384("HS384", 48),
	/** HMAC with SHA-512. */
	HS512("HS512", 64),
	/** RSASSA-PKCS1-v1_5 with SHA-256. */
	RS256("RS256", 0),
	/** RSASSA-PSS with SHA-256. */
	PS256("PS256", 0),
	/** ECDSA with P-256 and SHA-256. */
	ES256("ES256", 0),
	/** Ed25519. */
	EDDSA("EdDSA", 0);

	private final String wireName;

	private final int secretBytes;

	SignatureAlgorithm(String wireName, int secretBytes) {
		this.wireName = wireName;
		this.secretBytes = secretBytes;
	}

	/**
	 * The name in the header of a token.
	 * @return the name
	 */
	public String wireName() {
		return this.wireName;
	}

	/** Whether its key is a secret. It then costs microseconds. */
	public boolean isHmac() {
		return this.secretBytes > 0;
	}

	/** The least bytes of its secret: those of its hash (RFC 7518, section 3.2). */
	int secretBytes() {
		return this.secretBytes;
	}

	/**
	 * How long the signatures of an HMAC are.
	 * @return the number of bytes, 0 for others
	 */
	public int macBytes() {
		return this.secretBytes;
	}

	JWSAlgorithm jws() {
		return JWSAlgorithm.parse(this.wireName);
	}

	/**
	 * Finds an algorithm by its name.
	 * @param wireName the name in the header of a token
	 * @return the algorithm, or null if it is not supported
	 */
	public static @Nullable SignatureAlgorithm find(String wireName) {
		return Arrays.stream(values()).filter((one) -> one.wireName.equals(wireName)).findFirst().orElse(null);
	}

}
