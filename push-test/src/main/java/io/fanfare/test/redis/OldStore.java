package io.fanfare.test.redis;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.lettuce.core.api.sync.RedisCommands;

/**
 * Lets a Redis look as if Fanfare had used it for a while. A new store counts as one that
 * may have lost data: for its first minute a message to a user without an owner goes to
 * all nodes ({@code docs/reference/redis.md}, publishing), which hides what goes wrong
 * later.
 */
public final class OldStore {

	/** Longer than anything that begins with a loss of data. */
	private static final Duration AGE = Duration.ofMinutes(10);

	private static final String PREFIX = "fanfare:{0}:";

	private static final Pattern RUN_ID = Pattern.compile("^run_id:(\\w+)", Pattern.MULTILINE);

	private OldStore() {
	}

	/**
	 * Makes a store ten minutes old: an empty one before the first process uses it, or
	 * one in use, in which {@code since} alone is set back.
	 * @param redis the server
	 */
	public static void seed(TestRedis redis) {
		seed(redis, AGE);
	}

	/**
	 * Makes a store as old as told, by the server's clock.
	 * @param redis the server
	 * @param age how old
	 */
	public static void seed(TestRedis redis, Duration age) {
		redis.ask((commands) -> {
			List<String> time = commands.time();
			long now = Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000;
			// Nodes keep `since` where the run id is the server's and the clock above all
			// they have seen.
			return seed(commands, now, now - age.toMillis() + "-0");
		});
	}

	private static boolean seed(RedisCommands<String, String> redis, long now, String since) {
		redis.set(PREFIX + "since", since);
		return redis.msetnx(Map.of(PREFIX + "clock", now + "-0", PREFIX + "run", runId(redis)));
	}

	private static String runId(RedisCommands<String, String> redis) {
		Matcher runId = RUN_ID.matcher(redis.info("server"));
		if (!runId.find()) {
			throw new IllegalStateException("Redis does not tell its run id");
		}
		return runId.group(1);
	}

}
