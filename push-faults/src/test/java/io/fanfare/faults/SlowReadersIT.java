package io.fanfare.faults;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import io.fanfare.test.sse.SseStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A thousand readers that stall beside a thousand that do not. */
@DisabledIfSystemProperty(named = "fanfare.faults.scenario", matches = ".+",
		disabledReason = "One scenario was asked for")
class SlowReadersIT {

	private static final int READERS = 1000;

	/**
	 * Before each measurement: what the first of them meet, code that is not compiled yet
	 * and the rest of the flood, is no reader's doing.
	 */
	private static final int FIRST = 40;

	private static final int MESSAGES = 100;

	private static final Duration PACE = Duration.ofMillis(50);

	private static final Duration SLOW_LIMIT = Duration.ofSeconds(12);

	private static final int FLOOD = 32;

	/** How many come back at once: this process is slower than the node. */
	private static final int GROUP = 50;

	private static final String TOPIC = "slow.readers";

	/** What only those hear that stall. */
	private static final String FLOODED = "slow.flooded";

	private final List<Reader> good = new ArrayList<>();

	private final List<Reader> stalled = new ArrayList<>();

	private Deployment deployment;

	private ApiClient api;

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	@Test
	void thousandStalledReadersNeitherDelayOthersNorGrowTheHeapAndMissNothing() {
		try (Deployment started = Deployment.start(Store.DURABLE, Timing.SHIPPED,
				"--fanfare.connections.slow-limit=" + SLOW_LIMIT.toSeconds() + "s")) {
			this.deployment = started;
			this.api = new ApiClient("http://127.0.0.1:" + started.api().port(), Deployment.API_KEY);
			ServiceProcess node = started.node(0);
			this.good.addAll(open("good", TOPIC));
			publish(FIRST);
			long alone = p99(publish(MESSAGES));

			this.stalled.addAll(open("stalled", TOPIC, FLOODED));
			long heapBefore = node.liveHeap();
			this.stalled.forEach((reader) -> reader.stream.pause());
			// What the kernel takes in for each, and then some.
			flood();
			publish(FIRST);
			long beside = p99(publish(MESSAGES));
			long heapWith = node.liveHeap();
			System.out.printf(
					"p99 of %d readers: alone %.1f ms, beside as many stalled ones %.1f ms; live heap %.1f MiB, then %.1f MiB%n",
					READERS, alone / 1e6, beside / 1e6, heapBefore / 1048576.0, heapWith / 1048576.0);
			// A difference below the granularity of two busy processors is none.
			assertThat(beside).isLessThan(Math.max(2 * alone, alone + Duration.ofMillis(10).toNanos()));
			assertThat(heapWith - heapBefore).isLessThan(4L << 20);

			await().atMost(SLOW_LIMIT.plusSeconds(15))
				.until(() -> node.metric("sse_connections_closed_total", "reason=\"slow\"") == READERS);
			assertThat(node.metric("sse_active_connections", "")).isEqualTo(READERS);
			int last = this.numbers.get() - 1;
			for (int from = 0; from < READERS; from += GROUP) {
				readOnAndComeBack(this.stalled.subList(from, from + GROUP), last);
			}
		}
		finally {
			this.good.forEach((reader) -> reader.stream.close());
			this.stalled.forEach((reader) -> reader.stream.close());
		}
	}

	/** Those who were closed notice, come back with their cursors, and have it all. */
	private void readOnAndComeBack(List<Reader> group, int last) {
		group.forEach((reader) -> reader.stream.resume());
		await().atMost(Duration.ofSeconds(20)).until(() -> group.stream().allMatch((reader) -> reader.ended));
		List<Reader> back = group.stream().map(Reader::again).toList();
		await().atMost(Duration.ofSeconds(20))
			.until(() -> back.stream().allMatch((reader) -> reader.last == last && reader.lastOfFlood == FLOOD - 1));
		assertThat(back).allSatisfy((reader) -> assertThat(reader.holes.get()).isZero());
		back.forEach((reader) -> reader.stream.close());
	}

