package io.fanfare.api.ratelimit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LimitsIT {

	/** As the type that the IANA has registered. */
	private static final String EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded";

	private static final String POLICY = "\"bytes\";q=20000;w=20;qu=\"content-bytes\", \"new-channels\";q=100;w=60;qu=\"channels\"";

	private TestApi api;

	@BeforeAll
	void start() {
		this.api = TestApi.start(TestRedis.shared(), "--fanfare.api.limits.bytes-per-second=1000MB",
				"--fanfare.api.limits.callers=dev:1024:20000:100,~mint:0:0:5,look:0:0:0",
				"--fanfare.api.limits.refusals-per-minute=3", "--fanfare.limits.exempt=192.0.2.0/24");
	}

	@AfterAll
	void stop() {
		this.api.close();
	}

	@BeforeEach
	void forget() {
		TestRedis.shared().clear();
	}

	@Test
	void aKeyThatPublishesTooMuchIsRefusedAndItsIdempotencyKeyIsNotConsumed() {
		Answer first = publish("{\"to\":{\"channel\":\"news\"},\"data\":\"" + "x".repeat(15_000) + "\"}", "a");
		assertThat(first.status()).isEqualTo(200);
		assertThat(first.header("RateLimit-Policy")).isEqualTo(POLICY);
		assertThat(first.header("RateLimit")).containsPattern("^\"bytes\";r=4\\d{3};t=15, \"new-channels\";r=99;t=1$");
		String again = "{\"to\":{\"channel\":\"news\"},\"data\":\"" + "y".repeat(12_000) + "\"}";
		Answer refused = publish(again, "b");
		assertThat(refused.status()).isEqualTo(429);
		assertThat(refused.json().path("type").asString("")).isEqualTo(EXCEEDED);
		assertThat(refused.json().path("violated-policies").toString()).isEqualTo("[\"bytes\"]");
		assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(4, 8);
		assertThat(refused.header("RateLimit-Policy")).isEqualTo(POLICY);
		assertThat(refused.header("RateLimit")).contains("\"bytes\";r=4").contains(";t=1");
		assertThat(publish("{\"to\":{\"channel\":\"news\"},\"data\":1}", "b").status()).as("the key is free")
			.isEqualTo(200);
		assertThat(publish("{\"to\":{\"channel\":\"news\"},\"data\":\"" + "x".repeat(15_000) + "\"}", "a")
			.header("Idempotency-Replayed")).as("a repetition is free").isEqualTo("true");
		assertThat(this.api.postAs(TestApi.SHOP_KEY, "/v1/messages", again).status()).as("another key").isEqualTo(200);
	}

	@Test
	void everyAnswerToACallerTellsItsLimits() {
		for (String path : List.of("/v1/cursor", "/v1/nothing", "/v1/messages", "/v1/users/bob",
				"/v1/channels/;/messages")) {
			Answer answer = this.api.get(path);
			assertThat(answer.headers().get("RateLimit-Policy")).as(path + answer.status())
				.isEqualTo((answer.status() == 400) ? null : List.of(POLICY));
		}
		assertThat(this.api.post("/v1/messages", "{").headers().get("RateLimit")).hasSize(1);
		assertThat(this.api.send("OPTIONS", "/v1/messages", null, "Authorization", "Bearer " + TestApi.KEY)
			.headers()
			.get("RateLimit")).hasSize(1);
		assertThat(this.api.postAs(TestApi.SHOP_KEY, "/v1/disconnect", "{\"all\":true}").header("RateLimit")).as("403")
			.startsWith("\"bytes\";r=");
		assertThat(this.api.send("GET", "/v1/cursor", null, "Authorization", "Bearer " + TestApi.READ_KEY)
			.headers()
			.get("RateLimit")).as("has none").isNull();
		assertThat(this.api.send("GET", "/v1/cursor", null).headers().get("RateLimit")).as("unknown").isNull();
	}

	@Test
	void aMessageToManyIsRefusedAsAWholeOrNotAtAll() {
		String body = manyUsers("m", 325);
		assertThat(publish(body, "m").status()).as("more than the quota, which is whole").isEqualTo(200);
		Answer refused = publish(body, "n");
		assertThat(refused.status()).isEqualTo(429);
		assertThat(publish(body, "m").header("Idempotency-Replayed")).isEqualTo("true");
		assertThat(this.api.get("/v1/channels/user:m69/messages").json().path("items").size()).isEqualTo(1);
	}

	/** The quota allows one of them, whichever comes first. */
	@ParameterizedTest
	@CsvSource({ "1, new-channels", "160, bytes" })
	void messagesInPiecesAtTheSameTimeTakeNoMoreThanTheQuota(int length, String policy) throws Exception {
		int messages = 4;
		for (int round = 0; round < 5; round++) {
			forget();
			CyclicBarrier together = new CyclicBarrier(messages);
			List<Answer> answers = new ArrayList<>();
			try (ExecutorService callers = Executors.newFixedThreadPool(messages)) {
				List<Future<Answer>> calls = new ArrayList<>();
				for (int i = 0; i < messages; i++) {
					String body = manyUsers("c" + i + "-", length);
					calls.add(callers.submit(() -> {
						together.await();
						return this.api.post("/v1/messages", body);
					}));
				}
				for (Future<Answer> call : calls) {
					answers.add(call.get());
				}
			}
			assertThat(answers).extracting(Answer::status).containsExactlyInAnyOrder(200, 429, 429, 429);
			assertThat(answers).filteredOn((answer) -> answer.status() == 429)
				.extracting((answer) -> answer.json().at("/violated-policies/0").asString(""))
				.containsOnly(policy);
			assertThat(TestRedis.shared().ask((redis) -> redis.keys("*:ch:user:c*"))).as("what was refused is not stored")
				.hasSize(70);
		}
	}

	@Test
	void theMessagesOfABatchAreRefusedFromTheFirstThatDoesNotFit() {
		String big = "{\"to\":{\"channel\":\"b\"},\"data\":\"" + "x".repeat(11_000) + "\"}";
		String small = "{\"to\":{\"channel\":\"b\"},\"data\":1}";
		Answer some = this.api.post("/v1/messages/batch",
				"{\"messages\":[" + small + "," + big + "," + big + "," + small + "]}");
		assertThat(some.status()).isEqualTo(200);
		List<Integer> statuses = new ArrayList<>();
		for (JsonNode result : some.json().path("results")) {
			statuses.add(result.path("problem").path("status").asInt(200));
		}
		assertThat(statuses).containsExactly(200, 200, 429, 429);
		assertThat(some.json().at("/results/2/problem/detail").asString("")).matches(".*repeat it in \\d s");
		assertThat(this.api.get("/v1/channels/b/messages").json().path("items").size()).isEqualTo(2);
		Answer none = this.api.post("/v1/messages/batch", "{\"messages\":[" + big + "," + small + "]}");
		assertThat(none.status()).isEqualTo(429);
		assertThat(none.header("Retry-After")).isNotEmpty();
		assertThat(this.api.sendTo(this.api.controlPort(), "GET", "/actuator/prometheus", null).body())
			.contains("fanfare_publish_total{outcome=\"quota-exceeded\"}");
	}

	@Test
	void wrongKeysOfAnAddressAreRefusedUncheckedAndGoodKeysOfItAreNot() {
		String good = this.api.post("/v1/tokens", "{\"user\":\"u\",\"channels\":[]}").json().path("token").asString("");
		for (int i = 0; i < 3; i++) {
			assertThat(from("203.0.113.7", "wrong-" + i).status()).isEqualTo(401);
		}
		Answer refused = from("203.0.113.7, 127.0.0.1", good);
		assertThat(refused.status()).isEqualTo(429);
		assertThat(refused.json().path("violated-policies").toString()).isEqualTo("[\"refusals\"]");
		assertThat(Integer.parseInt(refused.header("Retry-After"))).isBetween(1, 20);
		assertThat(refused.header("RateLimit-Policy")).isEqualTo("\"refusals\";q=3;w=60");
		assertThat(refused.header("Connection")).isEqualTo("close");
		assertThat(from("203.0.113.7", TestApi.KEY).status()).as("a good key from there").isEqualTo(200);
		assertThat(from("203.0.113.8", "wrong").status()).as("another address").isEqualTo(401);
		for (int i = 0; i < 5; i++) {
			assertThat(from("192.0.2.9", "wrong").status()).as("exempt").isEqualTo(401);
		}
		assertThat(this.api.sendTo(this.api.controlPort(), "GET", "/actuator/prometheus", null).body())
			.contains("fanfare_credentials_refused_total{outcome=\"quota-exceeded\"} 1.0",
					"fanfare_refusals_total{reason=\"throttled\"} 1.0",
					"fanfare_refusals_total{reason=\"token-expired\"} 0.0");
		for (int i = 0; i < 3; i++) {
			assertThat(from("203.0.113.10", "").status()).as("no key at all").isEqualTo(401);
		}
		assertThat(from("203.0.113.10", "").status()).isEqualTo(429);
	}

	private static String manyUsers(String name, int length) {
		String users = String.join(",", IntStream.range(0, 70).mapToObj((i) -> "\"" + name + i + "\"").toList());
		return "{\"to\":{\"users\":[" + users + "]},\"data\":\"" + "z".repeat(length) + "\"}";
	}

	private Answer from(String address, String key) {
		return this.api.send("GET", "/v1/cursor", null, "Authorization", "Bearer " + key, "X-Forwarded-For", address);
	}

	private Answer publish(String body, String key) {
		return this.api.post("/v1/messages", body, "Idempotency-Key", key);
	}

}
