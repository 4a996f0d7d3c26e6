package io.fanfare.bench.publish;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.fanfare.bench.load.Payload;
import io.fanfare.bench.load.Payload.Content;
import io.fanfare.bench.publish.Outgoing.Kind;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Backends that publish on a schedule, each over a connection of its own and waiting for
 * each answer. What is due while an answer is waited for goes out with the next request,
 * as many as the system takes at once, and counts from when it was due.
 */
public final class Publishers {

	private static final int MAX_MICROS = 600_000_000;

	private final Wire wire;

	private final Content content;

	private final char phase;

	private final AtomicLong published = new AtomicLong();

	private final AtomicLong refused = new AtomicLong();

	private final ConcurrentHistogram answers = new ConcurrentHistogram(MAX_MICROS, 3);

	private final List<Thread> threads = new ArrayList<>();

	private volatile boolean stopped;

	private volatile String failure = "";

	/**
	 * Makes publishers that are not started.
	 * @param wire how the system takes messages
	 * @param content what messages carry
	 * @param phase the phase they publish in
	 */
	public Publishers(Wire wire, Content content, char phase) {
		this.wire = wire;
		this.content = content;
		this.phase = phase;
	}

	/**
	 * Whom messages are for.
	 *
	 * @param kind whom
	 * @param first the number of the first topic or user
	 * @param count how many topics or users there are; they are served in turn
	 */
	public record Audience(Kind kind, int first, int count) {

		/** Every stream. */
		public static final Audience ALL = new Audience(Kind.ALL, 0, 1);

		private int lane(int publisher, int number) {
			return switch (this.kind) {
				case ALL -> publisher;
				case TOPIC -> 0x1000 + number;
				case USER -> Payload.USER_LANES + number;
			};
		}

	}

	/**
	 * Starts one backend, which publishes until {@link #stop}.
	 * @param index its number among those with the same audience
	 * @param of how many share the audience
	 * @param audience whom for
	 * @param rate messages per second of this backend; 0 for one request after the other
	 * @param batch messages per request at most
	 */
	public void start(int index, int of, Audience audience, double rate, int batch) {
		int most = Math.min(batch, this.wire.batch());
		this.threads.add(Thread.ofPlatform().daemon().name("publisher-" + index).start(() -> {
			try {
				new Backend(index, of, audience, rate, most).run();
			}
			catch (IOException | RuntimeException ex) {
				this.failure = String.valueOf(ex);
			}
		}));
	}

	private final class Backend {

		private final int index;

		private final int of;

		private final Audience audience;

		private final double perNano;

		private final int batch;

		private final int[] numbers;

		private int turn;

		private Backend(int index, int of, Audience audience, double rate, int batch) {
			this.index = index;
			this.of = of;
			this.audience = audience;
			this.perNano = rate / 1e9;
			this.batch = batch;
			this.numbers = new int[(audience.count() + of - 1) / of];
		}

		private void run() throws IOException {
			HttpLine line = new HttpLine(Publishers.this.wire.port());
			try {
				// Backends do not all begin at once.
				long began = System.nanoTime()
						+ ((this.perNano > 0) ? (long) (this.index / this.perNano / this.of) : 0);
				long sent = 0;
				while (!Publishers.this.stopped) {
					long now = System.nanoTime();
					long due = (this.perNano > 0) ? (long) ((now - began) * this.perNano) + 1 - sent : this.batch;
					if (due <= 0 || now < began) {
						LockSupport.parkNanos(Math.clamp(dueAt(began, sent) - now, 1, 100_000_000));
						continue;
					}
					int count = (int) Math.min(due, this.batch);
					long first = (this.perNano > 0) ? dueAt(began, sent) : now;
					if (line.isEnded()) {
						line.close();
						line = new HttpLine(Publishers.this.wire.port());
					}
					publish(line, began, sent, count, first);
					sent += count;
				}
			}
			finally {
				line.close();
			}
		}

		private long dueAt(long began, long number) {
			return began + (long) (number / this.perNano);
		}

		private void publish(HttpLine line, long began, long sent, int count, long first) throws IOException {
			List<Outgoing> messages = new ArrayList<>(count);
			for (int i = 0; i < count; i++) {
				messages.add(next((this.perNano > 0) ? dueAt(began, sent + i) : first));
			}
			HttpLine.Answer answer = line.exchange(Publishers.this.wire.request().apply(messages));
			Publishers.this.answers.recordValue(Math.clamp((System.nanoTime() - first) / 1000, 0, MAX_MICROS));
			if (answer.isGood() && !answer.body().contains("\"problem\"")) {
				Publishers.this.published.addAndGet(count);
			}
			else {
				Publishers.this.refused.addAndGet(count);
				Publishers.this.failure = answer.status() + " " + answer.body();
			}
		}

		/** Each topic and user has one backend, so that its messages have one order. */
		private Outgoing next(long due) {
			int slot = this.turn;
			int number = slot * this.of + this.index;
			if (this.audience.kind() == Kind.ALL) {
				number = 0;
			}
			else if (number >= this.audience.count()) {
				this.turn = 0;
				slot = 0;
				number = this.index;
			}
			this.turn = (this.audience.kind() == Kind.ALL) ? 0 : (slot + 1) % this.numbers.length;
			int target = this.audience.first() + number;
			byte[] data = Payload.write(Publishers.this.content, Publishers.this.phase,
					this.audience.lane(this.index, target), ++this.numbers[slot], due);
			return new Outgoing(this.audience.kind(), target, data);
		}

	}

	/**
	 * Stops and waits for answers that are still out.
	 */
	public void stop() {
		this.stopped = true;
		for (Thread thread : this.threads) {
			try {
				thread.join(Duration.ofSeconds(40));
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}
	}

	/**
	 * Messages that were answered well.
	 * @return how many
	 */
	public long published() {
		return this.published.get();
	}

	/**
	 * Messages that were refused.
	 * @return how many
	 */
	public long refused() {
		return this.refused.get();
	}

	/**
	 * Why a backend gave up or was refused, last.
	 * @return the reason, or empty
	 */
	public String failure() {
		return this.failure;
	}

	/**
	 * From when a request's first message was due to its answer, in microseconds.
	 * @return the times
	 */
	public Histogram answers() {
		return this.answers;
	}

}
