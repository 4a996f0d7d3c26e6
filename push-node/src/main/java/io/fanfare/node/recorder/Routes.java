package io.fanfare.node.recorder;

import java.lang.invoke.VarHandle;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallResult.Route;
import org.jspecify.annotations.Nullable;

/**
 * The last messages that the node was handed, each as three numbers in a ring of a fixed
 * size: its id, its channel by a hash, when it came, and to which connection.
 * <p>
 * The thread that reads from Redis writes; any thread may look something up, and copies
 * what it reads: what was overwritten meanwhile counts as not there.
 */
final class Routes {

	/** What a message takes. */
	static final int BYTES = 3 * Long.BYTES;

	private static final int WORDS = 3;

	private static final long NAMED = 1;

	private static final long HELD = 2;

	private static final long EPHEMERAL = 4;

	/** Bits of flags; above them, a connection. */
	private static final int FLAGS = 3;

	private static final long INT = 0xFFFF_FFFFL;

	/** Messages of a piece of the ring; each piece is made when it is first needed. */
	private static final int PIECE = 8192;

	private final long[][] ring;

	private final int size;

	/** How many were begun to be written. */
	private volatile long begun;

	/** How many are written. */
	private volatile long written;

	/** The number of the last that had no higher id than the one before it. */
	private volatile long lastDescent;

	private long lastId;

	/**
	 * Makes an empty ring.
	 * @param size how many messages it holds; 0 for none
	 */
	Routes(int size) {
		this.size = size;
		this.ring = new long[Math.ceilDiv(size, PIECE)][0];
	}

	/** How much memory it takes once it is full. */
	long bytes() {
		return (long) this.size * BYTES;
	}

	/** The piece that holds a message, which is written or about to be. */
	private long[] piece(long number) {
		return this.ring[(int) (number % this.size) / PIECE];
	}

	/** Where in its piece a message begins. */
	private int at(long number) {
		return (int) (number % this.size) % PIECE * WORDS;
	}

	/**
	 * A message came for all who receive its channel.
	 * @param message the message
	 * @param nowMillis now
	 */
	void broadcast(Message message, long nowMillis) {
		add(message, nowMillis, 0);
	}

	/**
	 * A message came for one connection.
	 * @param message the message
	 * @param nowMillis now
	 * @param connection the connection
	 * @param held whether the node has it
	 */
	void named(Message message, long nowMillis, String connection, boolean held) {
		add(message, nowMillis, (long) Came.hash(connection) << FLAGS | (held ? NAMED | HELD : NAMED));
	}

	/** A link that ended may still hand something over while the next one does. */
	private synchronized void add(Message message, long nowMillis, long flags) {
		if (this.size == 0) {
			return;
		}
		long number = this.written;
		long id = message.id();
		if (id <= this.lastId) {
			this.lastDescent = number;
		}
		this.lastId = id;
		this.begun = number + 1;
		VarHandle.fullFence();
		int index = (int) (number % this.size) / PIECE;
		if (this.ring[index].length == 0) {
			this.ring[index] = new long[Math.min(PIECE, this.size - index * PIECE) * WORDS];
		}
		long[] piece = this.ring[index];
		int at = at(number);
		piece[at] = id;
		piece[at + 1] = nowMillis;
		piece[at + 2] = hash(message.channel().value()) << Integer.SIZE
				| (message.isEphemeral() ? flags | EPHEMERAL : flags);
		this.written = number + 1;
	}

	private static long hash(String channel) {
		return channel.hashCode() & INT;
	}

	/**
	 * Finds a message.
	 * @param id its id
	 * @param channel its channel
	 * @return how it came, or null where it is not there
	 */
	@Nullable Came find(long id, String channel) {
		long end = this.written;
		long first = Math.max(0, end - this.size);
		// Above the last descent ids rise; a search below it looks at each.
		long sorted = Math.max(first, this.lastDescent);
		Came found = (sorted < end) ? search(id, channel, sorted, end) : null;
		for (long number = sorted - 1; found == null && number >= first; number--) {
			found = read(number, id, channel);
		}
		return found;
	}

	private @Nullable Came search(long id, String channel, long from, long end) {
		long low = from;
		long high = end - 1;
		while (low <= high) {
			long middle = (low + high) >>> 1;
			long there = piece(middle)[at(middle)];
			if (isOverwritten(middle) || there < id) {
				low = middle + 1;
			}
			else if (there > id) {
				high = middle - 1;
			}
			else {
				return read(middle, id, channel);
			}
		}
		return null;
	}

	private @Nullable Came read(long number, long id, String channel) {
		long[] piece = piece(number);
		int at = at(number);
		long there = piece[at];
		long millis = piece[at + 1];
		long rest = piece[at + 2];
		if (isOverwritten(number) || there != id || rest >>> Integer.SIZE != hash(channel)) {
			return null;
		}
		boolean named = (rest & NAMED) != 0;
		Route route = new Route(millis, named, !named || (rest & HELD) != 0, (rest & EPHEMERAL) != 0);
		return new Came(route, (int) ((rest & INT) >>> FLAGS));
	}

	/** Whether what was read of a message may be what came in its place. */
	private boolean isOverwritten(long number) {
		VarHandle.acquireFence();
		return number < this.begun - this.size;
	}

	/**
	 * Up to which id messages may be missing that came: those that the ring has no room
	 * for any more.
	 * @return the highest id that may be, {@link MessageId#ZERO} where none is
	 */
	long forgottenUpTo() {
		long first = this.written - this.size;
		if (this.size == 0) {
			return MessageId.MAX;
		}
		if (first <= 0) {
			return MessageId.ZERO;
		}
		// The oldest that is there: lower ids came before it, but after a step back.
		return piece(first)[at(first)];
	}

	/**
	 * Since when all that came are there.
	 * @param nowMillis now
	 * @param since since when anything is kept
	 * @return milliseconds since the epoch
	 */
	long since(long nowMillis, long since) {
		long first = this.written - this.size;
		if (this.size == 0) {
			return nowMillis;
		}
		return (first <= 0) ? since : piece(first)[at(first) + 1];
	}

}
