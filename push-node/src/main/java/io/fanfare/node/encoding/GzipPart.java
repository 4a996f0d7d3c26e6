package io.fanfare.node.encoding;

import java.util.zip.CRC32;

import io.netty.buffer.ByteBuf;

/**
 * A stretch of a gzip stream (RFC 1952) that fits behind any other: deflate blocks (RFC
 * 1951) that begin and end at a byte and refer to nothing before them. With what a
 * stream's trailer has to know of its plain bytes.
 *
 * @param chunk the blocks, framed
 * @param crc the CRC-32 of the plain bytes
 * @param shift what the CRC before them is multiplied by, see {@link CombinedCrc}
 * @param length how many plain bytes
 */
record GzipPart(ByteBuf chunk, int crc, int shift, int length) {

	/** What a stored block holds at most. */
	private static final int MAX_STORED = 65_535;

	private static final int STORED_HEADER = 5;

	/** How many bytes some bytes take as they are. */
	static int storedSize(int length) {
		return length + STORED_HEADER * Math.ceilDiv(length, MAX_STORED);
	}

	/** Writes bytes as they are, in blocks that are not the last. */
	static void writeStored(ByteBuf to, byte[] bytes) {
		for (int from = 0; from < bytes.length; from += MAX_STORED) {
			int length = Math.min(MAX_STORED, bytes.length - from);
			to.writeByte(0).writeShortLE(length).writeShortLE(~length).writeBytes(bytes, from, length);
		}
	}

	static int crc(byte[] bytes) {
		CRC32 crc = new CRC32();
		crc.update(bytes);
		return (int) crc.getValue();
	}

}
