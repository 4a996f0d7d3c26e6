package io.fanfare.api.redis;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.redis.UnfitRedisException;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OutageIT {

	private static final String MESSAGE = "{\"to\":{\"user\":\"alice\"},\"data\":\"hello\"}";

	private static final Duration PROMISE = Duration.ofSeconds(2);

	private RedisProcess redis;

	private TestApi api;

	@BeforeAll
	void start() {
		this.redis = TestRedis.start();
		this.api = TestApi.start(this.redis);
	}

	@AfterAll
	void stop() {
		this.api.close();
		this.redis.close();
	}

	@Test
	void withoutRedisEveryCallIsAnswered503InTimeAndReadinessFailsUntilItIsBack() {
		this.redis.kill();
		Awaitility.await()
			.atMost(10, TimeUnit.SECONDS)
			.untilAsserted(() -> assertThat(detail(this.api.post("/v1/messages", MESSAGE)))
				.isEqualTo("The message is not stored: repeat it later"));
		String users = MESSAGE.replace("\"user\":\"alice\"", "\"users\":["
				+ IntStream.range(0, 40).mapToObj((i) -> "\"u" + i + "\"").collect(Collectors.joining(",")) + "]");
		assertThat(detail(this.api.post("/v1/messages", MESSAGE, "Idempotency-Key", "k")))
			.as("an earlier request with the key may have stored it")
			.isEqualTo("Whether the message is stored is unknown: repeat it with the same idempotency key");
		assertThat(detail(this.api.post("/v1/messages", users)))
			.isEqualTo("The message is not stored: repeat it later");
		assertThat(detail(this.api.post("/v1/messages", users, "Idempotency-Key", "k"))).isEqualTo(
				"Some recipients may have the message: repeat it with the same idempotency key, which completes the rest");
		assertUnavailable("/v1/messages", MESSAGE);
		assertUnavailable("/v1/messages/batch", "{\"messages\":[" + MESSAGE + "," + MESSAGE + ",1]}");
		assertThat(detail(this.api.post("/v1/messages/batch", "{\"messages\":[" + MESSAGE + "," + keyed("k") + "]}")))
			.as("one that may be stored says so for all")
			.startsWith("Whether the message is stored is unknown: repeat it");
		assertUnavailable("/v1/users/alice/disconnect", "{}");
		assertUnavailable("/v1/users/alice", null);
		assertUnavailable("/v1/channels/news/messages", null);
		assertUnavailable("/v1/cursor", null);
		assertUnavailable("/v1/nodes", null);
		assertUnavailable("/v1/stats", null);
		assertUnavailable("/v1/nodes/node-1/connections", null);
		assertUnavailable("/v1/disconnect", "{\"all\":true}");
		assertUnavailable("/v1/disconnect", "{\"users\":[\"alice\",\"bob\"]}");
		assertThat(this.api.get("/readyz").status()).isEqualTo(503);
		assertThat(this.api.get("/livez").status()).isEqualTo(200);
		assertThat(health("readiness")).isEqualTo(503);
		assertThat(health("liveness")).isEqualTo(200);
		assertThat(this.api.post("/v1/tokens", "{\"user\":\"alice\"}").status()).isEqualTo(200);
		Answer ticket = this.api.post("/v1/tickets", "{\"user\":\"alice\"}");
		assertThat(ticket.problem()).isEqualTo("redis-unavailable");
		assertThat(ticket.header("Retry-After")).isNotNull();
		this.redis.start();
		awaitReady();
		assertThat(this.api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
		// Which nodes there are is not certain yet on what counts as another server
		assertThat(this.api.post("/v1/rebalance", "{}").problem()).isEqualTo("redis-unavailable");
		assertThat(this.api.post("/v1/drain", "{}").problem()).isEqualTo("redis-unavailable");
	}

	@Test
	void aRedisThatStallsIsAnswered503InTimeAndTheSameKeyMakesTheRepetitionExact() {
		awaitReady();
		this.redis.freeze();
		Answer lost = timed("/v1/messages", MESSAGE);
		Answer withoutKey = this.api.post("/v1/messages", MESSAGE);
		this.redis.thaw();
		awaitReady();
		Answer again = this.api.post("/v1/messages", MESSAGE, "Idempotency-Key", "stalled");
		Answer once = this.api.post("/v1/messages", MESSAGE, "Idempotency-Key", "stalled");
		assertThat(lost.status()).isEqualTo(503);
		assertThat(detail(lost))
			.isEqualTo("Whether the message is stored is unknown: repeat it with the same idempotency key");
		assertThat(detail(withoutKey)).isIn("The message is not stored: repeat it later",
				"Whether the message is stored is unknown, and without an idempotency key a repetition may store it twice");
		assertThat(again.status()).isEqualTo(200);
		assertThat(once.json()).isEqualTo(again.json());
	}

	@Test
	void anApiThatStartsBeforeRedisServesAsSoonAsItIsThere() {
		try (RedisProcess late = TestRedis.start()) {
			late.kill();
			try (TestApi early = TestApi.start(late)) {
				assertThat(early.get("/readyz").status()).isEqualTo(503);
				late.start();
				Awaitility.await()
					.atMost(10, TimeUnit.SECONDS)
					.until(() -> early.post("/v1/messages", MESSAGE).status() == 200);
			}
		}
	}

	@Test
	void aRefusalIsNamedByTheAnswerByHealthAndByAMetric() {
		awaitReady();
		assertRefused("min-replicas-to-write", "1", "0", "Redis refuses writes (NOREPLICAS)", "NOREPLICAS");
	}

	@Test
	void aFullRedisRefusesPublishesAloneAndTheApiStaysReady() {
		awaitReady();
		String twoPieces = "{\"to\":{\"users\":["
				+ IntStream.range(0, 40).mapToObj((i) -> "\"u" + i + "\"").collect(Collectors.joining(","))
				+ "]},\"data\":1}";
		Answer before = this.api.post("/v1/messages", MESSAGE, "Idempotency-Key", "stored-before");
		ask(this.redis, "CONFIG", "SET", "maxmemory", "1");
		for (String body : List.of(MESSAGE, twoPieces)) {
			Answer refused = this.api.post("/v1/messages", body);
			assertThat(refused.status()).isEqualTo(503);
			assertThat(refused.problem()).isEqualTo("redis-full");
			assertThat(refused.header("Retry-After")).isEqualTo("1");
			assertThat(refused.json().get("detail").asString())
				.isEqualTo("Redis refuses writes (OOM). The message is not stored: repeat it later");
		}
		Answer batch = this.api.post("/v1/messages/batch", "{\"messages\":[" + MESSAGE + "," + MESSAGE + "]}");
		assertThat(batch.status()).isEqualTo(503);
		assertThat(batch.problem()).isEqualTo("redis-full");
		JsonNode mixed = this.api
			.post("/v1/messages/batch",
					"{\"messages\":[" + MESSAGE + "," + twoPieces + "," + keyed("stored-before") + "," + keyed("new")
							+ "]}")
			.json()
			.get("results");
		for (int i : List.of(0, 1, 3)) {
			assertThat(mixed.get(i).at("/problem/detail").asString())
				.isEqualTo("Redis refuses writes (OOM). The message is not stored: repeat it later");
		}
		assertThat(mixed.get(2).get("replayed").asBoolean()).isTrue();
		assertThat(mixed.get(2).get("id")).isEqualTo(before.json().get("id"));
		Answer again = this.api.post("/v1/messages", MESSAGE, "Idempotency-Key", "stored-before");
		assertThat(again.status()).as("what is stored is answered").isEqualTo(200);
		assertThat(again.json()).isEqualTo(before.json());
		assertThat(this.api.post("/v1/users/alice/disconnect", "{}").status()).isEqualTo(202);
		assertThat(this.api.get("/v1/channels/news/messages").status()).isEqualTo(200);
		Awaitility.await().atMost(10, TimeUnit.SECONDS).untilAsserted(() -> {
			Answer ready = this.api.get("/readyz");
			assertThat(ready.status()).isEqualTo(200);
			assertThat(ready.body()).contains("Redis refuses writes (OOM)");
		});
		assertThat(this.api.sendTo(this.api.controlPort(), "GET", "/actuator/prometheus", null).body())
			.containsPattern("fanfare_redis_refusals_total\\{.*code=\"OOM\".*} [1-9]")
			.containsPattern("fanfare_publish_total\\{.*outcome=\"redis-full\".*} [1-9]");
		ask(this.redis, "CONFIG", "SET", "maxmemory", "0");
		assertThat(this.api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
	}

	private void assertRefused(String setting, String bad, String good, String sentence, String code) {
		ask(this.redis, "CONFIG", "SET", setting, bad);
		Awaitility.await().atMost(10, TimeUnit.SECONDS).untilAsserted(() -> {
			Answer refused = timed("/v1/messages", MESSAGE);
			assertThat(refused.status()).isEqualTo(503);
			assertThat(refused.json().get("detail").asString()).startsWith(sentence);
			assertThat(refused.json().get("title").asString()).isEqualTo("Redis is unavailable");
			assertThat(detail(refused)).contains("Whether the message is stored is unknown: repeat it");
			assertThat(detail(this.api.post("/v1/messages", MESSAGE))).as("without a key nothing was stored before")
				.endsWith("The message is not stored: repeat it later");
			Answer ready = this.api.get("/readyz");
			assertThat(ready.status()).isEqualTo(503);
			assertThat(ready.body()).contains(sentence);
		});
		assertThat(this.api.sendTo(this.api.controlPort(), "GET", "/actuator/prometheus", null).body())
			.containsPattern("fanfare_redis_refusals_total\\{.*code=\"" + code + "\".*} [1-9]");
		ask(this.redis, "CONFIG", "SET", setting, good);
		awaitReady();
		assertThat(this.api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
	}

	@Test
	void aPasswordAndAUserOfTheirOwnHoldBesideTheUrl() {
		try (RedisProcess locked = TestRedis.start()) {
			ask(locked, "ACL", "SETUSER", "bob", "on", ">bobs-secret", "~*", "&*", "+@all");
			ask(locked, "CONFIG", "SET", "requirepass", "top-secret");
			String url = "--fanfare.redis.url=" + locked.url();
			try (TestApi api = TestApi.start(locked, url, "--spring.data.redis.password=top-secret")) {
				assertThat(api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
			}
			try (TestApi api = TestApi.start(locked, url, "--spring.data.redis.username=bob",
					"--spring.data.redis.password=bobs-secret", "--spring.data.redis.database=3")) {
				assertThat(api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
				assertThat(api.bean(LettuceConnectionFactory.class).getDatabase()).isEqualTo(3);
			}
			try (TestApi api = TestApi.start(locked, url, "--spring.data.redis.password=wrong")) {
				Answer refused = api.post("/v1/messages", MESSAGE);
				assertThat(refused.status()).isEqualTo(503);
				assertThat(refused.json().get("detail").asString())
					.startsWith("Redis refuses the credentials (WRONGPASS)");
			}
		}
	}

	@Test
	void sentinelsAndTheirMasterHavePasswordsOfTheirOwn() {
		try (TestApi api = TestApi.start(this.redis, "--spring.data.redis.sentinel.master=main",
				"--spring.data.redis.sentinel.nodes=127.0.0.1:1", "--spring.data.redis.sentinel.password=sentinels",
				"--spring.data.redis.password=masters")) {
			RedisSentinelConfiguration sentinel = api.bean(LettuceConnectionFactory.class).getSentinelConfiguration();
			assertThat(sentinel.getPassword()).isEqualTo(RedisPassword.of("masters"));
			assertThat(sentinel.getSentinelPassword()).isEqualTo(RedisPassword.of("sentinels"));
		}
	}

	@Test
	void aRedisThatMayEvictAnythingEndsTheStart() {
		try (RedisProcess evicting = TestRedis.start("maxmemory-policy allkeys-lru")) {
			assertThatThrownBy(() -> TestApi.start(evicting).close()).hasRootCauseInstanceOf(UnfitRedisException.class)
				.rootCause()
				.hasMessageContaining("maxmemory-policy of Redis is allkeys-lru");
		}
	}

	private static void ask(TestRedis redis, String... words) {
		RedisClient client = RedisClient.create(redis.uri());
		try {
			CommandArgs<String, String> arguments = new CommandArgs<>(StringCodec.UTF8);
			List.of(words).subList(1, words.length).forEach(arguments::add);
			client.connect()
				.sync()
				.dispatch(CommandType.valueOf(words[0]), new StatusOutput<>(StringCodec.UTF8), arguments);
		}
		finally {
			client.shutdown(0, 1, TimeUnit.SECONDS);
		}
	}

	private void assertUnavailable(String path, String body) {
		Answer answer = timed(path, body);
		assertThat(answer.status()).as(path).isEqualTo(503);
		assertThat(answer.problem()).isEqualTo("redis-unavailable");
		assertThat(answer.header("Retry-After")).isEqualTo("1");
	}

	private Answer timed(String path, String body) {
		long begin = System.nanoTime();
		Answer answer = (body != null) ? this.api.post(path, body, keyHeader(path)) : this.api.get(path);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).as(path).isLessThan(PROMISE);
		return answer;
	}

	private static String keyed(String key) {
		return "{\"idempotencyKey\":\"" + key + "\"," + MESSAGE.substring(1);
	}

	private static String detail(Answer answer) {
		return answer.json().get("detail").asString();
	}

	private static String[] keyHeader(String path) {
		return path.equals("/v1/messages") ? new String[] { "Idempotency-Key", "stalled" } : new String[0];
	}

	private int health(String group) {
		return this.api.sendTo(this.api.controlPort(), "GET", "/actuator/health/" + group, null).status();
	}

	private void awaitReady() {
		Awaitility.await().atMost(10, TimeUnit.SECONDS).until(() -> this.api.get("/readyz").status() == 200);
	}

}
