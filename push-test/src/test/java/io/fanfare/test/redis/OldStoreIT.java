package io.fanfare.test.redis;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class OldStoreIT {

	@Test
	void anEmptyStoreIsOldAndKnownToNodes(TestRedis redis) {
		OldStore.seed(redis);
		long now = System.currentTimeMillis();
		assertThat(millis(redis, "since")).isBetween(now - 660_000, now - 540_000);
		assertThat(millis(redis, "clock")).isBetween(now - 60_000, now + 60_000);
		String server = redis.ask((commands) -> commands.info("server"));
		assertThat(server).contains("run_id:" + get(redis, "run"));
	}

	@Test
	void aStoreInUseKeepsItsClockAndIsAsOldAsTold(TestRedis redis) {
		redis.ask((commands) -> commands.set("fanfare:{0}:clock", "1900000000000-7"));
		redis.ask((commands) -> commands.set("fanfare:{0}:run", "another"));
		OldStore.seed(redis, Duration.ofHours(2));
		assertThat(get(redis, "clock")).isEqualTo("1900000000000-7");
		assertThat(get(redis, "run")).isEqualTo("another");
		assertThat(millis(redis, "since")).isLessThan(System.currentTimeMillis() - 7_100_000);
	}

	private static long millis(TestRedis redis, String key) {
		String id = get(redis, key);
		assertThat(id).endsWith("-0");
		return Long.parseLong(id.substring(0, id.indexOf('-')));
	}

	private static String get(TestRedis redis, String key) {
		return redis.ask((commands) -> commands.get("fanfare:{0}:" + key));
	}

}
