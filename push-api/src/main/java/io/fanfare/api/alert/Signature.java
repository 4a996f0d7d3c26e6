package io.fanfare.api.alert;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** HMAC-SHA256, as webhooks and robots are signed. */
final class Signature {

	private static final String ALGORITHM = "HmacSHA256";

	private Signature() {
	}

	/**
	 * Signs.
	 * @param key the secret
	 * @param text what is signed
	 * @return the signature in Base64
	 */
	static String sign(byte[] key, String text) {
		try {
			Mac mac = Mac.getInstance(ALGORITHM);
			mac.init(new SecretKeySpec(key, ALGORITHM));
			return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
