package io.fanfare.api.cluster;

import java.time.Duration;

import io.fanfare.api.TestApi;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What the API tells Prometheus of nodes and of Redis, which it asks by itself. */
@ExtendWith(RedisExtension.class)
class ClusterMetricsIT {

	private static final Duration SOON = Duration.ofSeconds(20);

	@Test
	void nodesThatReportAndThatStoppedToReportAreCounted(TestRedis redis) {
		put(redis, "live", 0, null);
		put(redis, "lost", 20_000, null);
		put(redis, "drained", 20_000, new NodeStatus.Drained(1, 0, 1));
		put(redis, "forgotten", 70_000, null);
		put(redis, "again", 20_000, null);
		put(redis, "again", "later678", 0, null);
		redis.ask((commands) -> commands.hset("fanfare:nodes", "later.abcdefgh", "of another version"));
		TestApi api = TestApi.shared();
		await().atMost(SOON).untilAsserted(() -> {
			assertThat(gauge(api, "fanfare.nodes.live")).isEqualTo(3);
			assertThat(gauge(api, "fanfare.nodes.lost")).isEqualTo(1);
		});
	}

	@Test
	void theMemoryOfRedisIsKnownWhileItAnswers() {
		try (RedisProcess redis = TestRedis.start(); TestApi api = TestApi.start(redis)) {
			redis.ask((commands) -> commands.configSet("maxmemory", "123456789"));
			await().atMost(SOON)
				.untilAsserted(() -> assertThat(gauge(api, "fanfare.redis.memory.limit")).isEqualTo(123_456_789));
			assertThat(gauge(api, "fanfare.redis.memory.used")).isBetween(100_000.0, 123_456_789.0);
			assertThat(gauge(api, "fanfare.redis.up")).isEqualTo(1);
			redis.kill();
			await().atMost(SOON).untilAsserted(() -> {
				assertThat(gauge(api, "fanfare.redis.memory.used")).isNaN();
				assertThat(gauge(api, "fanfare.nodes.live")).isNaN();
				assertThat(gauge(api, "fanfare.redis.up")).isZero();
			});
		}
	}

	private static double gauge(TestApi api, String name) {
		return api.bean(MeterRegistry.class).get(name).gauge().value();
	}

	private static void put(TestRedis redis, String name, long silence, NodeStatus.@Nullable Drained drained) {
		put(redis, name, "abcdefgh", silence, drained);
	}

	private static void put(TestRedis redis, String name, String process, long silence,
			NodeStatus.@Nullable Drained drained) {
		long updatedAt = System.currentTimeMillis() - silence;
		NodeStatus status = new NodeStatus(name + "." + process, name, "1", "up", updatedAt, updatedAt, 100, 0, 0, 0, 0,
				0, 0, 0, 0, 0, 0, null, drained, null, null);
		redis.ask((commands) -> commands.hset("fanfare:nodes", status.node(), TestApi.JSON.writeValueAsString(status)));
	}

}
