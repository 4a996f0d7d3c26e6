package io.fanfare.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.sun.net.httpserver.HttpServer;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.api.TokenMint.Algorithm;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Keys of a JWKS address rotate under a running node, while streams open all the time.
 * The time between two fetches is let pass by hand.
 */
class KeyRotationIT {

	private static final Duration LEAST_INTERVAL = Duration.ofSeconds(30);

	private static final int ROTATIONS = 3;

	/** Streams that open with each key before the next step. */
	private static final int STREAMS = 20;

	private static final int OPENERS = 2;

	private static final int UNKNOWN_KEYS = 50;

	/** How far the time of the keys is ahead, in nanoseconds. */
	private final AtomicLong ahead = new AtomicLong();

	private final AtomicReference<String> published = new AtomicReference<>("");

	/** When the set was fetched, in nanoseconds. */
	private final Queue<Long> fetches = new ConcurrentLinkedQueue<>();

	private final AtomicReference<TokenMint> signer = new AtomicReference<>();

	private final AtomicInteger opened = new AtomicInteger();

	private final AtomicBoolean over = new AtomicBoolean();

	private final ExecutorService openers = Executors.newFixedThreadPool(OPENERS);

	private HttpServer server;

	private TestNode node;

	@BeforeEach
	void start() throws IOException {
		this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		this.server.createContext("/jwks", (exchange) -> {
			this.fetches.add(now());
			byte[] set = this.published.get().getBytes(StandardCharsets.UTF_8);
			try (exchange) {
				exchange.sendResponseHeaders(200, set.length);
				exchange.getResponseBody().write(set);
			}
		});
		this.server.start();
	}

	@AfterEach
	void stop() {
		this.over.set(true);
		this.openers.shutdownNow();
		if (this.node != null) {
			this.node.close();
		}
		this.server.stop(0);
	}

	private long now() {
		return System.nanoTime() + this.ahead.get();
	}

	/** The next fetch may begin. */
	private void pass() {
		this.ahead.addAndGet(LEAST_INTERVAL.toNanos());
	}

	private void publish(TokenMint... keys) {
		this.published.set("{\"keys\":[" + Stream.of(keys).map(TokenMint::jwk).collect(Collectors.joining(",")) + "]}");
	}

	private SseRequest stream(TokenMint mint) {
		return this.node.request("/events").bearer(mint.stream(newUser(), Duration.ofHours(1)));
	}

	@Test
	void noStreamIsRefusedWhileTheOldKeyAndTheNewOneArePublishedTogether() throws Exception {
		TokenMint old = TokenMint.withNewKey(Algorithm.ES256).named("key-0");
		publish(old);
		this.node = TestNode.start(TestRedis.shared(), "rotation",
				(context) -> context.addBeanFactoryPostProcessor(this::hasten),
				"--fanfare.stream.jwt.jwks-uri=http://127.0.0.1:" + this.server.getAddress().getPort() + "/jwks");
		await().atMost(SOON).until(() -> this.node.meter("fanfare.jwks.fetches", "outcome", "ok") > 0);
		this.signer.set(old);
		List<Future<?>> running = new ArrayList<>();
		for (int i = 0; i < OPENERS; i++) {
			running.add(this.openers.submit(this::openAndClose));
		}
		awaitStreams(running);
		try (SseClient early = TestNode.opened(stream(old))) {
			for (int i = 1; i <= ROTATIONS; i++) {
				TokenMint next = TokenMint.withNewKey(Algorithm.ES256).named("key-" + i);
				publish(old, next);
				pass();
				this.signer.set(next);
				awaitStreams(running);
				publish(next);
				showUnknownKeys();
				TestNode.opened(stream(old)).close();
				pass();
				showUnknownKeys();
				assertThat(refused(old)).as("it may have come back since").isEqualTo(503);
				pass();
				assertThat(refused(old)).as("a key that was withdrawn").isEqualTo(401);
				awaitStreams(running);
				old = next;
			}
			assertThat(early.end()).as("a stream outlives the key of its token").isNull();
		}
		this.over.set(true);
		for (Future<?> one : running) {
			one.get();
		}
		List<Long> times = List.copyOf(this.fetches);
		assertThat(times).as("at the start, for each new key, for unknown ones, and for each old key")
			.hasSize(1 + 3 * ROTATIONS);
		for (int i = 1; i < times.size(); i++) {
			assertThat(Duration.ofNanos(times.get(i) - times.get(i - 1))).as("fetch %d", i)
				.isGreaterThanOrEqualTo(LEAST_INTERVAL.minusSeconds(1));
		}
	}

	/** Until the streams that the openers began by then are open, and many more. */
	private void awaitStreams(List<Future<?>> running) {
		int before = this.opened.get();
		await().atMost(SOON)
			.until(() -> this.opened.get() >= before + STREAMS || running.stream().anyMatch(Future::isDone));
		assertThat(running).as("an opener ends where a stream is refused").noneMatch(Future::isDone);
	}

	private void openAndClose() {
		while (!this.over.get()) {
			SseRequest request = stream(this.signer.get());
			try (SseClient stream = request.open()) {
				SseBlock first = stream.nextBlock(SOON);
				assertThat(first.fires("push.connected")).as(first.toString()).isTrue();
			}
			this.opened.incrementAndGet();
		}
	}

	private int refused(TokenMint mint) {
		return stream(mint).query("strict", "1").fetch().status();
	}

	/** As an attacker would, to have the set fetched again and again. */
	private void showUnknownKeys() {
		TokenMint unknown = TokenMint.withNewKey(Algorithm.ES256);
		for (int i = 0; i < UNKNOWN_KEYS; i++) {
			assertThat(refused(unknown.named("unknown-" + i))).isIn(401, 503);
		}
	}

	/** Gives the keys of the node a time of their own. */
	private void hasten(ConfigurableListableBeanFactory factory) {
		DefaultListableBeanFactory all = (DefaultListableBeanFactory) factory;
		all.removeBeanDefinition("streamKeys");
		RootBeanDefinition keys = new RootBeanDefinition(JwtKeys.class, () -> {
			NodeSettings.StreamJwt settings = all.getBean(NodeSettings.StreamJwt.class);
			return JwtKeys.of("stream", all.getBean(NodeSettings.Jwt.class).keys(settings.jwt()), settings.jwt(),
					new Hastened(all.getBean(Scheduler.class), this::now), all.getBean(MeterRegistry.class));
		});
		keys.setInitMethodName("start");
		all.registerBeanDefinition("streamKeys", keys);
	}

	private record Hastened(Scheduler scheduler, Ticker ticker) implements Scheduler {

		@Override
		public Worker createWorker(String where) {
			return this.scheduler.createWorker(where);
		}

	}

}
