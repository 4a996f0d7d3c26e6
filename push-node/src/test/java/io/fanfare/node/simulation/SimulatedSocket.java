package io.fanfare.node.simulation;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

import io.fanfare.node.connection.Outlet;
import io.fanfare.node.connection.SocketEvents;
import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.encoding.Chunks;
import io.fanfare.node.encoding.SharedChunk;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.CloseReason;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection between a page and a node: what was written and not read yet, and what
 * each side knows of the other's end.
 */
final class SimulatedSocket implements Outlet {

	private static final UnpooledByteBufAllocator HEAP = new UnpooledByteBufAllocator(false, true);

	private final Simulation simulation;

	private final SimulatedNode node;

	private final SimulatedLoop loop;

	private final SimulatedClient page;

	private final @Nullable String cursor;

	private final int window;

	private final Deque<Segment> unread = new ArrayDeque<>();

	private final StreamReader reader = new StreamReader();

	private int unreadBytes;

	private int offset;

	private boolean writable = true;

	/** The node ended the stream or closed the socket. */
	private boolean ended;

	/** The node knows that it is closed. */
	private boolean closed;

	/** The page's side is gone. */
	private boolean gone;

	private @Nullable SocketEvents handle;

	private @Nullable String connection;

	private long lastMessage;

	private boolean kicked;

	/** The ticket by which it came, and the attempt, or itself without one. */
	private Oracle.@Nullable Pass pass;

	private Object use = this;

	SimulatedSocket(Simulation simulation, SimulatedNode node, SimulatedLoop loop, SimulatedClient page,
			@Nullable String cursor, int window) {
		this.simulation = simulation;
		this.node = node;
		this.loop = loop;
		this.page = page;
		this.cursor = cursor;
		this.window = window;
	}

	/** Bytes written at once, with what was true then. */
	private record Segment(byte[] bytes, Oracle.Mark mark) {

	}

	SimulatedNode node() {
		return this.node;
	}

	SimulatedClient page() {
		return this.page;
	}

	SimulatedLoop loop() {
		return this.loop;
	}

	void use(SocketEvents opened) {
		this.handle = opened;
	}

	@Nullable String connection() {
		return this.connection;
	}

	// ---- the node's side

	@Override
	public void begin(byte[] blocks) {
		String text = new String(blocks, StandardCharsets.UTF_8);
		if (text.contains("event: push.connected")) {
			this.connection = SimulatedClient.field(text, "connection");
			if (this.pass != null) {
				this.simulation.oracle().opened(this.pass, this.use);
			}
		}
		append(Chunks.chunk(HEAP, blocks));
	}

	@Override
	public void refuse(CloseReason reason, Duration retry) {
		begin(Blocks.busy(reason, this.cursor, retry));
		end(null);
	}

	/** It comes by a ticket. */
	void by(Oracle.Pass one, String attempt) {
		this.pass = one;
		this.use = attempt.isEmpty() ? this : attempt;
		one.uses().add(this.use);
	}

	@Override
	public void refuseTicket() {
		if (this.pass != null) {
			this.simulation.oracle().refused(this.pass);
		}
		this.page.ticketRefused();
		this.ended = true;
		this.loop.socket(this::close);
	}

	@Override
	public void refuse(Quota quota, Duration retry) {
		refuse(CloseReason.RATE_LIMITED, retry);
	}

	@Override
	public void write(byte[] block) {
		if (!this.ended) {
			append(Chunks.chunk(HEAP, block));
		}
	}

	@Override
	public void write(SharedChunk chunk) {
		if (!this.ended) {
			append(chunk.plain());
		}
	}

	private long writtenBytes;

	private void append(ByteBuf chunks) {
		this.writtenBytes += chunks.readableBytes();
		byte[] bytes = new byte[chunks.readableBytes()];
		chunks.readBytes(bytes);
		if (!chunks.release()) {
			// Shared with neighbours: the loop's own reference keeps it.
			assert chunks.refCnt() > 0;
		}
		this.unread.add(new Segment(bytes, this.simulation.oracle().mark()));
		this.unreadBytes += bytes.length;
		if (this.unreadBytes > this.window) {
			this.writable = false;
		}
		this.simulation.oracle().written(this, new String(bytes, StandardCharsets.UTF_8));
	}

