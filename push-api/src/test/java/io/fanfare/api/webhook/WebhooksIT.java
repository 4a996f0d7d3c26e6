package io.fanfare.api.webhook;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.api.TestApi;
import io.fanfare.api.webhook.Receiver.Received;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Events of the stream reach a backend, signed, each until it is accepted or given up.
 */
class WebhooksIT {

	private static final String STREAM = "fanfare:{0}:receipts";

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final Receiver RECEIVER = new Receiver(null);

	private static RedisProcess redis;

	private static TestApi api;

	@BeforeAll
	static void start() {
		redis = TestRedis.start();
		api = TestApi.start(redis, "--fanfare.webhook.url=http://127.0.0.1:" + RECEIVER.port() + "/events?from=fanfare",
				"--fanfare.webhook.secret=" + Receiver.SECRET, "--fanfare.webhook.allow-private=true",
				"--fanfare.webhook.attempts=2");
	}

	@AfterAll
	static void stop() {
		api.close();
		redis.close();
		RECEIVER.close();
	}

	@AfterEach
	void forget() {
		await().atMost(SOON).until(() -> held() == 0);
		await().atMost(SOON).untilAsserted(() -> assertThat(pending()).as("all are settled").isZero());
		RECEIVER.answer((request) -> 204);
		RECEIVER.received().clear();
	}

	@Test
	void eachEventArrivesOnceSignedAndThoseOfAUserInOrder() {
		List<String> ids = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			ids.add(add("user-" + i % 3, "{\"n\":" + i + ",\"text\":\"\u00e4\"}"));
		}
		await().atMost(SOON).until(() -> RECEIVER.received().size() >= 300);
		List<Received> received = List.copyOf(RECEIVER.received());
		assertThat(received).hasSize(300).allMatch(Received::signed);
		assertThat(received).allMatch((one) -> one.uri().equals("/events?from=fanfare"));
		assertThat(received).extracting(Received::id).containsExactlyInAnyOrderElementsOf(ids);
		for (int user = 0; user < 3; user++) {
			int of = user;
			assertThat(received.stream().map(Received::body).map((body) -> number(body)).filter((n) -> n % 3 == of))
				.as("those of user %d", user)
				.isEqualTo(IntStream.range(0, 100).mapToObj((i) -> i * 3 + of).toList());
		}
		assertThat(received.stream().map(Received::port).distinct().count()).as("connections")
			.isLessThanOrEqualTo(Webhooks.CONNECTIONS);
	}

	@Test
	void anEventThatIsRefusedIsSentAgainWithTheSameId() {
		RECEIVER.answer((request) -> (RECEIVER.received().size() == 1) ? 503 : 200);
		double failed = count("failed");
		String id = add("alice", "{}");
		await().atMost(SOON).until(() -> RECEIVER.received().size() == 2);
		assertThat(RECEIVER.received()).extracting(Received::id).containsExactly(id, id);
		assertThat(count("failed")).isEqualTo(failed + 1);
	}

	@Test
	void anEventIsGivenUpAfterSoManyAttemptsAndStaysInTheStream() {
		RECEIVER.answer((request) -> 302);
		double givenUp = count("given-up");
		String id = add("alice", "{}");
		await().atMost(SOON).until(() -> count("given-up") == givenUp + 1);
		assertThat(RECEIVER.received()).extracting(Received::uri)
			.as("no redirect is followed")
			.containsExactly("/events?from=fanfare", "/events?from=fanfare");
		assertThat(redis.<Long>ask((commands) -> commands.xlen(STREAM))).isPositive();
		assertThat(id).isNotEmpty();
	}

	@ParameterizedTest
	@ValueSource(ints = { 400, 404, 410, 422 })
	void anEventThatTheReceiverWillNotHaveIsGivenUpAtOnce(int status) {
		RECEIVER.answer((request) -> status);
		double failed = count("failed");
		double givenUp = count("given-up");
		String id = add("alice", "{}");
		await().atMost(SOON).until(() -> count("given-up") == givenUp + 1);
		assertThat(RECEIVER.received()).extracting(Received::id).containsExactly(id);
		assertThat(count("failed")).isEqualTo(failed);
	}

	@ParameterizedTest
	@ValueSource(ints = { 408, 425, 429 })
	void anEventThatTheReceiverWillHaveLaterIsSentAgain(int status) {
		RECEIVER.answer((request) -> (RECEIVER.received().size() == 1) ? status : 200);
		double givenUp = count("given-up");
		String id = add("alice", "{}");
		await().atMost(SOON).until(() -> RECEIVER.received().size() == 2);
		assertThat(RECEIVER.received()).extracting(Received::id).containsExactly(id, id);
		assertThat(count("given-up")).isEqualTo(givenUp);
	}

	@Test
	void whatConcernsAllUsersIsNeverGivenUp() {
		RECEIVER.answer((request) -> switch (RECEIVER.received().size()) {
			case 1 -> 404;
			case 2 -> 500;
			default -> 204;
		});
		double givenUp = count("given-up");
		String id = add("", "{}");
		await().atMost(SOON).until(() -> RECEIVER.received().size() == 3);
		assertThat(RECEIVER.received()).extracting(Received::id).containsOnly(id);
		assertThat(count("given-up")).isEqualTo(givenUp);
	}

	private static int number(String body) {
		return Integer.parseInt(body.replaceAll("\\D*(\\d+).*", "$1"));
	}

	private static String add(String user, String body) {
		return redis.ask((commands) -> commands.xadd(STREAM, "type", "t", "user", user, "body", body));
	}

	private static long pending() {
		return redis.ask((commands) -> commands.xpending(STREAM, "webhook").getCount());
	}

	private static double held() {
		return api.bean(MeterRegistry.class).get("fanfare.webhook.held").gauge().value();
	}

	private static double count(String result) {
		return api.bean(MeterRegistry.class).get("fanfare.webhook.attempts").tag("result", result).counter().count();
	}

}
