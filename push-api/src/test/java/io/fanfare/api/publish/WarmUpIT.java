package io.fanfare.api.publish;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.api.TestApi;
import io.fanfare.redis.ScratchPartition;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@ExtendWith(OutputCaptureExtension.class)
class WarmUpIT {

	private static final String MESSAGE = "{\"to\":{\"user\":\"warm-up-1\"},\"data\":1}";

	/** What Redis holds of the installation itself. */
	private static Map<String, String> installation(RedisCommands<String, String> redis) {
		return redis.keys("*")
			.stream()
			.filter((key) -> !key.startsWith("fanfare:{scratch-"))
			.collect(Collectors.toMap(Function.identity(), redis::get));
	}

	@Test
	void theApiCallsItselfAndLeavesNoTrace(CapturedOutput output) {
		try (RedisProcess process = TestRedis.start(); RedisClient client = RedisClient.create(process.uri())) {
			RedisCommands<String, String> redis = client.connect().sync();
			TestApi.start(process).close();
			Map<String, String> before = installation(redis);
			assertThat(before).containsOnlyKeys("fanfare:layout", "fanfare:{0}:clock", "fanfare:{0}:run",
					"fanfare:{0}:since");
			try (TestApi api = TestApi.start(process, "--fanfare.api.warm-up=2s", "--fanfare.api.keys=dev:"
					+ TestApi.KEY + ":publish+read,warm-up:a-key-of-this-name-and-of-32-characters:publish")) {
				assertThat(output).containsPattern("warm-up=done requests=[1-9][0-9]").doesNotContain("warm-up=failed");
				assertThat(installation(redis)).isEqualTo(before);
				assertThat(redis.keys("fanfare:{scratch-*")).hasSizeGreaterThan(5)
					.allSatisfy((key) -> assertThat(redis.pttl(key)).as(key)
						.isBetween(1L, ScratchPartition.REST.toMillis()));
				MeterRegistry meters = api.bean(MeterRegistry.class);
				assertThat(meters.find("http.server.requests").timers()).isEmpty();
				assertThat(meters.find("fanfare.publish").counter()).isNull();
				assertThat(meters.get("fanfare.publish.duration").timer()).extracting(Timer::count).isEqualTo(0L);
				assertThat(api.post("/v1/warm-up/messages", MESSAGE).status()).isEqualTo(404);
				assertThat(api.get("/v3/api-docs").body()).contains("/v1/messages").doesNotContain("warm-up");
				assertThat(api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
				assertThat(meters.get("fanfare.publish").tag("outcome", "stored").counter().count()).isEqualTo(1);
				assertThat(api.postAs("a-key-of-this-name-and-of-32-characters", "/v1/messages", MESSAGE).status())
					.isEqualTo(200);
				assertThat(redis.get("fanfare:{0}:since")).isEqualTo(before.get("fanfare:{0}:since"));
			}
		}
	}

	@Test
	void itNeedsNoRedis(CapturedOutput output) {
		long began = System.nanoTime();
		try (RedisProcess redis = TestRedis.start()) {
			redis.stop();
			try (TestApi api = TestApi.start(redis, "--fanfare.api.warm-up=500ms")) {
				assertThat(output).containsPattern("warm-up=failed requests=0 .*Redis is not connected");
				assertThat(api.post("/v1/messages", MESSAGE).status()).isEqualTo(503);
			}
		}
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
	}

	@Test
	void aFullRedisEndsIt(CapturedOutput output) {
		try (RedisProcess process = TestRedis.start(); RedisClient client = RedisClient.create(process.uri())) {
			RedisCommands<String, String> redis = client.connect().sync();
			redis.configSet("maxmemory", "1");
			try (TestApi api = TestApi.start(process, "--fanfare.api.warm-up=10s")) {
				assertThat(output).contains("warm-up=failed", "Answered HTTP/1.1 503");
				assertThat(redis.keys("fanfare:{scratch-*:ch:*")).isEmpty();
				redis.configSet("maxmemory", "0");
				assertThat(api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
			}
		}
	}

	/**
	 * As when Redis is replaced by an empty one, or the process is stopped for a while.
	 */
	@Test
	void whatItWritesAfterItsKeysEndedEndsAsWell() {
		try (RedisProcess process = TestRedis.start(); RedisClient client = RedisClient.create(process.uri())) {
			RedisCommands<String, String> redis = client.connect().sync();
			CompletableFuture<TestApi> starting = CompletableFuture
				// Not in the common pool, whose threads Lettuce needs to log in.
				.supplyAsync(() -> TestApi.start(process, "--fanfare.api.warm-up=3s"),
						(task) -> Thread.ofPlatform().start(task));
			await().until(() -> !redis.keys("fanfare:{scratch-*:ch:*").isEmpty());
			redis.del(redis.keys("fanfare:{scratch-*").toArray(String[]::new));
			try (TestApi api = starting.join()) {
				assertThat(api.post("/v1/messages", MESSAGE).status()).isEqualTo(200);
				assertThat(redis.keys("fanfare:{scratch-*")).isNotEmpty()
					.allSatisfy((key) -> assertThat(redis.pttl(key)).as(key)
						.isBetween(1L, ScratchPartition.REST.toMillis()));
			}
		}
	}

}
