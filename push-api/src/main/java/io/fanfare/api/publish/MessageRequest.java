package io.fanfare.api.publish;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;

import io.fanfare.protocol.ChannelName;
import org.jspecify.annotations.Nullable;

/**
 * A message as a client sent it, read and checked.
 *
 * @param pointer where it stands in the body
 * @param target its recipients
 * @param event its event
 * @param data its data, as it travels
 * @param ttl how long it is of use, or null for as long as it is retained
 * @param ephemeral whether it is not stored
 * @param key the idempotency key, or null
 * @param traceparent the trace that the request belongs to, or null
 * @param within by when each user is to have acknowledged it, or null
 */
record MessageRequest(String pointer, Target target, String event, byte[] data, @Nullable Duration ttl,
		boolean ephemeral, @Nullable String key, @Nullable String traceparent, @Nullable Duration within) {

	/**
	 * A hash of what the message means: SHA-256 over its recipients in order, event, data
	 * as it travels, time to live, whether it is ephemeral and, if given, by when its
	 * verdict is due. Earlier versions hash the same where it is not given. Two requests
	 * that differ only in white space, in the order of their fields or in how a text is
	 * escaped are the same, and so is an item of a batch and a request of its own.
	 */
	String hash() {
		MessageDigest digest = sha256();
		add(digest, this.target.getClass().getSimpleName());
		for (ChannelName channel : this.target.channels()) {
			add(digest, channel.value());
		}
		add(digest, "");
		add(digest, this.event);
		add(digest, (this.ttl != null) ? this.ttl.toString() : "");
		add(digest, Boolean.toString(this.ephemeral));
		add(digest, this.data);
		if (this.within != null) {
			add(digest, this.within.toString());
		}
		return HexFormat.of().formatHex(digest.digest());
	}

	private static void add(MessageDigest digest, String text) {
		add(digest, text.getBytes(StandardCharsets.UTF_8));
	}

	/** With its length, so that no two sequences of parts look alike. */
	private static void add(MessageDigest digest, byte[] part) {
		digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(part.length).flip());
		digest.update(part);
	}

	private static MessageDigest sha256() {
		try {
			return MessageDigest.getInstance("SHA-256");
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
