package io.fanfare.redis;

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
 * uses. What a script takes and returns stands at its head. A preamble that a call rarely
 * needs stands in the middle, in place of a line {@code --+ <preamble>}: Redis makes its
 * functions where the call gets that far.
 * <p>
 * What keeps streams alive and frees memory runs on a Redis whose {@code maxmemory} is
 * reached, by the flag {@code allow-oom}. A script with flags is refused as a whole where
 * the server refuses writes for another reason, so scripts that only read have none: they
 * are served as long as they have nothing to write.
 */
public enum Script {

	/**
	 * Without flags: on a full Redis it still answers what it published before, and is
	 * refused at its first write otherwise.
	 */
	PUBLISH_MESSAGES(ScriptOutputType.MULTI, "ids", "clock", "take", "doubt", "trim", "quota"),

	CLAIM_USER(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock", "guard", "doubt", "counts", "renewals",
			"tombstone", "successor"),

	ISSUE_TICKET(ScriptOutputType.MULTI, "ids", "clock", "revocation", "revoked-token"),

	SPEND_TICKET(Lines.ALLOW_OOM, ScriptOutputType.VALUE, "ids", "clock", "revocation", "revoked-token", "tickets"),

	CHECK_TOKEN(ScriptOutputType.INTEGER, "ids", "clock", "revocation", "revoked-token"),

	RELEASE_USERS(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "hidden", "owner", "entry"),

	RENEW_USERS(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock", "guard", "renewals", "owner", "kick",
			"displacement", "tombstone", "successor", "succession", "revocation-log"),

	REAP_PRESENCE(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "owner"),

	ERASE_MESSAGE(Lines.ALLOW_OOM, ScriptOutputType.VALUE, "ids", "clock", "take", "doubt", "owner", "entry"),

	ERASE_USER(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock", "take", "doubt", "owner", "kick"),

	DISCONNECT_USER(Lines.ALLOW_OOM, ScriptOutputType.VALUE, "ids", "clock", "take", "owner", "kick"),

	SWEEP_EVENTS(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock", "owner", "presence-events"),

	SETTLE_RECEIPTS(Lines.ALLOW_OOM, ScriptOutputType.INTEGER, "ids", "clock", "give-verdict"),

	SWEEP_RECEIPTS(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock", "give-verdict"),

	TAKE_EVENTS(ScriptOutputType.MULTI),

	PUT_REVOCATION(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock", "take", "revocation", "revocation-log"),

	LIFT_REVOCATION(Lines.ALLOW_OOM, ScriptOutputType.INTEGER, "ids", "clock", "revocation"),

	READ_REVOCATIONS(ScriptOutputType.MULTI, "revocation"),

	ADMIT_ADDRESS(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "counts"),

	RENEW_ADDRESSES(Lines.ALLOW_OOM, ScriptOutputType.VALUE),

	READ_HISTORY(ScriptOutputType.MULTI, "ids", "clock", "guard", "entry", "history"),

	FIND_START(ScriptOutputType.MULTI, "ids", "clock", "entry", "history"),

	CHECK_CHANNELS(ScriptOutputType.MULTI, "ids", "clock", "guard"),

	READ_PAGE(ScriptOutputType.MULTI, "ids", "clock", "entry", "history"),

	PROBE_NODE(Lines.ALLOW_OOM, ScriptOutputType.VALUE, "ids", "clock", "take"),

	FORGET_CHANNELS(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock"),

	TRIM_HISTORY(Lines.ALLOW_OOM, ScriptOutputType.MULTI, "ids", "clock", "trim"),

	PUT_NODE(Lines.ALLOW_OOM, ScriptOutputType.INTEGER, "ids", "clock"),

	PUT_HANDOVER(ScriptOutputType.INTEGER, "ids", "clock"),

	LEAD_DRAIN(ScriptOutputType.INTEGER),

	LEAD_ALERTS(Lines.ALLOW_OOM, ScriptOutputType.MULTI),

	OPEN_PARTITION(Lines.ALLOW_OOM, ScriptOutputType.VALUE, "ids", "clock"),

	CHECK_WRITES(ScriptOutputType.VALUE);

	/** Lines of scripts; constants of an enum cannot name its own fields. */
	private static final class Lines {

		private static final String ALLOW_OOM = "#!lua flags=allow-oom\n";

		/** Begins a line in place of which a preamble stands. */
		private static final String PREAMBLE = "--+ ";

	}

	private final String fileName = name().toLowerCase(Locale.ROOT).replace('_', '-');

	private final ScriptOutputType output;

	private final String source;

	private final String digest;

	Script(ScriptOutputType output, String... preambles) {
		this("", output, preambles);
	}

	Script(String firstLine, ScriptOutputType output, String... preambles) {
		this.output = output;
		StringBuilder text = new StringBuilder(firstLine);
		for (String preamble : preambles) {
			text.append(read(preamble));
		}
		read(fileName()).lines()
			.map((line) -> line.strip().startsWith(Lines.PREAMBLE)
					? read(line.strip().substring(Lines.PREAMBLE.length())) : line + "\n")
			.forEach(text::append);
		this.source = text.toString();
		try {
			this.digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(source()));
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** The text of a script or preamble. */
	static String read(String name) {
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
	public String fileName() {
		return this.fileName;
	}

	ScriptOutputType output() {
		return this.output;
	}

	byte[] source() {
		return this.source.getBytes(StandardCharsets.UTF_8);
	}

	/**
	 * The source of a script without flags, to be run although {@code maxmemory} is
	 * reached.
	 */
	byte[] sourceThatAllowsOom() {
		return (Lines.ALLOW_OOM.strip() + "\n" + this.source).getBytes(StandardCharsets.UTF_8);
	}

	String digest() {
		return this.digest;
	}

}
