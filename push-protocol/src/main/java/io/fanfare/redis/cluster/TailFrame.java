package io.fanfare.redis.cluster;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import io.fanfare.protocol.Frame;
import org.jspecify.annotations.Nullable;

/**
 * Copies of what one stream was sent, as they travel on the channel of the process that
 * asked for them: {@code T tail connection first dropped ended}, LF, and blocks of the
 * stream as they are. What a later version says behind these is passed over.
 *
 * @param tail what the process distinguishes them by
 * @param connection the connection
 * @param first the number of the first block, among the blocks of the connection that
 * were copied or dropped: a jump shows that frames were lost
 * @param dropped how many blocks directly before it the node dropped
 * @param ended how the stream ended behind the blocks, or null ({@code -}) if it goes on
 * @param blocks the blocks
 */
public record TailFrame(String tail, String connection, long first, long dropped, @Nullable String ended,
		byte[] blocks) {

	private static final String KIND = "T";

	private static final int PARTS = 6;

	/**
	 * The same without its blocks, which count as lost: its number is that of what would
	 * follow them.
	 * @return the frame
	 */
	public TailFrame withoutBlocks() {
		int count = 0;
		boolean lineEnded = false;
		for (byte each : this.blocks) {
			boolean blockEnded = each == '\n' && lineEnded;
			count += blockEnded ? 1 : 0;
			// A line feed ends one block only
			lineEnded = each == '\n' && !blockEnded;
		}
		return new TailFrame(this.tail, this.connection, this.first + count, this.dropped + count, this.ended,
				new byte[0]);
	}

	byte[] encode() {
		return Frame.line(String.join(" ", KIND, this.tail, this.connection, Long.toString(this.first),
				Long.toString(this.dropped), (this.ended != null) ? this.ended : "-"), this.blocks);
	}

	/** Whether bytes are such a frame rather than an answer. */
	static boolean is(byte[] bytes) {
		return bytes.length > 1 && bytes[0] == 'T' && bytes[1] == ' ';
	}

	/**
	 * Reads a frame.
	 * @throws IllegalArgumentException if it is malformed
	 */
	static TailFrame decode(byte[] bytes) {
		int end = 0;
		while (end < bytes.length && bytes[end] != '\n') {
			end++;
		}
		String[] head = new String(bytes, 0, end, StandardCharsets.UTF_8).split(" ");
		if (end == bytes.length || head.length < PARTS || !head[0].equals(KIND)) {
			throw new IllegalArgumentException("Malformed frame of a tail");
		}
		return new TailFrame(head[1], head[2], Long.parseLong(head[3]), Long.parseLong(head[4]),
				head[5].equals("-") ? null : head[5], Arrays.copyOfRange(bytes, end + 1, bytes.length));
	}

}