	private List<Reader> open(String name, String... channels) {
		List<Reader> readers = IntStream.range(0, READERS)
			.mapToObj((i) -> reader(this.api.token(name + i), channels))
			.toList();
		await().atMost(Duration.ofSeconds(30)).until(() -> readers.stream().allMatch((reader) -> reader.began));
		return readers;
	}

	private Reader reader(String token, String... channels) {
		SseRequest request = SseClient.request("127.0.0.1", this.deployment.node(0).port(), "/events")
			.bearer(token)
			.receiveBuffer(4096);
		for (String channel : channels) {
			request.query("channel", channel);
		}
		return new Reader(request, this.numbers.get() - 1, -1);
	}

	private final AtomicInteger numbers = new AtomicInteger();

	/**
	 * Publishes in a steady pace and waits until all good readers have heard all of it.
	 */
	private int publish(int messages) {
		long due = System.nanoTime();
		for (int i = 0; i < messages; i++) {
			due += PACE.toNanos();
			pause(due - System.nanoTime());
			publish(TOPIC, this.numbers.getAndIncrement(), 256);
		}
		int last = this.numbers.get() - 1;
		await().atMost(Duration.ofSeconds(30))
			.until(() -> this.good.stream().allMatch((reader) -> reader.last == last));
		return messages;
	}

	private void publish(String topic, int number, int bytes) {
		String data = topic + " " + number + " " + System.nanoTime() + " " + "x".repeat(bytes);
		assertThat(this.api.publish(Map.of("to", Map.of("channel", topic), "data", data)).status()).isEqualTo(200);
	}

	private void flood() {
		for (int i = 0; i < FLOOD; i++) {
			publish(FLOODED, i, 16 * 1024);
		}
	}

	/** Of the last publish, over all good readers. */
	private long p99(int published) {
		long[] all = this.good.stream()
			.flatMapToLong((reader) -> Arrays.stream(reader.latest(published)))
			.sorted()
			.toArray();
		assertThat(all).hasSize(READERS * published);
		return all[(int) (all.length * 0.99)];
	}

	private static void pause(long nanos) {
		try {
			TimeUnit.NANOSECONDS.sleep(nanos);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	/** A reader that keeps numbers and latencies only. */
	private static final class Reader implements SseStream.Listener {

		private final SseRequest request;

		private final SseStream stream;

		private final long[] latencies = new long[1024];

		private int heard;

		private volatile boolean began;

		private volatile boolean ended;

		private volatile int last;

		private volatile int lastOfFlood;

		private final AtomicInteger holes = new AtomicInteger();

		Reader(SseRequest request, int last, int lastOfFlood) {
			this.request = request;
			this.last = last;
			this.lastOfFlood = lastOfFlood;
			this.stream = request.open(this);
		}

		/** Comes back with its cursor. */
		Reader again() {
			return new Reader(this.request.lastEventId(this.stream.lastEventId()), this.last, this.lastOfFlood);
		}

		long[] latest(int count) {
			return Arrays.copyOfRange(this.latencies, this.heard - count, this.heard);
		}

		@Override
		public void head(int status, HttpHeaders headers) {
			this.began = status == 200;
		}

		@Override
		public void block(SseBlock block) {
			if (block.fires("push.gap")) {
				this.holes.incrementAndGet();
			}
			else if (block.fires("message")) {
				message(System.nanoTime(), block.data().split(" ", 3));
			}
		}

		private void message(long now, String[] parts) {
			int number = Integer.parseInt(parts[1]);
			if (parts[0].equals(FLOODED)) {
				this.holes.addAndGet((number == this.lastOfFlood + 1) ? 0 : 1);
				this.lastOfFlood = number;
				return;
			}
			this.holes.addAndGet((number == this.last + 1) ? 0 : 1);
			this.latencies[this.heard++] = now - Long.parseLong(parts[2].substring(0, parts[2].indexOf(' ')));
			this.last = number;
		}

		@Override
		public void comment(String comment) {
			// a heartbeat
		}

		@Override
		public void end(End how, @Nullable Exception cause) {
			this.ended = true;
		}

	}

}
