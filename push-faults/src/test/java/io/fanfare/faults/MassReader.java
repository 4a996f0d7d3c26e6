package io.fanfare.faults;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseRequest;
import io.fanfare.test.sse.SseStream;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;

/** The one stream of a user, among thousands. */
final class MassReader implements SseStream.Listener, AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	final int index;

	final String user;

	final String tokenId;

	final String client;

	final AtomicInteger newest = new AtomicInteger(-1);

	volatile String token = "";

	private volatile @Nullable SseStream stream;

	volatile @Nullable String cursor;

	volatile String lastWords = "";

	private volatile CountDownLatch answered = new CountDownLatch(1);

	private volatile long lastByteAt;

	volatile boolean connected;

	volatile boolean ended;

	volatile long answeredAt;

	volatile long callNanos;

	/** No message of this number or above may arrive: it was published afterwards. */
	volatile int publishedAfter = Integer.MAX_VALUE;

	MassReader(int index) {
		this.index = index;
		this.user = "revoked-" + index;
		this.tokenId = "token-" + index;
		this.client = "client-" + index;
	}

	/** As a client does, which comes back where a busy node sends it away. */
	void open(String token, Supplier<SseRequest> door) {
		this.token = token;
		long end = System.nanoTime() + PATIENCE.toNanos();
		while (!this.connected) {
			assertThat(System.nanoTime() - end).as(toString()).isNegative();
			this.ended = false;
			CountDownLatch answer = new CountDownLatch(1);
			this.answered = answer;
			this.stream = door.get().bearer(token).query("client", this.client).open(this);
			try {
				assertThat(answer.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as(toString()).isTrue();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}
	}

	long late() {
		return Math.max(0, this.lastByteAt - this.answeredAt);
	}

	@Override
	public void head(int status, HttpHeaders headers) {
		this.lastWords = "status " + status;
	}

	@Override
	public void body(byte[] bytes, int length) {
		this.lastByteAt = System.nanoTime();
	}

	@Override
	public void block(SseBlock block) {
		String data = block.data();
		if (block.id() != null) {
			this.cursor = block.id();
		}
		if (data == null) {
			return;
		}
		switch (block.type()) {
			case "push.connected" -> {
				this.connected = true;
				this.answered.countDown();
			}
			case "message" -> this.newest.accumulateAndGet(Integer.parseInt(data), Math::max);
			default -> this.lastWords = block.type() + " " + data;
		}
	}

	@Override
	public void comment(String comment) {
		// its bytes count
	}

	@Override
	public String toString() {
		return this.user + " " + (this.ended ? "ended" : "open") + ", last " + this.lastWords;
	}

	/** The end of the body has bytes of its own. */
	@Override
	public void end(End how, @Nullable Exception cause) {
		this.lastByteAt = System.nanoTime();
		this.ended = true;
		this.answered.countDown();
	}

	@Override
	public void close() {
		SseStream open = this.stream;
		if (open != null) {
			open.close();
		}
	}

}
