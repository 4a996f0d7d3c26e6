package io.fanfare.boot.jwt;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import io.fanfare.protocol.settings.InvalidSettingException;
import org.jspecify.annotations.Nullable;

/** Reads keys from settings. What it refuses it names by its property alone. */
final class KeyReader {

	private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";

	private static final String END = "-----END PUBLIC KEY-----";

	private static final String ANY_BEGIN = "-----BEGIN ";

	private static final String FILE = "file:";

	private static final int MAX_FILE = 65_536;

	private static final int MAX_KID = 256;

	/** Behind it stand the 32 bytes of an Ed25519 key (RFC 8410). */
	private static final int ED25519_PREFIX = 12;

	private KeyReader() {
	}

	static List<JWK> read(String property, List<KeySettings> settings) {
		List<JWK> keys = new ArrayList<>();
		Map<String, String> kids = new HashMap<>();
		Map<String, String> prints = new HashMap<>();
		for (int i = 0; i < settings.size(); i++) {
			String own = property + "[" + i + "]";
			JWK key = read(own, settings.get(i));
			if (key.getKeyID() != null) {
				String other = kids.put(key.getKeyID(), own);
				InvalidSettingException.require(other == null, own + ".kid", "is the kid of " + other + " as well");
			}
			String other = prints.put(print(key), own);
			InvalidSettingException.require(other == null, own,
					"has the same key as " + other + ": a key is used with one algorithm, under one kid");
			keys.add(key);
		}
		return List.copyOf(keys);
	}

	/** Tells whether two keys are the same, whatever they are used with (RFC 7638). */
	static String print(JWK key) {
		try {
			return key.computeThumbprint().toString();
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static JWK read(String property, KeySettings settings) {
		SignatureAlgorithm algorithm = settings.algorithm();
		InvalidSettingException.require(algorithm != null, property + ".algorithm",
				"is not set: it must be one of " + String.join(", ",
						Arrays.stream(SignatureAlgorithm.values()).map(SignatureAlgorithm::wireName).toList()));
		String kid = (settings.kid() == null || settings.kid().isEmpty()) ? null : settings.kid();
		InvalidSettingException.require(kid == null || kid.length() <= MAX_KID, property + ".kid",
				"must have at most " + MAX_KID + " characters");
		boolean hmac = algorithm != null && algorithm.isHmac();
		require(settings.secret(), hmac, property + ".secret", algorithm);
		require(settings.publicKey(), !hmac, property + ".public-key", algorithm);
		if (algorithm == null) {
			throw new IllegalStateException();
		}
		return hmac ? secret(property + ".secret", kid, algorithm, String.valueOf(settings.secret()))
				: publicKey(property + ".public-key", kid, algorithm, String.valueOf(settings.publicKey()));
	}

	private static void require(@Nullable String value, boolean needed, String property,
			@Nullable SignatureAlgorithm algorithm) {
		String name = (algorithm != null) ? algorithm.wireName() : "";
		boolean present = value != null && !value.isBlank();
		InvalidSettingException.require(present || !needed, property, "is not set: a key of " + name + " needs it");
		InvalidSettingException.require(!present || needed, property, "is set: a key of " + name + " has none");
	}

	static JWK secret(String property, @Nullable String kid, SignatureAlgorithm algorithm, String secret) {
		byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
		InvalidSettingException.require(bytes.length >= algorithm.secretBytes(), property, "is too short: "
				+ algorithm.wireName() + " needs " + algorithm.secretBytes() + " bytes, it has " + bytes.length);
		InvalidSettingException.require(secret.chars().noneMatch(Character::isISOControl), property,
				"has a line break or another control character in it");
		InvalidSettingException.require(secret.equals(secret.strip()), property, "begins or ends with a blank");
		return new OctetSequenceKey.Builder(bytes).keyID(kid).algorithm(algorithm.jws()).build();
	}

	private static JWK publicKey(String property, @Nullable String kid, SignatureAlgorithm algorithm, String value) {
		PublicKey key = decode(property, algorithm, pem(property, value.strip()));
		JWK jwk = switch (algorithm) {
			case RS256, PS256 -> new RSAKey.Builder((RSAPublicKey) key).keyID(kid).algorithm(algorithm.jws()).build();
			case ES256 -> ellipticCurve(property, kid, (ECPublicKey) key);
			case EDDSA -> edwardsCurve(property, kid, (EdECPublicKey) key);
			case HS256, HS384, HS512 -> throw new IllegalStateException();
		};
		InvalidSettingException.require(VerificationKey.isFit(jwk, algorithm), property,
				"is no key of " + algorithm.wireName() + ": " + VerificationKey.RULE);
		return jwk;
	}

	private static JWK ellipticCurve(String property, @Nullable String kid, ECPublicKey key) {
		InvalidSettingException.require(Curve.P_256.equals(Curve.forECParameterSpec(key.getParams())), property,
				"is no key of ES256: " + VerificationKey.RULE);
		return new ECKey.Builder(Curve.P_256, key).keyID(kid).algorithm(SignatureAlgorithm.ES256.jws()).build();
	}

	private static JWK edwardsCurve(String property, @Nullable String kid, EdECPublicKey key) {
		InvalidSettingException.require(key.getParams().getName().equals("Ed25519"), property,
				"is no key of EdDSA: " + VerificationKey.RULE);
		byte[] encoded = key.getEncoded();
		Base64URL x = Base64URL.encode(Arrays.copyOfRange(encoded, ED25519_PREFIX, encoded.length));
		return new OctetKeyPair.Builder(Curve.Ed25519, x).keyID(kid).algorithm(SignatureAlgorithm.EDDSA.jws()).build();
	}

	private static PublicKey decode(String property, SignatureAlgorithm algorithm, byte[] encoded) {
		String type = switch (algorithm) {
			case RS256, PS256 -> "RSA";
			case ES256 -> "EC";
			case EDDSA -> "EdDSA";
			case HS256, HS384, HS512 -> throw new IllegalStateException();
		};
		try {
			return KeyFactory.getInstance(type).generatePublic(new X509EncodedKeySpec(encoded));
		}
		catch (GeneralSecurityException ex) {
			throw new InvalidSettingException(property, "is no key of " + algorithm.wireName());
		}
	}

	private static byte[] pem(String property, String value) {
		String text = value.startsWith(ANY_BEGIN) ? value : file(property, value);
		int begin = text.indexOf(BEGIN);
		int end = text.indexOf(END);
		InvalidSettingException.require(begin >= 0 && end > begin && text.indexOf(ANY_BEGIN, begin + 1) < 0, property,
				"must hold one public key in PEM, between " + BEGIN + " and " + END
						+ (text.contains("PRIVATE KEY") ? "; it holds a private key" : ""));
		try {
			// An environment file may have written line breaks as \n.
			return Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end).replace("\\n", ""));
		}
		catch (IllegalArgumentException ex) {
			throw new InvalidSettingException(property, "holds no base64");
		}
	}

	private static String file(String property, String value) {
		try {
			Path path = Path.of(value.startsWith(FILE) ? value.substring(FILE.length()) : value);
			InvalidSettingException.require(Files.size(path) <= MAX_FILE, property, "names a file that is too long");
			return Files.readString(path, StandardCharsets.US_ASCII).strip();
		}
		catch (IOException | InvalidPathException ex) {
			throw new InvalidSettingException(property,
					"is neither a public key in PEM nor the path of a file that can be read");
		}
	}

}
