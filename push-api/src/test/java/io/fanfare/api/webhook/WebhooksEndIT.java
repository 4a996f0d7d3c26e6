package io.fanfare.api.webhook;

import java.time.Clock;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

import io.fanfare.api.TestApi;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.event.EventStream;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** An attempt that ends in no answer leaves its event to be sent again. */
class WebhooksEndIT {

	private static final String STREAM = "fanfare:{0}:receipts";

	private static final Duration SOON = Duration.ofSeconds(20);

	private static RedisProcess redis;

	/** Sends nothing by itself. */
	private static TestApi api;

	private final Receiver receiver = new Receiver(null);

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	@BeforeAll
	static void start() {
		redis = TestRedis.start();
		api = TestApi.start(redis);
	}

	@AfterAll
	static void stop() {
		api.close();
		redis.close();
	}

	@AfterEach
	void forget() {
		this.receiver.close();
		redis.ask((commands) -> commands.del(STREAM));
	}

	@Test
	void anAttemptThatTheEndOfTheProcessCutsSettlesNothing() {
		CompletableFuture<Integer> answer = new CompletableFuture<>();
		this.receiver.answer((request) -> answer.join());
		try {
			Webhooks webhooks = webhooks(1, new Random());
			add();
			await().atMost(SOON).until(() -> this.receiver.received().size() == 1);
			webhooks.close();
			await().atMost(SOON).until(() -> webhooks.held() == 0);
			assertThat(pending()).isEqualTo(1);
			assertThat(count("given-up") + count("failed") + count("delivered")).isZero();
		}
		finally {
			answer.complete(204);
		}
	}

	@Test
	void anErrorWithinAnAttemptLeavesNothingHeld() {
		this.receiver.answer((request) -> 503);
		try (Webhooks webhooks = webhooks(2, () -> {
			throw new AssertionError("an error of the test");
		})) {
			add();
			await().atMost(SOON).until(() -> !this.receiver.received().isEmpty());
			await().atMost(SOON).until(() -> webhooks.held() == 0);
			assertThat(pending()).isEqualTo(1);
		}
	}

	private Webhooks webhooks(int attempts, RandomGenerator random) {
		Scheduler scheduler = api.bean(Scheduler.class);
		String url = "http://127.0.0.1:" + this.receiver.port() + "/";
		WebhookSettings settings = new WebhookSettings(url, Receiver.SECRET, true, SOON, attempts);
		Webhooks webhooks = new Webhooks(new EventStream(api.bean(CommandLink.class), api.bean(RedisKeys.class)),
				settings, url, Receiver.SECRET, new WebhookReport(this.registry, scheduler.ticker()), random,
				Clock.systemUTC(), scheduler, api.bean(Errors.class));
		webhooks.start();
		return webhooks;
	}

	private static void add() {
		redis.ask((commands) -> commands.xadd(STREAM, "type", "t", "user", "alice", "body", "{}"));
	}

	private static long pending() {
		return redis.ask((commands) -> commands.xpending(STREAM, "webhook").getCount());
	}

	private double count(String result) {
		return this.registry.get("fanfare.webhook.attempts").tag("result", result).counter().count();
	}

}
