package io.fanfare.faults.traffic;

import java.io.UncheckedIOException;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;

import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseRequest;
import io.fanfare.test.sse.SseStream;
import org.jspecify.annotations.Nullable;

/**
 * A client whose library opens a stream without a cursor, a fixed time after each end of
 * the one before. It may do so even after it was told to stop. Methods may be called from
 * any thread.
 */
public final class Library implements AutoCloseable {

	private final IntFunction<SseRequest> door;

	private final Duration retry;

	private final boolean obeys;

	private final CountDownLatch closed = new CountDownLatch(1);

	private final Object monitor = new Object();

	// ---- guarded by the monitor

	private @Nullable SseStream open;

	private boolean live;

	private int tries;

	private boolean told;

	private int revived;

	private boolean left;

	/**
	 * Opens a client.
	 * @param name names its thread
	 * @param door makes a request for a stream; takes how many were made before
	 * @param retry how long it waits after the end of a stream
	 * @param obeys whether it stops when it is notified to
	 */
	public Library(String name, IntFunction<SseRequest> door, Duration retry, boolean obeys) {
		this.door = door;
		this.retry = retry;
		this.obeys = obeys;
		Thread.ofVirtual().name("library-" + name).start(this::live);
	}

	private void live() {
		try {
			do {
				Attempt attempt = new Attempt();
				try (SseStream stream = this.door.apply(begin()).open(attempt)) {
					synchronized (this.monitor) {
						this.open = stream;
					}
					if (this.closed.getCount() > 0) {
						attempt.ended.await();
					}
				}
				catch (UncheckedIOException ex) {
					// No server is there: it tries again.
				}
				synchronized (this.monitor) {
					this.open = null;
					this.live = false;
					if (this.told && this.obeys) {
						return;
					}
				}
			}
			while (!this.closed.await(this.retry.toMillis(), TimeUnit.MILLISECONDS));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private int begin() {
		synchronized (this.monitor) {
			return this.tries++;
		}
	}

	/**
	 * Whether it has a stream now.
	 * @return whether one is admitted and has not ended
	 */
	public boolean isLive() {
		synchronized (this.monitor) {
			return this.live;
		}
	}

	/**
	 * Whether it was told to stop.
	 * @return whether it was
	 */
	public boolean isTold() {
		synchronized (this.monitor) {
			return this.told;
		}
	}

	/**
	 * How often it asked for a stream.
	 * @return the number
	 */
	public int tries() {
		synchronized (this.monitor) {
			return this.tries;
		}
	}

	/**
	 * How many streams it got after it was told to stop.
	 * @return the number
	 */
	public int revived() {
		synchronized (this.monitor) {
			return this.revived;
		}
	}

	@Override
	public void close() {
		SseStream stream;
		synchronized (this.monitor) {
			stream = this.open;
			if (this.left) {
				return;
			}
			this.left = true;
		}
		this.closed.countDown();
		if (stream != null) {
			stream.close();
		}
	}

	/** One stream, or a refusal. */
	private final class Attempt implements SseStream.Listener {

		private final CountDownLatch ended = new CountDownLatch(1);

		@Override
		public void head(int status, HttpHeaders headers) {
			// A refusal ends by itself.
		}

		@Override
		public void comment(String comment) {
			// of no interest
		}

		@Override
		public void block(SseBlock block) {
			synchronized (Library.this.monitor) {
				switch (block.type()) {
					case "push.connected" -> {
						Library.this.live = true;
						Library.this.revived += Library.this.told ? 1 : 0;
					}
					case "push.kicked" -> Library.this.told = true;
					default -> {
						// of no interest
					}
				}
			}
		}

		@Override
		public void end(End how, @Nullable Exception cause) {
			this.ended.countDown();
		}

		@Override
		public void disconnected() {
			this.ended.countDown();
		}

	}

}
