package io.fanfare.node.encoding;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The body of one stream in the gzip coding (RFC 1952): appends what all streams share,
 * and what is its own as it is. There is no compressor a stream: all it keeps is the
 * CRC-32 and the length of what went out, for the trailer. Belongs to its connection's
 * loop.
 */
public final class GzipBody {

	/** Deflate, no flags, no time, no system. */
	private static final byte[] HEADER = { 0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, (byte) 0xff };

	/** The last block: of fixed codes, and empty. */
	private static final byte[] LAST_BLOCK = { 3, 0 };

	private static final int TRAILER = LAST_BLOCK.length + 8;

	private static final byte[] NOTHING = {};

	private final int threshold;

	private int crc;

	/** Modulo 2^32, as the trailer wants it. */
	private int length;

	/**
	 * Makes an empty body.
	 * @param threshold messages whose block has more bytes than this are compressed
	 */
	public GzipBody(int threshold) {
		this.threshold = threshold;
	}

	/**
	 * Begins the body.
	 * @param allocator makes the buffer
	 * @param blocks its first blocks
	 * @return a chunk
	 */
	public ByteBuf begin(ByteBufAllocator allocator, byte[] blocks) {
		return chunk(allocator, HEADER, blocks, 0);
	}

	/**
	 * Appends a block of the stream's own.
	 * @param allocator makes the buffer
	 * @param block the block
	 * @return a chunk
	 */
	public ByteBuf append(ByteBufAllocator allocator, byte[] block) {
		return chunk(allocator, NOTHING, block, 0);
	}

	/**
	 * Appends what all streams share.
	 * @param shared the chunk
	 * @return the same bytes for all
	 */
	public ByteBuf append(SharedChunk shared) {
		GzipPart part = shared.gzip(this.threshold);
		append(part.crc(), part.shift(), part.length());
		return part.chunk().retainedDuplicate();
	}

	/**
	 * Ends the body, so that its reader knows that all of it came.
	 * @param allocator makes the buffer
	 * @param block the last block, or null for none
	 * @return the chunk with the trailer
	 */
	public ByteBuf end(ByteBufAllocator allocator, byte @Nullable [] block) {
		return chunk(allocator, NOTHING, (block != null) ? block : NOTHING, TRAILER);
	}

	private ByteBuf chunk(ByteBufAllocator allocator, byte[] before, byte[] block, int trailer) {
		int size = before.length + GzipPart.storedSize(block.length) + trailer;
		// First: without memory nothing was appended.
		ByteBuf chunk = allocator.directBuffer(size + Chunks.OVERHEAD);
		append(GzipPart.crc(block), CombinedCrc.shift(block.length), block.length);
		Chunks.begin(chunk, size);
		chunk.writeBytes(before);
		GzipPart.writeStored(chunk, block);
		if (trailer > 0) {
			chunk.writeBytes(LAST_BLOCK).writeIntLE(this.crc).writeIntLE(this.length);
		}
		return Chunks.end(chunk);
	}

	private void append(int partCrc, int shift, int partLength) {
		this.crc = CombinedCrc.combine(this.crc, partCrc, shift);
		this.length += partLength;
	}

}
