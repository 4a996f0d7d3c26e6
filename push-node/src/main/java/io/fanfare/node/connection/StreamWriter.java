package io.fanfare.node.connection;

import java.time.Duration;
import java.util.function.Supplier;

import io.fanfare.node.encoding.Backlog;
import io.fanfare.node.encoding.SharedChunk;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.QuotaUse;
import io.fanfare.protocol.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * The one way from a connection to its socket. Knows whether the head of the answer was
 * written, and counts what is written. Bytes are those of blocks before compression,
 * without the last block of a stream. Belongs to its connection's loop.
 */
final class StreamWriter {

	/** Where an error of a copy is counted. */
	private static final String COPY = "tail";

	private final Outlet outlet;

	private final StreamLoop loop;

	/** Whether the head of the answer was written: the stream waits, or it is begun. */
	private boolean answered;

	/** When anything was last written, at first when the request came. */
	private long lastWriteNanos;

	/** When messages were last written, at first when the stream began. */
	private long lastMessageNanos;

	/** When a block last moved the client's cursor, at first when the request came. */
	private long lastCursorNanos;

	private long messagesSent;

	private long bytesSent;

	/** What the kernel had taken when that was last asked for. */
	private long taken = -1;

	/** Who receives copies of what is written, or null for nothing. */
	private @Nullable StreamCopy copy;

	StreamWriter(Outlet outlet, StreamLoop loop) {
		this.outlet = outlet;
		this.loop = loop;
		this.lastWriteNanos = loop.nanoTime();
		this.lastCursorNanos = this.lastWriteNanos;
	}

	// ---- what is written

	/** Shows what is left of a quota, unless the head of the answer was written. */
	void show(QuotaUse left) {
		if (!this.answered) {
			this.outlet.show(left);
		}
	}

	/** Writes a block, behind the head of the answer if that was not written before. */
	void answer(byte[] block) {
		answer(block, () -> block);
	}

	/**
	 * Writes a block that holds what only its client may know.
	 * @param block the block
	 * @param shown what a copy of the stream has in its place
	 */
	void answer(byte[] block, Supplier<byte[]> shown) {
		if (this.answered) {
			this.outlet.write(block);
		}
		else {
			this.outlet.begin(block);
			this.answered = true;
		}
		wrote(block.length);
		if (this.copy != null) {
			copied(shown.get());
		}
	}

	/** Writes a block of this stream's own. */
	void write(byte[] block) {
		this.outlet.write(block);
		wrote(block.length);
		if (this.copy != null) {
			copied(block);
		}
	}

	/**
	 * Writes messages.
	 * @param chunk their bytes, which other streams may be given as well
	 * @param messages the messages
	 */
	void write(SharedChunk chunk, Backlog messages) {
		this.outlet.write(chunk);
		this.messagesSent += messages.size();
		wrote(messages.bytes());
		this.lastMessageNanos = this.lastWriteNanos;
		if (this.copy != null) {
			messages.eachBlock(this::copied);
		}
	}

	private void wrote(int bytes) {
		this.bytesSent += bytes;
		this.loop.wrote(bytes);
		this.lastWriteNanos = this.loop.nanoTime();
	}

	/** The first block of the stream was written. */
	void began() {
		this.lastMessageNanos = this.lastWriteNanos;
	}

	/** What was written last moved the client's cursor. */
	void movedCursor() {
		this.lastCursorNanos = this.lastWriteNanos;
	}

	/**
	 * The client's cursor is where it has to be.
	 * @param nowNanos now, by the loop's clock
	 */
	void cursorIsCurrent(long nowNanos) {
		this.lastCursorNanos = nowNanos;
	}

	/** Says that there is no stream now, and closes. The head was not written. */
	void refuse(CloseReason reason, Duration retry) {
		this.outlet.refuse(reason, retry);
	}

	/** Says that a quota is used up, and closes. The head was not written. */
	void refuse(Quota quota, Duration retry) {
		this.outlet.refuse(quota, retry);
	}

	/** Says that its ticket opens no stream, and closes. The head was not written. */
	void refuseTicket() {
		this.outlet.refuseTicket();
	}

	/**
	 * Says that the token grants nothing, and closes. The head was not written.
	 * @return whether the client asked for a status; otherwise nothing was written
	 */
	boolean refuseToken() {
		return this.outlet.refuseToken();
	}

	/**
	 * Ends the stream in order and closes.
	 * @param block the last block, or null to end without one
	 */
	void end(byte @Nullable [] block) {
		this.outlet.end(block);
		if (block != null) {
			copied(block);
		}
	}

	/** Closes at once. */
	void abort() {
		this.outlet.abort();
	}

	// ---- copies

	/** Copies what is written from now on. */
	void copyTo(StreamCopy receiver) {
		this.copy = receiver;
	}

	private void copied(byte[] block) {
		StreamCopy receiver = this.copy;
		if (receiver == null) {
			return;
		}
		boolean[] wanted = new boolean[1];
		this.loop.context().errors().run(COPY, () -> {
			wanted[0] = receiver.block(block);
		});
		if (!wanted[0]) {
			this.copy = null;
		}
	}

	/** The stream ended: what receives copies is notified. */
	void ended(Ending ending) {
		StreamCopy receiver = this.copy;
		this.copy = null;
		if (receiver != null) {
			this.loop.context().errors().run(COPY, () -> receiver.ended(ending.reason()));
		}
	}

	// ---- what was written

	boolean isAnswered() {
		return this.answered;
	}

	long lastWriteNanos() {
		return this.lastWriteNanos;
	}

	long lastMessageNanos() {
		return this.lastMessageNanos;
	}

	long lastCursorNanos() {
		return this.lastCursorNanos;
	}

	long messagesSent() {
		return this.messagesSent;
	}

	long bytesSent() {
		return this.bytesSent;
	}

	// ---- the socket

	/** Whether the peer is still there, as far as is known. */
	boolean isOpen() {
		return this.outlet.isOpen();
	}

	/** Whether the socket takes a block of a few bytes. */
	boolean isWritable() {
		return this.outlet.isWritable();
	}

	/** Whether the socket takes so many bytes without piling up. */
	boolean isWritable(int bytes) {
		return this.outlet.isWritable(bytes);
	}

	/** How long ago the peer's kernel last acknowledged anything; null where it did. */
	@Nullable Duration unacknowledged() {
		return this.outlet.unacknowledged();
	}

	/** How many bytes were written and are not in the kernel yet. */
	long pendingBytes() {
		return this.outlet.pendingBytes();
	}

	/** How many bytes of direct memory are held until the kernel has taken them. */
	long heldBytes() {
		return this.outlet.heldBytes();
	}

	/** How many bytes of all that was written are in the kernel. */
	long drainedBytes() {
		return this.outlet.drainedBytes();
	}

	/**
	 * Whether the client's kernel took nothing since this was last asked. Only the loop
	 * asks, when memory is scarce.
	 */
	boolean tookNothing() {
		long drained = drainedBytes();
		boolean same = drained == this.taken;
		this.taken = drained;
		return same;
	}

}
