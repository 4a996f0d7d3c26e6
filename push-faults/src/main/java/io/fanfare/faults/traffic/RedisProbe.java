package io.fanfare.faults.traffic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Sends {@code PING} to Redis two hundred times per second, on a connection of its own. A
 * reply counts from when its {@code PING} was due: what blocks Redis delays all that fall
 * into it, as it does for everybody else.
 */
public final class RedisProbe implements AutoCloseable {

	private static final Duration INTERVAL = Duration.ofMillis(5);

	private static final byte[] PING = "PING\r\n".getBytes(StandardCharsets.US_ASCII);

	private static final int PONG = "+PONG\r\n".length();

	private final Socket socket;

	private final CountDownLatch closed = new CountDownLatch(1);

	/** Guarded by itself. */
	private final List<Long> nanos = new ArrayList<>();

	/**
	 * Begins to measure.
	 * @param port of Redis
	 */
	public RedisProbe(int port) {
		try {
			this.socket = new Socket(InetAddress.getLoopbackAddress(), port);
			this.socket.setTcpNoDelay(true);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		Thread.ofPlatform().daemon().name("redis-probe").start(this::measure);
	}

	private void measure() {
		try {
			long due = System.nanoTime();
			while (!this.closed.await(Math.max(0, due - System.nanoTime()), TimeUnit.NANOSECONDS)) {
				this.socket.getOutputStream().write(PING);
				this.socket.getInputStream().readNBytes(PONG);
				long took = System.nanoTime() - due;
				synchronized (this.nanos) {
					this.nanos.add(took);
				}
				due += INTERVAL.toNanos();
			}
		}
		catch (IOException ex) {
			// Closed, or Redis has gone: there is nothing to measure.
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * What 99 of 100 replies did not exceed since this was last asked.
	 * @return the time; zero if there was none
	 */
	public Duration percentile99() {
		List<Long> sorted;
		synchronized (this.nanos) {
			sorted = this.nanos.stream().sorted().toList();
			this.nanos.clear();
		}
		return sorted.isEmpty() ? Duration.ZERO : Duration.ofNanos(sorted.get((int) (sorted.size() * 0.99)));
	}

	@Override
	public void close() {
		this.closed.countDown();
		try {
			this.socket.close();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
