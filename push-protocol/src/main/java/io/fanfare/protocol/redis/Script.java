package io.fanfare.protocol.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

import io.lettuce.core.ScriptOutputType;

/**
 * The catalog of scripts: {@code redis/<verb>-<noun>.lua}, each behind the preambles it
 * uses. What a script takes and returns stands at its head.
 */
enum Script {

	PUBLISH_MESSAGES(ScriptOutputType.MULTI, "clock"),

	REHEARSE_MESSAGES(ScriptOutputType.MULTI),

	CLAIM_USER(ScriptOutputType.MULTI, "clock", "presence"),

	REHEARSE_CLAIM(ScriptOutputType.MULTI),

	RELEASE_USERS(ScriptOutputType.MULTI, "clock", "presence", "history"),

	RENEW_USERS(ScriptOutputType.MULTI, "clock", "presence"),

	REAP_PRESENCE(ScriptOutputType.MULTI, "presence"),

	DISCONNECT_USER(ScriptOutputType.VALUE, "clock", "presence"),

	ADMIT_ADDRESS(ScriptOutputType.MULTI),

	RENEW_ADDRESSES(ScriptOutputType.VALUE),

	READ_HISTORY(ScriptOutputType.MULTI, "clock", "history"),

	FIND_START(ScriptOutputType.MULTI, "clock", "history"),

	CHECK_CHANNELS(ScriptOutputType.MULTI, "clock"),

	READ_PAGE(ScriptOutputType.MULTI, "clock", "history"),

	PROBE_NODE(ScriptOutputType.VALUE, "clock"),

	FORGET_CHANNELS(ScriptOutputType.MULTI, "clock"),

	CHECK_WRITES(ScriptOutputType.VALUE);

	private final ScriptOutputType output;

	private final byte[] source;

	private final String digest;

	Script(ScriptOutputType output, String... preambles) {
		this.output = output;
		StringBuilder text = new StringBuilder();
		for (String preamble : preambles) {
			text.append(read(preamble));
		}
		text.append(read(fileName()));
		this.source = text.toString().getBytes(StandardCharsets.UTF_8);
		try {
			this.digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(this.source));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String read(String name) {
		String path = "/redis/" + name + ".lua";
		try (InputStream in = Script.class.getResourceAsStream(path)) {
			if (in == null) {
				throw new IllegalStateException("No script " + path + " on the class path");
			}
			return new String(in.readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** What it is called: its file's name without the ending. */
	String fileName() {
		return name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	ScriptOutputType output() {
		return this.output;
	}

	byte[] source() {
		return this.source;
	}

	String digest() {
		return this.digest;
	}

}
