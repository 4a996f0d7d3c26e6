package io.fanfare.local;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseStream;
import org.jspecify.annotations.Nullable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Streams of users with an address each, and a backend that publishes to their topic at a
 * steady rate. A message carries its number and when it was due, so its latency is that
 * of API, Redis, node and wire together, and a publisher that is kept waiting counts as
 * well.
 */
final class GoodStreams implements AutoCloseable {

	/** How many there are. */
	static final int COUNT = 30;

	private static final String TOPIC = "good";

	private static final Duration EACH = Duration.ofMillis(20);

	private static final Duration IN_TIME = Duration.ofMillis(50);

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final ApiClient api;

	private final List<GoodStream> streams = new ArrayList<>();

	/** What must not have happened. */
	private final Queue<String> faults = new ConcurrentLinkedQueue<>();

	private final Thread publisher;

	private final AtomicInteger published = new AtomicInteger();

	/** What was due since then counts, by the clock of {@link System#nanoTime()}. */
	private volatile long since;

	private volatile boolean publishing = true;

	/** How long the last message took. */
	private volatile long last = SOON.toNanos();

	private volatile boolean closed;

	GoodStreams(FloodedCluster cluster) {
		this.api = new ApiClient(cluster.apiUrl(), FloodedCluster.GOOD_KEY);
		for (int i = 0; i < COUNT; i++) {
			this.streams.add(new GoodStream(cluster, i));
		}
		await().atMost(SOON).until(() -> this.streams.stream().allMatch((stream) -> stream.connected));
		this.publisher = Thread.ofPlatform().name("publisher").start(this::publishAll);
	}

	/**
	 * How long messages took, of all streams together.
	 *
	 * @param messages how many were received
	 * @param medianMillis the median
	 * @param p99Millis what one of a hundred exceeded
	 * @param secondMillis what one of a hundred exceeded in the median second
	 */
	record Latency(int messages, double medianMillis, double p99Millis, double secondMillis) {

		private static Latency of(List<Sample> samples) {
			double[] seconds = samples.stream()
				.collect(Collectors.groupingBy((sample) -> sample.due() / SECOND))
				.values()
				.stream()
				.mapToDouble((second) -> millis(second, 0.99))
				.sorted()
				.toArray();
			return new Latency(samples.size(), millis(samples, 0.5), millis(samples, 0.99),
					seconds[seconds.length / 2]);
		}

		private static double millis(List<Sample> samples, double share) {
			long[] nanos = samples.stream().mapToLong(Sample::nanos).sorted().toArray();
			return nanos[(int) (nanos.length * share)] / 1e6;
		}

		@Override
		public String toString() {
			return "p50 %.1f ms, p99 %.1f ms, of the median second %.1f ms, of %d".formatted(this.medianMillis,
					this.p99Millis, this.secondMillis, this.messages);
		}

	}

	/** When a message was due, and how long it took from then. */
	private record Sample(long due, long nanos) {

	}

	private void publishAll() {
		long due = System.nanoTime();
		while (!this.closed) {
			due += EACH.toNanos();
			for (long early = due - System.nanoTime(); early > 0; early = due - System.nanoTime()) {
				LockSupport.parkNanos(early);
			}
			if (this.publishing) {
				publish(due);
			}
		}
	}

	private void publish(long due) {
		try {
			this.api.toChannel(TOPIC, this.published + " " + due);
			this.published.incrementAndGet();
		}
		catch (RuntimeException ex) {
			this.faults.add("Not published: " + ex);
		}
	}

	/** Counts from now on. */
	void begin() {
		this.since = System.nanoTime();
		this.streams.forEach(GoodStream::begin);
	}

	/** Waits until what was published has arrived, and tells how long it took. */
	Latency end() {
		int number = this.published.get();
		await().atMost(SOON).untilAsserted(() -> {
			assertThat(this.faults).isEmpty();
			assertThat(this.streams).allMatch((stream) -> stream.next >= number);
		});
		List<Sample> samples = this.streams.stream().flatMap((stream) -> stream.samples().stream()).toList();
		assertThat(samples).isNotEmpty();
		return Latency.of(samples);
	}

	/** Publishes nothing until it is resumed. */
	void pause() {
		this.publishing = false;
	}

	/** Publishes on, and waits until messages arrive in time. */
	void resume() {
		this.last = SOON.toNanos();
		this.publishing = true;
		await().atMost(SOON).until(() -> this.last < IN_TIME.toNanos());
	}

	/** Messages that were lost or out of order, gaps, and streams that ended. */
	List<String> faults() {
		return List.copyOf(this.faults);
	}

	@Override
	public void close() {
		this.closed = true;
		this.streams.forEach((stream) -> stream.connection.close());
	}

	private final class GoodStream implements SseStream.Listener {

		private final int number;

		private final SseStream connection;

		private final List<Sample> taken = new ArrayList<>();

		private volatile boolean connected;

		private volatile int next;

		private GoodStream(FloodedCluster cluster, int number) {
			this.number = number;
			this.connection = SseClient.request("127.0.0.1", cluster.node().port(), "/events")
				.from("127.0.10." + (1 + number))
				.query("channel", TOPIC)
				.query("client", "good-" + number)
				.bearer(cluster.token("good-" + number))
				.open(this);
		}

		private void begin() {
			synchronized (this.taken) {
				this.taken.clear();
			}
		}

		private List<Sample> samples() {
			synchronized (this.taken) {
				return List.copyOf(this.taken);
			}
		}

		@Override
		public void head(int status, HttpHeaders headers) {
			if (status != 200) {
				fault("was answered " + status);
			}
		}

		@Override
		public void block(SseBlock block) {
			long now = System.nanoTime();
			if (block.fires("push.connected")) {
				this.connected = true;
			}
			else if (block.data() != null && block.fires("message")) {
				String[] parts = block.data().split(" ");
				int received = Integer.parseInt(parts[0]);
				if (received != this.next) {
					fault("received " + received + " in place of " + this.next);
				}
				long time = Long.parseLong(parts[1]);
				GoodStreams.this.last = now - time;
				if (time - GoodStreams.this.since >= 0) {
					synchronized (this.taken) {
						this.taken.add(new Sample(time, now - time));
					}
				}
				this.next = received + 1;
			}
			else if (block.data() != null) {
				fault("received " + block.type() + " " + block.data());
			}
		}

		@Override
		public void comment(String comment) {
			// A heartbeat
		}

		@Override
		public void end(End how, @Nullable Exception cause) {
			if (how != End.CLOSED_HERE) {
				fault("ended: " + how + " " + cause);
			}
		}

		private void fault(String what) {
			GoodStreams.this.faults.add("Stream " + this.number + " " + what);
		}

	}

}
