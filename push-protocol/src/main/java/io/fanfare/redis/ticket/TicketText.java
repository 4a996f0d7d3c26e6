package io.fanfare.redis.ticket;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

import org.jspecify.annotations.Nullable;

/** A ticket as its holder has it: 128 random bits in base64url. Never stored. */
final class TicketText {

	private static final int BYTES = 16;

	/** 22 characters; the last one carries four bits that are 0. */
	private static final int LENGTH = 22;

	private TicketText() {
	}

	static String create(RandomGenerator random) {
		byte[] bits = new byte[BYTES];
		random.nextBytes(bits);
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
	}

	/** The digest of a ticket, or null for a text that cannot be one. */
	static @Nullable String digest(String text) {
		if (text.length() != LENGTH) {
			return null;
		}
		for (int i = 0; i < LENGTH; i++) {
			char c = text.charAt(i);
			if (!(c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_')) {
				return null;
			}
		}
		if ("AQgw".indexOf(text.charAt(LENGTH - 1)) < 0) {
			return null;
		}
		try {
			return HexFormat.of()
				.formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.US_ASCII)));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
