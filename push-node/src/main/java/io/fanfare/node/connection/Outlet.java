package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.node.encoding.SharedChunk;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.QuotaUse;
import io.fanfare.protocol.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * The socket of a connection, as the connection sees it. Belongs to the connection's
 * loop.
 */
public interface Outlet {

	/**
	 * Shows what is left of a quota in the head of the answer, where it is still to be
	 * written.
	 * @param left what is left of it
	 */
	default void show(QuotaUse left) {
	}

	/**
	 * Answers that the stream begins.
	 * @param blocks its first blocks
	 */
	void begin(byte[] blocks);

	/**
	 * Answers that there will be no stream now, in the form that this client can bear,
	 * and closes.
	 * @param reason why
	 * @param retry when to come back
	 */
	void refuse(CloseReason reason, Duration retry);

	/**
	 * Answers the same because a quota is used up.
	 * @param quota which one
	 * @param retry when to come back
	 */
	void refuse(Quota quota, Duration retry);

	/** Answers that its ticket opens no stream, which is final, and closes. */
	void refuseTicket();

	/**
	 * Answers that the token grants nothing, where the client asked for a status.
	 * @return whether it did; otherwise nothing was written
	 */
	default boolean refuseToken() {
		return false;
	}

	/**
	 * Writes and flushes a block of this stream's own.
	 * @param block the block
	 */
	void write(byte[] block);

	/**
	 * Writes and flushes what other streams may be given as well.
	 * @param chunk the loop's; not to be kept
	 */
	void write(SharedChunk chunk);

	/**
	 * Ends the stream in order and closes.
	 * @param block the last block, or null to end without a word
	 */
	void end(byte @Nullable [] block);

	/** Closes at once. */
	void abort();

	/**
	 * Returns whether the peer is still there, as far as is known.
	 * @return whether it is
	 */
	boolean isOpen();

	/**
	 * Returns whether it takes a block of a few bytes. Where its client does not read
	 * what it should be given, it does not.
	 * @return whether it does
	 */
	boolean isWritable();

	/**
	 * Returns whether it takes more without piling up. Where it does not, the connection
	 * is notified when it may again.
	 * @param bytes how much is to be written
	 * @return whether it does
	 */
	boolean isWritable(int bytes);

	/**
	 * How long ago the peer's kernel last acknowledged anything, where something that was
	 * sent is not acknowledged. A peer that merely stopped reading acknowledges.
	 * @return the time; null where all is acknowledged, or that cannot be known
	 */
	@Nullable Duration unacknowledged();

	/**
	 * How much was written and is not in the kernel yet.
	 * @return bytes
	 */
	long pendingBytes();

	/**
	 * How much direct memory is held until the kernel has taken what was written: a
	 * buffer is held as a whole until the last of it is taken.
	 * @return bytes
	 */
	default long heldBytes() {
		return pendingBytes();
	}

	/**
	 * How much of all that was written is in the kernel.
	 * @return bytes
	 */
	long drainedBytes();

}
