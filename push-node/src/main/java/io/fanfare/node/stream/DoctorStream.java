package io.fanfare.node.stream;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.encoding.Chunks;
import io.fanfare.protocol.guard.Errors;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A stream by a script: the one handler of its channel. It has one timer at a time and
 * belongs to its channel's loop. A reader that lets more than a few blocks lie in the
 * process is closed, and costs no more than that.
 */
final class DoctorStream extends ChannelInboundHandlerAdapter {

	/** What may lie unsent in the process, beside one block. */
	static final int MAX_UNSENT = 16 * 1024;

	/** How long the client has to take the last bytes. */
	private static final long LAST_BYTES_SECONDS = 5;

	private final Channel channel;

	private final DoctorScript script;

	private final Duration silence;

	private final Errors errors;

	private final long startedAtMs;

	private final long startedNanos;

	/** Of the next block. */
	private int number;

	/** Bytes of the body. */
	private long sent;

	private boolean ended;

	private @Nullable Future<?> timer;

	/**
	 * Makes a stream that has not begun.
	 * @param channel the channel
	 * @param script what is sent
	 * @param silence how long the script is silent
	 * @param errors notes what is thrown
	 * @param nowMs the time of day. Later times are counted from it, so that a clock that
	 * is set does not look like a delay on the way
	 */
	DoctorStream(Channel channel, DoctorScript script, Duration silence, Errors errors, long nowMs) {
		this.channel = channel;
		this.script = script;
		this.silence = silence;
		this.errors = errors;
		this.startedAtMs = nowMs;
		this.startedNanos = channel.eventLoop().ticker().nanoTime();
	}

	/** Where its next block stands. */
	DoctorBlocks.Position position() {
		return new DoctorBlocks.Position(this.number, this.startedAtMs + TimeUnit.NANOSECONDS.toMillis(elapsedNanos()),
				this.sent);
	}

	private long elapsedNanos() {
		return this.channel.eventLoop().ticker().nanoTime() - this.startedNanos;
	}

	/** Runs a task when it is over. */
	void whenClosed(Runnable task) {
		this.channel.closeFuture().addListener((closed) -> task.run());
	}

	/** Runs a task on its loop. Any thread may call. */
	void onLoop(Runnable task) {
		this.channel.eventLoop().execute(() -> run(task));
	}

	private void run(Runnable task) {
		if (!this.errors.run("doctor", task)) {
			this.channel.close();
		}
	}

	/** Writes the head of the answer and the first block. */
	void begin(byte[] head, byte[] hello) {
		this.channel.config().setWriteBufferWaterMark(new WriteBufferWaterMark(MAX_UNSENT / 2, MAX_UNSENT));
		whenClosed(this::cancel);
		write(Chunks.first(this.channel.alloc(), head, hello), hello.length);
	}

	private void write(ByteBuf bytes, int length) {
		this.number++;
		this.sent += length;
		this.channel.writeAndFlush(bytes);
		if (this.channel.isActive()) {
			scheduleNext();
		}
	}

	private void scheduleNext() {
		DoctorScript.Step next = this.script.step(this.number, this.silence);
		long left = TimeUnit.MILLISECONDS.toNanos(next.atMs()) - elapsedNanos();
		this.timer = this.channel.eventLoop()
			.schedule(() -> run(() -> take(next)), Math.max(0, left), TimeUnit.NANOSECONDS);
	}

	private void take(DoctorScript.Step step) {
		if (this.ended || !this.channel.isActive()) {
			return;
		}
		if (!this.channel.isWritable()) {
			this.channel.close();
		}
		else if (step.isLast()) {
			end("done");
		}
		else {
			byte[] block = DoctorBlocks.block(position(), step);
			write(Chunks.chunk(this.channel.alloc(), block), block.length);
		}
	}

	/**
	 * Ends it in order, wherever its script is.
	 * @param reason why
	 */
	void end(String reason) {
		if (this.ended) {
			return;
		}
		this.ended = true;
		cancel();
		ByteBuf last = Chunks.chunk(this.channel.alloc(), DoctorBlocks.end(position(), reason));
		ChannelFuture written = this.channel.writeAndFlush(Chunks.last(last));
		if (!written.isDone()) {
			LingeringClose.closeAfter(this.channel, LAST_BYTES_SECONDS);
		}
		written.addListener(ChannelFutureListener.CLOSE);
	}

	private void cancel() {
		Future<?> pending = this.timer;
		if (pending != null) {
			pending.cancel(false);
			this.timer = null;
		}
	}

	@Override
	public void channelRead(ChannelHandlerContext context, Object message) {
		// A client has nothing to say on an open stream.
		ReferenceCountUtil.release(message);
	}

	@Override
	public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
		if (!(cause instanceof IOException)) {
			this.errors.note("doctor", cause);
		}
		context.close();
	}

}
