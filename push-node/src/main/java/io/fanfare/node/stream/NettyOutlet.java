package io.fanfare.node.stream;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.node.auth.TicketAuthenticator;
import io.fanfare.node.connection.Outlet;
import io.fanfare.node.connection.SocketEvents;
import io.fanfare.node.connection.Unflushed;
import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.encoding.Chunks;
import io.fanfare.node.encoding.GzipBody;
import io.fanfare.node.encoding.SharedChunk;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.QuotaUse;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.audit.RefusalReason;
import io.fanfare.protocol.guard.Errors;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.epoll.EpollTcpInfo;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/**
 * A socket that carries, or will carry, an event stream: the one handler of its channel,
 * and the connection's outlet.
 */
final class NettyOutlet extends ChannelInboundHandlerAdapter implements Outlet {

	/** How long the client has to take the last bytes. */
	private static final long LAST_BYTES_SECONDS = 5;

	private final Channel channel;

	private final Errors errors;

	private final Answers answers;

	private final String cors;

	private final RefusalForm refusal;

	/** Whether another request may be answered in another coding. */
	private final boolean varies;

	/** Null where the body travels as it is. */
	private @Nullable GzipBody gzip;

	private @Nullable SocketEvents connection;

	/** Of the answer to come. */
	private final List<QuotaUse> left = new ArrayList<>(3);

	private boolean ending;

	/** Null until it has a connection. */
	private @Nullable Unflushed unflushed;

	/** What of its bytes is counted there. */
	private long counted;

	/** All that was written. */
	private long written;

	/** Whether it is asked again whether the kernel has room. */
	private boolean heldBack;

	/** Whether the kernel had no room for what was to be written last. */
	private boolean full;

	/** Whether a write threw. */
	private boolean broken;

	/**
	 * Makes an outlet.
	 * @param channel the channel
	 * @param errors notes what its pipeline throws
	 * @param answers writes the head of its answer
	 * @param cors the CORS headers of its answer
	 * @param refusal how its client is refused
	 * @param varies whether the coding depends on the request
	 * @param gzip the body, if it is to be compressed
	 */
	NettyOutlet(Channel channel, Errors errors, Answers answers, String cors, RefusalForm refusal, boolean varies,
			@Nullable GzipBody gzip) {
		this.channel = channel;
		this.errors = errors;
		this.answers = answers;
		this.cors = cors;
		this.refusal = refusal;
		this.varies = varies;
		this.gzip = gzip;
	}

	void use(SocketEvents opened) {
		this.connection = opened;
		count(opened.unflushed());
	}

	/** Counts among all sockets of the loop what its kernel does not take. */
	void count(Unflushed all) {
		this.unflushed = all;
		count();
	}

	@Override
	public void show(QuotaUse left) {
		this.left.add(left);
	}

	@Override
	public void begin(byte[] blocks) {
		String shown = this.left.isEmpty() ? this.cors : RateLimitFields.lines(this.left) + Cors.exposing(this.cors);
		this.left.clear();
		byte[] head = this.answers.stream(shown, this.varies, this.gzip != null);
		if (this.gzip == null) {
			write(Chunks.first(this.channel.alloc(), head, blocks));
			return;
		}
		ByteBuf first = this.gzip.begin(this.channel.alloc(), blocks);
		ByteBuf answer;
		try {
			answer = this.channel.alloc().directBuffer(head.length + first.readableBytes());
			answer.writeBytes(head).writeBytes(first);
		}
		finally {
			first.release();
		}
		write(answer);
	}

	@Override
	public void refuse(CloseReason reason, Duration retry) {
		if (this.broken) {
			abort();
		}
		else if (this.refusal.status()) {
			refuse(Problem.unavailable(this.refusal.code(), reason.wireName(), retry));
		}
		else {
			busy(reason, retry);
		}
	}

	@Override
	public void refuse(Quota quota, Duration retry) {
		if (this.broken) {
			abort();
		}
		else if (this.refusal.status()) {
			refuse(Problem.quotaExceeded(quota, retry));
		}
		else {
			this.left.clear();
			show(new QuotaUse(quota, 0));
			busy(CloseReason.RATE_LIMITED, retry);
		}
	}

	@Override
	public void refuseTicket() {
		Problem problem = Problem.invalidToken(RefusalReason.TICKET_UNKNOWN, TicketAuthenticator.REFUSAL);
		if (this.broken) {
			abort();
		}
		else if (this.refusal.explains()) {
			writeLast(this.answers.refused(problem, this.refusal.cursor(), this.cors));
		}
		else {
			refuse(problem);
		}
	}

	@Override
	public boolean refuseToken() {
		if (!this.refusal.strict() || this.broken) {
			return false;
		}
		refuse(Problem.revoked());
		return true;
	}

	private void refuse(Problem problem) {
		writeLast(this.answers.problem(problem, this.cors, true, true));
	}

	private void busy(CloseReason reason, Duration retry) {
		this.gzip = null;
		begin(Blocks.busy(reason, this.refusal.cursor(), retry));
		end(null);
	}

