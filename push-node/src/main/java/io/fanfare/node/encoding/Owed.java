package io.fanfare.node.encoding;

import java.util.IdentityHashMap;
import java.util.function.Predicate;

import io.fanfare.node.broker.Message;

/**
 * What a loop owes to its connections, in bytes of heap. A message that is owed to many
 * is one set of bytes and counts once; each node of the trie of {@link Backlog}s counts
 * besides. A node counts while a connection is owed it, or something behind it.
 * <p>
 * Everything that moves from backlog to backlog does so here: an append costs two
 * additions where another connection is owed the same, and nothing is searched but where
 * a node begins or ends. Belongs to its loop.
 */
public final class Owed {

	/** A node of the trie. */
	public static final int NODE_BYTES = 40;

	/** A message besides its block. */
	public static final int MESSAGE_BYTES = 120;

	/**
	 * Backlogs are dropped down to this share of the limit, so that it is not at once
	 * reached again.
	 */
	private static final double RELIEF = 0.8;

	/** A table larger than this is not kept when nothing is owed. */
	private static final int LARGE_TABLE = 16_384;

	private final Backlog root = Backlog.root();

	private final long limit;

	/** By how many nodes and logs each message is held. */
	private IdentityHashMap<Message, int[]> messages = new IdentityHashMap<>();

	private int mostMessages;

	private long bytes;

	/** The bytes, for other threads. */
	private volatile long shown;

	private volatile long dropped;

	/**
	 * Creates an account.
	 * @param limit how many bytes may be owed
	 */
	public Owed(long limit) {
		this.limit = limit;
	}

	/**
	 * The backlog of a connection that is owed nothing.
	 * @return the backlog
	 */
	public Backlog nothing() {
		return this.root;
	}

	/**
	 * Bytes owed now. On the loop.
	 * @return the bytes
	 */
	public long bytes() {
		return this.bytes;
	}

	/**
	 * Bytes owed at the last {@link #show}. Any thread may call.
	 * @return the bytes
	 */
	public long shown() {
		return this.shown;
	}

	/**
	 * How many backlogs were dropped to history. Any thread may call.
	 * @return the number
	 */
	public long dropped() {
		return this.dropped;
	}

	/**
	 * How many bytes may be owed.
	 * @return the limit
	 */
	public long limit() {
		return this.limit;
	}

	/** Shows other threads what is owed now. On the loop. */
	public void show() {
		this.shown = this.bytes;
	}

	/**
	 * Returns whether more is owed than may be.
	 * @return whether more is
	 */
	public boolean isOver() {
		return this.bytes > this.limit;
	}

	/**
	 * How many bytes are to be owed at most after backlogs were dropped.
	 * @return the bytes
	 */
	public long target() {
		return (long) (Math.min(this.bytes, this.limit) * RELIEF);
	}

	/** A backlog was dropped to history. */
	@SuppressWarnings("NonAtomicVolatileUpdate") // one writer
	public void noteDropped() {
		this.dropped++;
	}

	/**
	 * Moves a connection to what it is owed with one message more.
	 * @param held its backlog until now
	 * @param message the message
	 * @return its backlog from now on
	 */
	public Backlog append(Backlog held, Message message) {
		Backlog child = held.append(message);
		if (child.hold() == 1) {
			// What the connection held of its parent is the child's now.
			enter(child);
		}
		else {
			held.release();
		}
		return child;
	}

	/** A further connection holds a backlog as well. */
	void share(Backlog held) {
		held.hold();
	}

	/**
	 * A holder lets a backlog go.
	 * @param held the backlog
	 */
	public void drop(Backlog held) {
		Backlog node = held;
		while (!node.isEmpty() && node.release() == 0) {
			this.bytes -= NODE_BYTES;
			release(node.message());
			node = node.detach();
		}
	}

	/**
	 * Moves a connection to what it is owed above a position.
	 * @param held its backlog until now
	 * @param position the position
	 * @return its backlog from now on
	 */
	public Backlog above(Backlog held, long position) {
		if (held.isEmpty() || held.firstId() > position) {
			return held;
		}
		Backlog kept = this.root;
		for (Message each : held.messages()) {
			if (each.id() > position) {
				kept = append(kept, each);
			}
		}
		drop(held);
		return kept;
	}

	/**
	 * Moves a connection to what it is owed behind a beginning of its backlog.
	 * @param held its backlog until now
	 * @param beginning the beginning
	 * @return its backlog from now on
	 */
	public Backlog without(Backlog held, Backlog beginning) {
		Backlog kept = this.root;
		if (held != beginning) {
			Message[] messages = held.messages();
			for (int i = beginning.size(); i < messages.length; i++) {
				kept = append(kept, messages[i]);
			}
		}
		drop(held);
		return kept;
	}

	/**
	 * Moves a connection to what it is owed but for some messages.
	 * @param held its backlog until now
	 * @param left those that it is owed no longer
	 * @return its backlog from now on
	 */
	public Backlog except(Backlog held, Predicate<Message> left) {
		Backlog kept = this.root;
		boolean any = false;
		for (Message each : held.messages()) {
			any |= left.test(each);
		}
		if (!any) {
			return held;
		}
		for (Message each : held.messages()) {
			if (!left.test(each)) {
				kept = append(kept, each);
			}
		}
		drop(held);
		return kept;
	}

	private void enter(Backlog node) {
		this.bytes += NODE_BYTES;
		hold(node.message());
	}

	/** A message is kept for connections. */
	void hold(Message message) {
		int[] holders = this.messages.computeIfAbsent(message, (added) -> {
			this.bytes += size(added);
			return new int[1];
		});
		holders[0]++;
		this.mostMessages = Math.max(this.mostMessages, this.messages.size());
	}

	/** A message is kept no longer. */
	void release(Message message) {
		int[] holders = this.messages.get(message);
		if (holders == null) {
			throw new IllegalStateException("There is no holder of " + message);
		}
		if (--holders[0] == 0) {
			this.messages.remove(message);
			this.bytes -= size(message);
			if (this.messages.isEmpty() && this.mostMessages > LARGE_TABLE) {
				this.messages = new IdentityHashMap<>();
				this.mostMessages = 0;
			}
		}
	}

	/**
	 * How many bytes are owed to one connection alone: what dropping its backlog frees.
	 * @param held its backlog
	 * @return the bytes
	 */
	public long ownBytes(Backlog held) {
		long own = 0;
		for (Backlog node = held; !node.isEmpty() && node.holders() == 1; node = node.parent()) {
			own += NODE_BYTES;
			int[] holders = this.messages.get(node.message());
			if (holders != null && holders[0] == 1) {
				own += size(node.message());
			}
		}
		return own;
	}

	/** What a message takes. */
	static long size(Message message) {
		return (long) message.block().length + MESSAGE_BYTES;
	}

}
