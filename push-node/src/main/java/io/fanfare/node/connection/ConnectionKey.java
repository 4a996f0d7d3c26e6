package io.fanfare.node.connection;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.random.RandomGenerator;

import org.jspecify.annotations.Nullable;

/**
 * The capability to acknowledge and to end a stream: {@code <node>.<22 characters>}, 128
 * random bits. Only the client of the stream has it.
 * <p>
 * The connection's id is a digest of it, {@code <node>.<16 characters>}: the first 96
 * bits of its SHA-256. So the id may be shown, a node finds the connection by the key
 * without a second table, and what travels to another node is the id: the key itself is
 * neither kept nor sent anywhere.
 *
 * @param value the key
 * @param connection the id of the connection that it is for
 */
public record ConnectionKey(String value, String connection) {

	private static final int KEY_BYTES = 16;

	private static final int KEY_LENGTH = 22;

	private static final int ID_BYTES = 12;

	/** Never used itself, only copied: it has no state to share. */
	private static final MessageDigest SHA_256 = sha256();

	private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

	static ConnectionKey create(String node, RandomGenerator secureRandom) {
		byte[] random = new byte[KEY_BYTES];
		secureRandom.nextBytes(random);
		String key = node + "." + BASE64.encodeToString(random);
		return new ConnectionKey(key, node + "." + digest(key));
	}

	/**
	 * Finds out which connection a key is for.
	 * @param key what a client sent
	 * @return the connection's id, or null if that is no key
	 */
	public static @Nullable String connectionOf(String key) {
		int dot = key.lastIndexOf('.');
		if (dot <= 0 || key.length() - dot - 1 != KEY_LENGTH) {
			return null;
		}
		for (int i = dot + 1; i < key.length(); i++) {
			if (!isBase64(key.charAt(i))) {
				return null;
			}
		}
		return key.substring(0, dot + 1) + digest(key);
	}

	private static boolean isBase64(char c) {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_';
	}

	private static String digest(String key) {
		try {
			// A copy is made in a fraction of the time that a look-up takes.
			MessageDigest sha256 = (MessageDigest) SHA_256.clone();
			return BASE64
				.encodeToString(Arrays.copyOf(sha256.digest(key.getBytes(StandardCharsets.US_ASCII)), ID_BYTES));
		}
		catch (CloneNotSupportedException ex) {
			throw new IllegalStateException("The platform's SHA-256 cannot be copied", ex);
		}
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("Every Java platform has SHA-256", ex);
		}
	}

	/** Without the key, which must not reach a log. */
	@Override
	public String toString() {
		return this.connection;
	}

}
