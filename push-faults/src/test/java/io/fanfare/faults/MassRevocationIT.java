package io.fanfare.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * How soon streams on three nodes end once their right was taken away, while messages go
 * to all of them; and that no client comes back with what it had.
 */
@DisabledIfSystemProperty(named = "fanfare.faults.scenario", matches = ".+",
		disabledReason = "One scenario was asked for")
class MassRevocationIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final int STREAMS = LONG ? 10_000 : 600;

	private static final int REVOKED = LONG ? 1_000 : 60;

	/** How often each of them tries to return. */
	private static final int RETURNS = 10;

	private static final int NODES = 3;

	/** Clients that open a stream at once. */
	private static final int OPENING = 64;

	/** Backends that revoke at once. */
	private static final int REVOKING = 4;

	/** Of so many users one is revoked by the id of the token. */
	private static final int BY_TOKEN = 5;

	private static final int REPETITIONS = 20;

	/** Between two messages to all. */
	private static final Duration PACE = Duration.ofMillis(LONG ? 500 : 100);

	private static final Duration LIMIT = Duration.ofSeconds(1);

	private static final Duration SOON = Duration.ofSeconds(60);

	private final List<MassReader> readers = IntStream.range(0, STREAMS).mapToObj(MassReader::new).toList();

	/** Numbers messages: each before it is published. */
	private final AtomicInteger numbers = new AtomicInteger();

	/** Streams that ended by the calls. */
	private final AtomicInteger byCalls = new AtomicInteger();

	/** Calls and attempts that nothing was decided of. */
	private final AtomicInteger repeated = new AtomicInteger();

	private final CountDownLatch quiet = new CountDownLatch(1);

	private Deployment deployment;

	private ApiClient api;

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	@AfterEach
	void close() {
		this.quiet.countDown();
		this.readers.forEach(MassReader::close);
		if (this.deployment != null) {
			this.deployment.close();
		}
	}

	@Test
	void theLastByteComesWithinASecondOfTheAnswerAndNoneReturns() throws Exception {
		// With leases and renewals as shipped: what ends a stream this soon is the call.
		this.deployment = Deployment.start(Store.DURABLE, Timing.SHIPPED, NODES);
		this.api = new ApiClient(this.deployment.apiUrl(), Deployment.API_KEY);
		inParallel(OPENING, STREAMS, this::open);
		Thread backend = Thread.ofVirtual().start(this::publishToAll);
		List<MassReader> revoked = this.readers.subList(0, REVOKED);
		List<MassReader> others = this.readers.subList(REVOKED, STREAMS);

		inParallel(REVOKING, REVOKED, (i) -> revoke(revoked.get(i)));
		await().atMost(SOON).until(() -> revoked.stream().allMatch((reader) -> reader.ended));
		int last = publish(Map.of("all", true));
		await().atMost(SOON).until(() -> others.stream().allMatch((reader) -> reader.newest.get() >= last));
		assertThat(others).noneMatch((reader) -> reader.ended);
		assertThat(revoked).allSatisfy((reader) -> {
			assertThat(reader.lastWords).startsWith("push.kicked").contains("revoked");
			assertThat(reader.newest.get()).isLessThan(reader.publishedAfter);
		});
		assertThat(streams()).isEqualTo(STREAMS - REVOKED);
		assertThat(percentile99(revoked)).isLessThan(LIMIT.toNanos());

		returnInVain(revoked);
		assertThat(streams()).isEqualTo(STREAMS - REVOKED);
		inParallel(OPENING, REVOKED,
				(i) -> assertThat(this.api.connectionOf(revoked.get(i).user)).as(revoked.get(i).user).isNull());
		this.quiet.countDown();
		backend.join();
	}

	/** From the answer to the last byte, in nanoseconds. */
	private long percentile99(List<MassReader> revoked) {
		long[] late = revoked.stream().mapToLong(MassReader::late).sorted().toArray();
		long[] calls = revoked.stream().mapToLong((reader) -> reader.callNanos).sorted().toArray();
		int p99 = late.length * 99 / 100;
		System.out.printf("%d of %d streams on %d nodes revoked: last byte after the answer p50 %.1f ms, p99 %.1f ms,"
				+ " max %.1f ms; %d ended by the call, which took p50 %.1f ms, p99 %.1f ms; %d calls repeated%n",
				late.length, STREAMS, NODES, late[late.length / 2] / 1e6, late[p99] / 1e6, late[late.length - 1] / 1e6,
				this.byCalls.get(), calls[late.length / 2] / 1e6, calls[p99] / 1e6, this.repeated.get());
		return late[p99];
	}

	/** Each of them again and again, with the token that it had. */
	private void returnInVain(List<MassReader> revoked) throws Exception {
		Map<String, LongAdder> outcomes = new ConcurrentSkipListMap<>();
		Queue<String> wrong = new ConcurrentLinkedQueue<>();
		int attempts = RETURNS * revoked.size();
		inParallel(OPENING, attempts, (i) -> {
			Return attempt = new Return(revoked.get(i % revoked.size()), i / revoked.size());
			Answer answer = attempt.request().fetch();
			for (int n = 0; n < REPETITIONS && attempt.isUndecided(answer); n++) {
				this.repeated.incrementAndGet();
				answer = attempt.request().fetch();
			}
			outcomes.computeIfAbsent(attempt.outcome(answer), (first) -> new LongAdder()).increment();
			if (!attempt.isRefused(answer)) {
				wrong.add(attempt + ": " + answer.status() + " " + answer.text());
			}
		});
		System.out.printf("%d attempts to return: %s, %d calls and attempts repeated%n", attempts, outcomes,
				this.repeated.get());
		assertThat(wrong).isEmpty();
		assertThat(outcomes.values().stream().mapToLong(LongAdder::sum).sum()).isEqualTo(attempts);
	}

	private void open(int index) {
		MassReader reader = this.readers.get(index);
		reader.open(this.deployment.token(reader.user, reader.tokenId), () -> request(index));
	}

	private double streams() {
		return this.deployment.nodes().stream().mapToDouble((node) -> node.metric("sse_active_connections", "")).sum();
	}

	private void publishToAll() {
		try {
			while (!this.quiet.await(PACE.toMillis(), TimeUnit.MILLISECONDS)) {
				publish(Map.of("all", true));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	/** Returns the number of the message. */
	private int publish(Map<String, ?> to) {
		int number = this.numbers.getAndIncrement();
		order("/v1/messages", Map.of("to", to, "data", Integer.toString(number))).ok();
		return number;
	}

	/** As a backend does, which repeats what a machine that is too busy did not take. */
	private ApiClient.Reply order(String path, Map<String, ?> body) {
		for (int i = 0;; i++) {
			ApiClient.Reply reply = this.api.post(path, body);
			if (reply.status() != 503 || i == REPETITIONS) {
				return reply;
			}
			this.repeated.incrementAndGet();
		}
	}

	/** Between two messages to the user: the first may arrive, the second must not. */
	private void revoke(MassReader reader) {
		boolean byToken = reader.index % BY_TOKEN == 0;
		publish(Map.of("user", reader.user));
		ApiClient.Reply reply = order("/v1/revocations",
				Map.of(byToken ? "jti" : "user", byToken ? reader.tokenId : reader.user));
		reader.answeredAt = System.nanoTime();
		reader.publishedAfter = this.numbers.get();
		reader.callNanos = reply.took().toNanos();
		publish(Map.of("user", reader.user));
		JsonNode answer = reply.ok();
		assertThat(answer.required("unanswered")).as(answer.toString()).isEmpty();
		assertThat(answer.required("nodes")).as(answer.toString()).hasSize(NODES);
		// None where a renewal read of it between the storing and the call.
		assertThat(answer.required("connections").asInt()).as(answer.toString()).isLessThanOrEqualTo(1);
		this.byCalls.addAndGet(answer.required("connections").asInt());
	}

	private static void inParallel(int threads, int count, IntConsumer work) throws Exception {
		AtomicInteger next = new AtomicInteger();
		List<Future<?>> all = new ArrayList<>();
		try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
			for (int i = 0; i < threads; i++) {
				all.add(workers.submit(() -> {
					for (int n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
						work.accept(n);
					}
				}));
			}
		}
		for (Future<?> one : all) {
			one.get();
		}
	}

	private SseRequest request(int node) {
		return SseClient.request("127.0.0.1", this.deployment.node(node % NODES).port(), "/events");
	}

	/**
	 * An attempt of a client to return, each round in another way and on another node.
	 */
	private final class Return {

		private final MassReader reader;

		private final int round;

		private final boolean strict;

		/** With what a native client would send, which ends it for good. */
		private final boolean obedient;

		Return(MassReader reader, int round) {
			this.reader = reader;
			this.round = round;
			this.strict = round % 2 == 0;
			this.obedient = round == RETURNS - 1;
		}

		SseRequest request() {
			SseRequest request = MassRevocationIT.this.request(this.reader.index + this.round)
				.bearer(this.reader.token);
			switch (this.round % 3) {
				case 0 -> request.query("client", this.reader.client);
				case 1 -> request.query("client", "other-" + this.round);
				default -> {
					// without one
				}
			}
			if (this.obedient) {
				request.lastEventId(Objects.requireNonNull(this.reader.cursor));
			}
			return this.strict ? request.query("strict", "1") : request;
		}

		/** A machine that is too busy sends clients away, and they come back. */
		boolean isUndecided(Answer answer) {
			return answer.status() == 503 || answer.text().contains("push.busy");
		}

		boolean isRefused(Answer answer) {
			if (this.obedient) {
				return answer.status() == 204;
			}
			if (this.strict) {
				return answer.status() == 401 && answer.text().contains("invalid-token");
			}
			return answer.status() == 200 && answer.text().contains("push.kicked")
					&& answer.text().contains("\"revoked\"") && !answer.text().contains("push.connected");
		}

		String outcome(Answer answer) {
			return answer.status() + (answer.text().contains("push.connected") ? " stream"
					: answer.text().contains("push.kicked") ? " push.kicked" : "");
		}

		@Override
		public String toString() {
			return this.reader.user + " round " + this.round;
		}

	}

}
