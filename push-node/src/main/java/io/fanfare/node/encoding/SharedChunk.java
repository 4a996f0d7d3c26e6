package io.fanfare.node.encoding;

import java.util.zip.CRC32;

import io.fanfare.node.broker.Message;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a backlog, shared by neighbours that are owed the same: one chunk in each
 * coding, made when the first stream of that coding wants it. A loop has one and moves it
 * from backlog to backlog. Belongs to the loop.
 */
public final class SharedChunk {

	/**
	 * How many bytes are compressed for one chunk at most; what is beyond travels as it
	 * is. It bounds how long a loop is busy with one stream that catches up: 256 KiB take
	 * some 1.5 ms.
	 */
	private static final int COMPRESSED_AT_ONCE = 256 * 1024;

	private final BlockDeflater deflater = new BlockDeflater();

	private final Owed owed;

	private @Nullable Backlog backlog;

	private @Nullable ByteBuf plain;

	private @Nullable GzipPart gzip;

	/**
	 * Creates the chunk of no backlog.
	 * @param owed counts the backlog whose chunk it is
	 */
	public SharedChunk(Owed owed) {
		this.owed = owed;
	}

	/**
	 * Becomes the chunk of a backlog, and holds it, so that neighbours come to it, too.
	 * @param wanted the backlog
	 * @return this chunk
	 */
	public SharedChunk of(Backlog wanted) {
		if (this.backlog != wanted) {
			this.owed.share(wanted);
			drop();
			this.backlog = wanted;
		}
		return this;
	}

	/**
	 * The blocks of all messages as one chunk.
	 * @return bytes to be released
	 */
	public ByteBuf plain() {
		ByteBuf present = this.plain;
		if (present == null) {
			present = backlog().encode(ByteBufAllocator.DEFAULT);
			this.plain = present;
		}
		return present.retainedDuplicate();
	}

	/** The same as a part of gzip streams. It stays the loop's. */
	GzipPart gzip(int threshold) {
		GzipPart present = this.gzip;
		if (present == null) {
			present = encode(backlog(), threshold);
			this.gzip = present;
		}
		return present;
	}

	private Backlog backlog() {
		Backlog present = this.backlog;
		if (present == null) {
			throw new IllegalStateException("The chunk of no backlog");
		}
		return present;
	}

	private GzipPart encode(Backlog encoded, int threshold) {
		Message[] messages = encoded.messages();
		byte[][] deflated = new byte[messages.length][];
		CRC32 crc = new CRC32();
		int size = 0;
		int left = COMPRESSED_AT_ONCE;
		for (int i = 0; i < messages.length; i++) {
			byte[] block = messages[i].block();
			crc.update(block);
			if (block.length > threshold && left > 0) {
				left -= block.length;
				deflated[i] = this.deflater.deflate(messages[i]);
			}
			size += (deflated[i] != null) ? deflated[i].length : GzipPart.storedSize(block.length);
		}
		ByteBuf chunk = ByteBufAllocator.DEFAULT.directBuffer(size + Chunks.OVERHEAD);
		Chunks.begin(chunk, size);
		for (int i = 0; i < messages.length; i++) {
			if (deflated[i] != null) {
				chunk.writeBytes(deflated[i]);
			}
			else {
				GzipPart.writeStored(chunk, messages[i].block());
			}
		}
		return new GzipPart(Chunks.end(chunk), (int) crc.getValue(), CombinedCrc.shift(encoded.bytes()),
				encoded.bytes());
	}

	/** Lets the bytes go. */
	public void drop() {
		ByteBuf first = this.plain;
		GzipPart second = this.gzip;
		Backlog held = this.backlog;
		this.plain = null;
		this.gzip = null;
		this.backlog = null;
		if (held != null) {
			this.owed.drop(held);
		}
		if (first != null) {
			first.release();
		}
		if (second != null) {
			second.chunk().release();
		}
	}

	/** Lets everything go that it holds. */
	public void close() {
		drop();
		this.deflater.close();
	}

}
