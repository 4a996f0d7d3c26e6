package io.fanfare.boot.jwt;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the parts of a token: base64url in its one form (RFC 7515, section 2: no padding,
 * no other characters, no bits that do not count), then UTF-8, then a JSON object without
 * a name that stands twice. So one token has one text. Any thread may call.
 */
public final class TokenPart {

	private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	private static final Base64.Decoder DECODER = Base64.getUrlDecoder();

	/** No claim is nested deeper. */
	private static final int MAX_DEPTH = 20;

	/** Stands for what is no UTF-8, and for itself. */
	private static final char REPLACEMENT = '\uFFFD';

	/** The first byte of one in UTF-8. No object begins with it. */
	private static final byte BYTE_ORDER_MARK = (byte) 0xEF;

	private static final JsonMapper JSON = JsonMapper
		.builder(JsonFactory.builder()
			.streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
			.build())
		.enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
		.build();

	private TokenPart() {
	}

	/** Whether the bits of the last character that carry nothing are zero. */
	private static boolean isCanonical(String text) {
		int rest = text.length() % 4;
		if (rest == 0) {
			return !text.endsWith("=");
		}
		int last = ALPHABET.indexOf(text.charAt(text.length() - 1));
		int unused = (rest == 2) ? 0b1111 : 0b11;
		return rest != 1 && last >= 0 && (last & unused) == 0;
	}

	/**
	 * Whether a text is base64url in its one form.
	 * @param text the text
	 * @return whether it is
	 */
	public static boolean isBase64Url(String text) {
		for (int i = 0; i < text.length(); i++) {
			char next = text.charAt(i);
			if (!(next >= 'a' && next <= 'z' || next >= 'A' && next <= 'Z' || next >= '0' && next <= '9' || next == '-'
					|| next == '_')) {
				return false;
			}
		}
		return isCanonical(text);
	}

	/**
	 * The same in a tenth of the time, for a text that is compared with so many bytes
	 * afterwards: of one with other characters a lax decoder leaves fewer.
	 * @param text the text
	 * @param bytes how many it stands for
	 * @return whether it may be base64url in its one form
	 */
	public static boolean isBase64Url(String text, int bytes) {
		return text.length() == (bytes * 4 + 2) / 3 && isCanonical(text) && text.indexOf('+') < 0
				&& text.indexOf('/') < 0;
	}

	private static byte @Nullable [] decode(String text) {
		try {
			return isCanonical(text) ? DECODER.decode(text) : null;
		}
		catch (IllegalArgumentException ex) {
			return null;
		}
	}

	/**
	 * Reads a part.
	 * @param part the encoded part
	 * @return the object, or null where it is none
	 */
	public static @Nullable JsonNode read(String part) {
		byte[] bytes = decode(part);
		if (bytes == null || !isUtf8(bytes)) {
			return null;
		}
		try {
			JsonNode node = JSON.readTree(bytes);
			return node.isObject() ? node : null;
		}
		catch (RuntimeException ex) {
			// Whatever the parser throws, it is no token. Its refusal is counted.
			return null;
		}
	}

	/**
	 * Jackson takes overlong forms and lone surrogates, and finds UTF-16 and UTF-32 by
	 * their zeros.
	 */
	private static boolean isUtf8(byte[] bytes) {
		// Where there is none of these, all bytes were read.
		return startsAsUtf8(bytes)
				&& (new String(bytes, StandardCharsets.UTF_8).indexOf(REPLACEMENT) < 0 || isDecodable(bytes));
	}

	private static boolean startsAsUtf8(byte[] bytes) {
		for (int i = 0; i < Math.min(4, bytes.length); i++) {
			if (bytes[i] == 0 || bytes[i] == BYTE_ORDER_MARK) {
				return false;
			}
		}
		return true;
	}

	private static boolean isDecodable(byte[] bytes) {
		try {
			StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
			return true;
		}
		catch (CharacterCodingException ex) {
			return false;
		}
	}

}
