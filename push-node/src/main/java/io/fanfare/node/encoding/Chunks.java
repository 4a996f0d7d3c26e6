package io.fanfare.node.encoding;

import java.nio.charset.StandardCharsets;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** Frames chunks of a chunked body (RFC 9112, section 7.1). */
public final class Chunks {

	/** Bytes that framing adds at most. */
	static final int OVERHEAD = 12;

	/** The last chunk: the end of the body. */
	private static final byte[] LAST = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

	private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

	private Chunks() {
	}

	/**
	 * Makes one chunk of some bytes.
	 * @param allocator makes the buffer
	 * @param bytes the bytes
	 * @return the chunk
	 */
	public static ByteBuf chunk(ByteBufAllocator allocator, byte[] bytes) {
		ByteBuf chunk = allocator.directBuffer(bytes.length + OVERHEAD);
		begin(chunk, bytes.length);
		chunk.writeBytes(bytes);
		return end(chunk);
	}

	/**
	 * Appends the end of the body.
	 * @param buffer where
	 * @return the buffer
	 */
	public static ByteBuf last(ByteBuf buffer) {
		return buffer.writeBytes(LAST);
	}

	/**
	 * Makes the first chunk of a body, behind the head of the answer.
	 * @param allocator makes the buffer
	 * @param head the head
	 * @param bytes the chunk's bytes
	 * @return both
	 */
	public static ByteBuf first(ByteBufAllocator allocator, byte[] head, byte[] bytes) {
		ByteBuf answer = allocator.directBuffer(head.length + bytes.length + OVERHEAD).writeBytes(head);
		begin(answer, bytes.length);
		return end(answer.writeBytes(bytes));
	}

	static void begin(ByteBuf chunk, int size) {
		int digits = Math.max(1, (35 - Integer.numberOfLeadingZeros(size)) / 4);
		for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
			chunk.writeByte(HEX[size >> shift & 0xF]);
		}
		chunk.writeByte('\r').writeByte('\n');
	}

	static ByteBuf end(ByteBuf chunk) {
		return chunk.writeByte('\r').writeByte('\n');
	}

}
