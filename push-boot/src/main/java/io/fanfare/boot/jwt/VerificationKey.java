package io.fanfare.boot.jwt;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

import com.nimbusds.jose.Algorithm;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import org.jspecify.annotations.Nullable;

/**
 * A key and the one algorithm that it verifies: what a token's header claims chooses
 * among keys and never how a key is used. Any thread may call.
 */
public final class VerificationKey {

	/** What public keys must be. */
	static final String RULE = "RS256 and PS256 need RSA of 2048 to 8192 bits, ES256 needs P-256, EdDSA Ed25519";

	private static final int MIN_RSA_BITS = 2048;

	/** More costs milliseconds each. */
	private static final int MAX_RSA_BITS = 8192;

	/** What stands before the bytes of an Ed25519 key (RFC 8410). */
	private static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

	private static final int ED25519_BYTES = 32;

	private static final int ED25519_SIGNATURE_BYTES = 64;

	private final @Nullable String kid;

	private final SignatureAlgorithm algorithm;

	private final Check check;

	private VerificationKey(@Nullable String kid, SignatureAlgorithm algorithm, Check check) {
		this.kid = kid;
		this.algorithm = algorithm;
		this.check = check;
	}

	/** Checks a signature. */
	private interface Check {

		boolean verify(byte[] signed, Base64URL signature) throws JOSEException, GeneralSecurityException;

	}

	/**
	 * Makes a key.
	 * @param key the key
	 * @return the key with its algorithm, or null where it is none that verifies tokens
	 */
	static @Nullable VerificationKey of(JWK key) {
		SignatureAlgorithm algorithm = algorithm(key);
		try {
			return (algorithm != null && isFit(key, algorithm))
					? new VerificationKey(key.getKeyID(), algorithm, check(key, algorithm)) : null;
		}
		catch (JOSEException | GeneralSecurityException ex) {
			return null;
		}
	}

	/**
	 * The algorithm that a key says it has, else the one of its type. An RSA key that
	 * says none is taken for one of RS256.
	 */
	private static @Nullable SignatureAlgorithm algorithm(JWK key) {
		Algorithm named = key.getAlgorithm();
		if (named != null) {
			return SignatureAlgorithm.find(named.getName());
		}
		return switch (key) {
			case RSAKey _ -> SignatureAlgorithm.RS256;
			case ECKey _ -> SignatureAlgorithm.ES256;
			case OctetKeyPair _ -> SignatureAlgorithm.EDDSA;
			default -> null;
		};
	}

	static boolean isFit(JWK key, SignatureAlgorithm algorithm) {
		Set<KeyOperation> operations = key.getKeyOperations();
		if (key.getKeyUse() != null && !KeyUse.SIGNATURE.equals(key.getKeyUse())
				|| operations != null && !operations.contains(KeyOperation.VERIFY)) {
			return false;
		}
		return switch (algorithm) {
			case HS256, HS384, HS512 ->
				key instanceof OctetSequenceKey secret && secret.toByteArray().length >= algorithm.secretBytes();
			case RS256, PS256 -> key instanceof RSAKey && key.size() >= MIN_RSA_BITS && key.size() <= MAX_RSA_BITS;
			case ES256 -> key instanceof ECKey curve && Curve.P_256.equals(curve.getCurve());
			case EDDSA -> key instanceof OctetKeyPair pair && Curve.Ed25519.equals(pair.getCurve())
					&& pair.getDecodedX().length == ED25519_BYTES;
		};
	}

	private static Check check(JWK key, SignatureAlgorithm algorithm) throws JOSEException, GeneralSecurityException {
		return switch (algorithm) {
			case HS256, HS384, HS512 -> by(new MACVerifier(key.toOctetSequenceKey()), algorithm);
			case RS256, PS256 -> by(new RSASSAVerifier(key.toRSAKey()), algorithm);
			case ES256 -> by(new ECDSAVerifier(key.toECKey()), algorithm);
			case EDDSA -> byEdwardsCurve(key.toOctetKeyPair().getDecodedX());
		};
	}

	private static Check by(JWSVerifier verifier, SignatureAlgorithm algorithm) {
		JWSHeader header = new JWSHeader(algorithm.jws());
		return (signed, signature) -> verifier.verify(header, signed, signature);
	}

	/** By the JDK: Nimbus needs Tink for it. */
	private static Check byEdwardsCurve(byte[] point) throws GeneralSecurityException {
		byte[] encoded = Arrays.copyOf(ED25519_PREFIX, ED25519_PREFIX.length + point.length);
		System.arraycopy(point, 0, encoded, ED25519_PREFIX.length, point.length);
		PublicKey key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
		return (signed, signature) -> {
			byte[] bytes = signature.decode();
			Signature verifier = Signature.getInstance("Ed25519");
			verifier.initVerify(key);
			verifier.update(signed);
			return bytes.length == ED25519_SIGNATURE_BYTES && verifier.verify(bytes);
		};
	}

	/**
	 * The id of the key.
	 * @return the id, or null where it has none
	 */
	public @Nullable String kid() {
		return this.kid;
	}

	/**
	 * The one algorithm of the key.
	 * @return the algorithm
	 */
	public SignatureAlgorithm algorithm() {
		return this.algorithm;
	}

	/**
	 * Returns whether a signature is that of this key.
	 * @param signed what is signed: the encoded header, a point and the encoded payload
	 * @param signature the encoded signature
	 * @return whether it is
	 */
	public boolean verifies(byte[] signed, Base64URL signature) {
		try {
			return this.check.verify(signed, signature);
		}
		catch (JOSEException | GeneralSecurityException | RuntimeException ex) {
			// Libraries throw what they like at a signature of a wrong form. Its refusal
			// is
			// counted.
			return false;
		}
	}

	@Override
	public String toString() {
		return "VerificationKey[" + this.algorithm + "]";
	}

}
