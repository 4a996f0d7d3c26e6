package io.fanfare.node.stream;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.connection.LoopExecutor;
import io.netty.channel.SingleThreadEventLoop;

/** A Netty event loop as the thread of a {@code StreamLoop}. */
final class NettyLoop implements LoopExecutor {

	private final SingleThreadEventLoop loop;

	NettyLoop(SingleThreadEventLoop loop) {
		this.loop = loop;
	}

	@Override
	public void execute(Runnable task) {
		try {
			this.loop.execute(task);
		}
		catch (RejectedExecutionException ex) {
			// The loop has ended, and with it everything that the task could concern.
		}
	}

	/**
	 * By way of the loop's own end of iteration: Netty takes tasks that are submitted
	 * meanwhile into the same pass, which would keep sockets waiting for a second.
	 */
	@Override
	public void executeAfterIo(Runnable task) {
		this.loop.executeAfterEventLoopIteration(() -> execute(task));
	}

	@Override
	public void schedule(Runnable task, Duration delay) {
		try {
			this.loop.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (RejectedExecutionException ex) {
			// As above.
		}
	}

	@Override
	public long nanoTime() {
		return System.nanoTime();
	}

	@Override
	public long millis() {
		return System.currentTimeMillis();
	}

}