	@Override
	public void end(byte @Nullable [] block) {
		if (this.ended) {
			return;
		}
		append(Chunks.last((block != null) ? Chunks.chunk(HEAP, block) : HEAP.buffer()));
		this.ended = true;
		this.loop.socket(this::close);
	}

	@Override
	public void abort() {
		if (!this.ended) {
			this.simulation.trace("%s: aborts %s of %s", this.node.name(), this.connection, this.page);
		}
		this.ended = true;
		// What lies in the kernel still arrives.
		int kept = this.unread.isEmpty() ? 0 : 1 + this.simulation.random().nextInt(this.unread.size());
		while (this.unread.size() > kept) {
			this.unreadBytes -= this.unread.removeLast().bytes().length;
		}
		this.loop.socket(this::close);
	}

	private void close() {
		closed(false);
	}

	private void closed(boolean broken) {
		if (this.closed) {
			return;
		}
		this.closed = true;
		if (this.handle != null) {
			this.handle.disconnected(broken);
		}
	}

	@Override
	public boolean isOpen() {
		return !this.closed && !this.ended;
	}

	@Override
	public boolean isWritable() {
		return this.writable && isOpen();
	}

	@Override
	public boolean isWritable(int bytes) {
		return isWritable();
	}

	@Override
	public @Nullable Duration unacknowledged() {
		return null;
	}

	@Override
	public long pendingBytes() {
		return this.writable ? 0 : this.unreadBytes;
	}

	@Override
	public long drainedBytes() {
		return this.writtenBytes - pendingBytes();
	}

	// ---- the page's side

	boolean isReadable() {
		return !this.unread.isEmpty() || this.ended;
	}

	/** The page reads some of what has come. */
	void read(int most) {
		int left = most;
		while (left > 0 && !this.unread.isEmpty() && !this.gone) {
			Segment segment = this.unread.element();
			int to = (int) Math.min(segment.bytes().length, (long) this.offset + left);
			int taken = this.reader.read(segment.bytes(), this.offset, to,
					(block) -> this.page.read(this, block, segment.mark()));
			left -= taken;
			this.offset += taken;
			this.unreadBytes -= taken;
			if (this.offset == segment.bytes().length) {
				this.unread.remove();
				this.offset = 0;
			}
		}
		if (!this.writable && this.unreadBytes <= this.window / 4) {
			this.loop.socket(() -> {
				if (!this.closed && !this.writable && this.unreadBytes <= this.window / 4) {
					this.writable = true;
					if (this.handle != null) {
						this.handle.writable();
					}
				}
			});
		}
		if (this.unread.isEmpty() && this.ended && !this.gone) {
			this.page.ended(this);
		}
	}

	int readable() {
		return this.unreadBytes;
	}

	/** Messages of one stream rise; none follows the notice that it is over. */
	void check(long id) {
		if (this.kicked) {
			this.simulation.oracle().fail("AFTER KICK", "%s gets a message after push.kicked", this.page);
		}
		if (id <= this.lastMessage) {
			this.simulation.oracle()
				.fail("ORDER", "%s gets %d after %d on one stream", this.page, id, this.lastMessage);
		}
		this.lastMessage = id;
	}

	void kicked() {
		this.kicked = true;
	}

	boolean isKicked() {
		return this.kicked;
	}

	void reset() {
		this.lastMessage = 0;
	}

	/** The page's side is gone. */
	void leave(boolean noticed) {
		this.gone = true;
		if (noticed) {
			notice(false);
		}
		else {
			this.simulation.halfOpen().add(this);
		}
	}

	/** The node learns that the peer is gone. */
	void notice(boolean broken) {
		this.loop.socket(() -> closed(broken));
	}

	boolean isClosed() {
		return this.closed;
	}

	boolean isGone() {
		return this.gone;
	}

}
