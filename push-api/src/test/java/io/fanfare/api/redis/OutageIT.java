package io.fanfare.api.redis;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import static org.assertj.core.api.Assertions.assertThat;

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
		assertUnavailable("POST", "/v1/messages", MESSAGE);
		assertUnavailable("POST", "/v1/messages/batch", "{\"messages\":[" + MESSAGE + "," + MESSAGE + ",1]}");
		assertUnavailable("POST", "/v1/users/alice/disconnect", "{}");
		assertUnavailable("GET", "/v1/users/alice", null);
		assertUnavailable("GET", "/v1/channels/news/messages", null);
		assertUnavailable("GET", "/v1/cursor", null);
		assertUnavailable("GET", "/v1/nodes", null);
		assertUnavailable("GET", "/v1/stats", null);
		assertUnavailable("GET", "/v1/nodes/node-1/connections", null);
		assertUnavailable("POST", "/v1/disconnect", "{\"all\":true}");
		assertUnavailable("POST", "/v1/disconnect", "{\"users\":[\"alice\",\"bob\"]}");
		assertThat(this.api.get("/readyz").status()).isEqualTo(503);
		assertThat(this.api.get("/livez").status()).isEqualTo(200);
		assertThat(health("readiness")).isEqualTo(503);
		assertThat(health("liveness")).isEqualTo(200);
		assertThat(this.api.post("/v1/tokens", "{\"user\":\"alice\"}").status()).isEqualTo(200);
		this.redis.start();
		awaitReady();
		assertThat(this.api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
	}

	@Test
	void aRedisThatStallsIsAnswered503InTimeAndTheSameKeyMakesTheRepetitionExact() {
		awaitReady();
		this.redis.freeze();
		Answer lost = timed("POST", "/v1/messages", MESSAGE);
		this.redis.thaw();
		awaitReady();
		Answer again = this.api.post("/v1/messages", MESSAGE, "Idempotency-Key", "stalled");
		Answer once = this.api.post("/v1/messages", MESSAGE, "Idempotency-Key", "stalled");
		assertThat(lost.status()).isEqualTo(503);
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

	private void assertUnavailable(String method, String path, String body) {
		Answer answer = timed(method, path, body);
		assertThat(answer.status()).as(path).isEqualTo(503);
		assertThat(answer.problem()).isEqualTo("redis-unavailable");
		assertThat(answer.header("Retry-After")).isEqualTo("1");
	}

	private Answer timed(String method, String path, String body) {
		long begin = System.nanoTime();
		Answer answer = (body != null) ? this.api.post(path, body, keyHeader(path)) : this.api.get(path);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).as(path).isLessThan(PROMISE);
		return answer;
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
