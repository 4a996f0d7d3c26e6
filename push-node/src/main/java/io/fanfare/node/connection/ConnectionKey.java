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
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
			return BASE64.encodeToString(Arrays.copyOf(digest, ID_BYTES));
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