	@Override
	public void write(byte[] block) {
		if (!this.ending && !this.broken) {
			write((this.gzip != null) ? this.gzip.append(this.channel.alloc(), block)
					: Chunks.chunk(this.channel.alloc(), block));
		}
	}

	@Override
	public void write(SharedChunk chunk) {
		if (!this.ending && !this.broken) {
			write((this.gzip != null) ? this.gzip.append(chunk) : chunk.plain());
		}
	}

	/**
	 * Past the pipeline, which has no handler of what is written. Where it throws, it is
	 * not known what was written: nothing may follow.
	 */
	private void write(ByteBuf bytes) {
		boolean done = false;
		this.written += bytes.readableBytes();
		try {
			Channel.Unsafe socket = this.channel.unsafe();
			socket.write(bytes, this.channel.voidPromise());
			socket.flush();
			done = true;
		}
		finally {
			if (!done) {
				this.broken = true;
			}
			count();
		}
	}

	@Override
	public void end(byte @Nullable [] block) {
		if (this.ending) {
			return;
		}
		if (this.broken) {
			abort();
			return;
		}
		ByteBufAllocator allocator = this.channel.alloc();
		ByteBuf last = (this.gzip != null) ? this.gzip.end(allocator, block)
				: (block != null) ? Chunks.chunk(allocator, block) : allocator.directBuffer(8);
		writeLast(Chunks.last(last));
	}

	private void writeLast(ByteBuf bytes) {
		if (this.ending) {
			bytes.release();
			return;
		}
		this.ending = true;
		ChannelFuture written = this.channel.writeAndFlush(bytes);
		if (!written.isDone()) {
			LingeringClose.closeAfter(this.channel, LAST_BYTES_SECONDS);
		}
		written.addListener(ChannelFutureListener.CLOSE);
	}

	@Override
	public void abort() {
		this.ending = true;
		// Closing fails what is still unwritten, which would be reported before the
		// reason
		// is.
		this.connection = null;
		this.channel.close();
	}

	@Override
	public boolean isOpen() {
		return this.channel.isActive() && !this.broken;
	}

	@Override
	public boolean isWritable() {
		return !this.broken && this.channel.isWritable() && !this.full;
	}

	@Override
	public boolean isWritable(int bytes) {
		if (this.broken || !this.channel.isWritable()) {
			return false;
		}
		Unflushed all = this.unflushed;
		if (all == null || !all.isOver()) {
			this.full = false;
			return true;
		}
		SendBuffer.Room room = (pendingBytes() > 0) ? SendBuffer.Room.NONE : SendBuffer.room(this.channel, bytes);
		this.full = room == SendBuffer.Room.NONE;
		if (room == SendBuffer.Room.ALL || room == SendBuffer.Room.SOME && all.mayLeave(bytes)) {
			return true;
		}
		if (!this.heldBack) {
			this.heldBack = true;
			all.holdBack(this::retry);
		}
		return false;
	}

	private void retry() {
		this.heldBack = false;
		if (this.connection != null) {
			this.connection.retry();
		}
	}

	/** Counts what the kernel did not take yet. */
	private void count() {
		Unflushed all = this.unflushed;
		if (all == null) {
			return;
		}
		ChannelOutboundBuffer buffer = this.channel.unsafe().outboundBuffer();
		long now = (buffer != null) ? buffer.totalPendingWriteBytes() : 0;
		if (now != this.counted) {
			all.add(now - this.counted);
			this.counted = now;
		}
	}

	@Override
	public @Nullable Duration unacknowledged() {
		if (!(this.channel instanceof EpollSocketChannel socket) || !socket.isActive()) {
			return null;
		}
		try {
			EpollTcpInfo info = socket.tcpInfo();
			return (info.unacked() > 0) ? Duration.ofMillis(info.lastAckRecv()) : null;
		}
		catch (ChannelException ex) {
			// It is gone, and its end is on the way.
			return null;
		}
	}

	@Override
	public long pendingBytes() {
		count();
		return SendBuffer.flushed(this.channel);
	}

	@Override
	public long heldBytes() {
		count();
		return this.counted;
	}

	@Override
	public long drainedBytes() {
		return this.written - pendingBytes();
	}

	@Override
	public void channelWritabilityChanged(ChannelHandlerContext context) {
		count();
		if (this.connection != null && this.channel.isWritable()) {
			this.connection.writable();
		}
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		// A client has nothing to say on an open stream.
		ReferenceCountUtil.release(message);
	}

	@Override
	public void channelInactive(ChannelHandlerContext context) {
		count();
		if (this.connection != null) {
			this.connection.disconnected(false);
		}
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		if (!(cause instanceof IOException)) {
			this.errors.note("socket", cause);
		}
		if (this.connection != null && SocketReset.is(cause)) {
			this.connection.reset();
		}
		else if (this.connection != null) {
			this.connection.disconnected(true);
		}
		context.close();
	}

}
