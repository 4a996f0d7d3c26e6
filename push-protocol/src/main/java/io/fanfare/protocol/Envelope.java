package io.fanfare.protocol;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

/**
 * What a publisher said, as it lies in the history and travels to the nodes. The id and
 * the channel stand outside: one publish to many users is one envelope.
 *
 * <pre>
 * version 1 | flags 1 | published at 8 | expires at 8 | event length 1, event | traceparent length 1, traceparent | data
 * </pre>
 *
 * Numbers are big-endian. The data is binary-safe and never parsed on the way.
 *
 * @param event the event's name, {@link EventName#DEFAULT} where the publisher gave none
 * @param data the payload, UTF-8; no holder of the envelope may change it
 * @param publishedAt milliseconds since the epoch by the publisher's API node
 * @param expiresAt milliseconds since the epoch after which the message is of no use, 0
 * for never
 * @param ephemeral whether the message is not stored
 * @param traceparent the W3C trace context of the publish request, if it had one
 * @param receipt whether a verdict is awaited of each user; earlier versions ignore it
 */
public record Envelope(String event, byte[] data, long publishedAt, long expiresAt, boolean ephemeral,
		@Nullable String traceparent, boolean receipt) {

	private static final byte VERSION = 1;

	private static final int FLAG_EPHEMERAL = 1;

	private static final int FLAG_RECEIPT = 2;

	private static final int FIXED = 1 + 1 + 8 + 8 + 1 + 1;

	/** Without a verdict. */
	public Envelope(String event, byte[] data, long publishedAt, long expiresAt, boolean ephemeral,
			@Nullable String traceparent) {
		this(event, data, publishedAt, expiresAt, ephemeral, traceparent, false);
	}

	/**
	 * Writes the envelope.
	 * @return its bytes
	 */
	public byte[] encode() {
		byte[] name = this.event.equals(EventName.DEFAULT) ? new byte[0]
				: this.event.getBytes(StandardCharsets.US_ASCII);
		byte[] trace = (this.traceparent != null) ? this.traceparent.getBytes(StandardCharsets.US_ASCII) : new byte[0];
		if (name.length > 255 || trace.length > 255) {
			throw new IllegalArgumentException("Event or traceparent is longer than 255 bytes");
		}
		return ByteBuffer.allocate(FIXED + name.length + trace.length + this.data.length)
			.put(VERSION)
			.put((byte) ((this.ephemeral ? FLAG_EPHEMERAL : 0) | (this.receipt ? FLAG_RECEIPT : 0)))
			.putLong(this.publishedAt)
			.putLong(this.expiresAt)
			.put((byte) name.length)
			.put(name)
			.put((byte) trace.length)
			.put(trace)
			.put(this.data)
			.array();
	}

	/**
	 * Reads an envelope.
	 * @param bytes what holds it
	 * @param offset where it begins; it goes to the end
	 * @return the envelope
	 * @throws IllegalArgumentException if that is no envelope of a version known here
	 */
	public static Envelope decode(byte[] bytes, int offset) {
		if (bytes.length - offset < FIXED || bytes[offset] != VERSION) {
			throw new IllegalArgumentException("Not an envelope of version " + VERSION);
		}
		ByteBuffer in = ByteBuffer.wrap(bytes, offset + 1, bytes.length - offset - 1);
		int flags = in.get();
		long publishedAt = in.getLong();
		long expiresAt = in.getLong();
		String event = ascii(in);
		String trace = ascii(in);
		if (!isPrintable(event) || !isPrintable(trace)) {
			throw new IllegalArgumentException("The envelope's event or traceparent could not be written to a stream");
		}
		byte[] data = new byte[in.remaining()];
		in.get(data);
		return new Envelope(event.isEmpty() ? EventName.DEFAULT : event, data, publishedAt, expiresAt,
				(flags & FLAG_EPHEMERAL) != 0, trace.isEmpty() ? null : trace, (flags & FLAG_RECEIPT) != 0);
	}

	private static boolean isPrintable(String text) {
		for (int i = 0; i < text.length(); i++) {
			if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
				return false;
			}
		}
		return true;
	}

	private static String ascii(ByteBuffer in) {
		int length = in.hasRemaining() ? in.get() & 0xFF : -1;
		if (length < 0 || length > in.remaining()) {
			throw new IllegalArgumentException("The envelope is cut short");
		}
		String text = new String(in.array(), in.arrayOffset() + in.position(), length, StandardCharsets.US_ASCII);
		in.position(in.position() + length);
		return text;
	}

	/**
	 * Returns whether the message is of no use any more.
	 * @param now milliseconds since the epoch
	 * @return whether its own time to live has passed
	 */
	public boolean isExpired(long now) {
		return this.expiresAt != 0 && this.expiresAt <= now;
	}

}
