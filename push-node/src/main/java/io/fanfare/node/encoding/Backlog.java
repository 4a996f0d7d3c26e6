package io.fanfare.node.encoding;

import java.util.function.Consumer;
import java.util.function.LongConsumer;

import io.fanfare.node.broker.Message;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * What a connection is owed: a node in a trie of messages, the path from the root to it
 * in id order. A connection holds one reference. Appending a message moves it to the
 * child of that message, and since the last child is remembered, connections that are
 * owed the same hold the same node: a broadcast to thousands makes one node, and its
 * bytes are put together once.
 * <p>
 * Belongs to one loop, which counts in {@link Owed} who holds a node: connections, the
 * chunk that is being written, and the nodes behind it. A node without holders is cut
 * off, so that it is garbage.
 */
public final class Backlog {

	private final @Nullable Backlog parent;

	private final @Nullable Message message;

	private final @Nullable Message first;

	private final int size;

	private final int bytes;

	/** Whether a verdict is awaited of any of its messages. */
	private final boolean receipts;

	private @Nullable Backlog lastChild;

	/** By how many connections, chunks and nodes behind it this one is held. */
	private int holders;

	private Backlog(@Nullable Backlog parent, @Nullable Message message, @Nullable Message first, int size, int bytes) {
		this.parent = parent;
		this.message = message;
		this.first = first;
		this.size = size;
		this.bytes = bytes;
		this.receipts = parent != null && parent.receipts || message != null && message.hasReceipt();
	}

	/**
	 * Nothing owed: where every backlog of a loop begins.
	 * @return the root of a trie
	 */
	public static Backlog root() {
		return new Backlog(null, null, null, 0, 0);
	}

	/**
	 * What is owed with one message more.
	 * @param appended the message
	 * @return the backlog, the same for all that held this one
	 */
	public Backlog append(Message appended) {
		Backlog child = this.lastChild;
		if (child == null || child.message != appended) {
			child = new Backlog(this, appended, (this.first != null) ? this.first : appended, this.size + 1,
					this.bytes + appended.block().length);
			this.lastChild = child;
		}
		return child;
	}

	int hold() {
		return ++this.holders;
	}

	int release() {
		return --this.holders;
	}

	int holders() {
		return this.holders;
	}

	/** Cuts it off from what came before, which remembers it no longer. */
	Backlog detach() {
		Backlog before = parent();
		if (before.lastChild == this) {
			before.lastChild = null;
		}
		return before;
	}

	/** What was owed before its last message. */
	Backlog parent() {
		if (this.parent == null) {
			throw new IllegalStateException("Nothing is owed");
		}
		return this.parent;
	}

	/** Its last message. */
	Message message() {
		if (this.message == null) {
			throw new IllegalStateException("Nothing is owed");
		}
		return this.message;
	}

	/**
	 * Returns whether nothing is owed.
	 * @return whether nothing is
	 */
	public boolean isEmpty() {
		return this.message == null;
	}

	/**
	 * How many messages are owed.
	 * @return the number
	 */
	public int size() {
		return this.size;
	}

	/**
	 * How many bytes of blocks are owed.
	 * @return the number
	 */
	public int bytes() {
		return this.bytes;
	}

	/**
	 * The id of the last message.
	 * @return the id
	 */
	public long lastId() {
		return message().id();
	}

	/**
	 * The id of the first message.
	 * @return the id
	 */
	public long firstId() {
		if (this.first == null) {
			throw new IllegalStateException("Nothing is owed");
		}
		return this.first.id();
	}

	/**
	 * The longest beginning of it that has so many bytes at most, one message at least.
	 * @param most the bytes
	 * @return the beginning
	 */
	public Backlog upTo(int most) {
		Backlog node = this;
		while (node.bytes > most && node.size > 1) {
			node = node.parent();
		}
		return node;
	}

	/**
	 * The blocks of all messages as one chunk.
	 * @param allocator makes the buffer
	 * @return bytes to be released
	 */
	public ByteBuf encode(ByteBufAllocator allocator) {
		ByteBuf chunk = allocator.directBuffer(this.bytes + Chunks.OVERHEAD);
		Chunks.begin(chunk, this.bytes);
		for (Message each : messages()) {
			chunk.writeBytes(each.block());
		}
		return Chunks.end(chunk);
	}

	/**
	 * Shows the block of each message, in order.
	 * @param receiver receives them; not to be changed
	 */
	public void eachBlock(Consumer<byte[]> receiver) {
		for (Message each : messages()) {
			receiver.accept(each.block());
		}
	}

	/**
	 * Returns whether a verdict is awaited of any of its messages.
	 * @return whether one is
	 */
	public boolean hasReceipts() {
		return this.receipts;
	}

	/**
	 * Shows the id of each message of which a verdict is awaited, in order.
	 * @param receiver receives them
	 */
	public void eachReceipt(LongConsumer receiver) {
		for (Message each : messages()) {
			if (each.hasReceipt()) {
				receiver.accept(each.id());
			}
		}
	}

	/** All messages in order. */
	Message[] messages() {
		Message[] path = new Message[this.size];
		Backlog node = this;
		for (int i = this.size - 1; i >= 0 && node != null && node.message != null; i--) {
			path[i] = node.message;
			node = node.parent;
		}
		return path;
	}

}
