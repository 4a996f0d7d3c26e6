package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

import io.fanfare.faults.traffic.Visitors;
import io.fanfare.faults.traffic.Visitors.Visit;
import io.fanfare.test.process.ServiceProcess;
import io.lettuce.core.api.sync.RedisCommands;

/** Redis that loses keys, is full, or whose clock steps. */
final class StoreFaults {

	private static final String LEASES = "fanfare:{0}:lease:*";

	private static final String PRESENCE = "fanfare:{0}:presence";

	/** Idempotency records of a backend that is not here. */
	private static final String RECORDS = "fanfare:{0}:idem:elsewhere:";

	private StoreFaults() {
	}

	static void leaseVanishes(Stage stage) {
		stage.keep(Duration.ofMillis(50), (redis) -> redis.keys(LEASES).forEach(redis::del));
		stage.healed();
		stage.renewed();
	}

	/**
	 * Not of those who open page after page: a page that is displaced while its user has
	 * no field stays until its node's renewal, and what was published meanwhile is its
	 * successor's.
	 */
	static void fieldVanishes(Stage stage) {
		SplittableRandom random = new SplittableRandom(11);
		stage.keep(Duration.ofMillis(200), (redis) -> redis.hdel(PRESENCE,
				stage.crowd().faithful().stream().filter((user) -> random.nextInt(3) == 0).toArray(String[]::new)));
		stage.healed();
		stage.renewed();
	}

	/**
	 * First what ends soonest goes, a lease above all, then what was used least. There is
	 * enough of it, so that no write is refused.
	 */
	static void redisEvicts(Stage stage) {
		stage.cluster().ask(StoreFaults::fill);
		stage.cluster().ask((redis) -> evict(redis, "volatile-ttl"));
		stage.expect("Redis evicts a lease", stage.timing().outage(),
				() -> stage.cluster().ask((redis) -> redis.keys(LEASES).size()) < stage.cluster().nodes().size());
		stage.last(stage.timing().outage().dividedBy(2));
		stage.cluster().ask((redis) -> evict(redis, "volatile-lru"));
		stage.last(stage.timing().outage().dividedBy(2));
		stage.cluster().ask((redis) -> {
			redis.configSet("maxmemory", "0");
			redis.configSet("maxmemory-policy", "noeviction");
			redis.configSet("maxmemory-samples", "5");
			return redis.unlink(redis.keys(RECORDS + "*").toArray(String[]::new));
		});
		stage.healed();
		stage.renewed();
	}

	/** What other backends' messages left behind: four megabytes. */
	private static boolean fill(RedisCommands<String, String> redis) {
		String record = "x".repeat(1000);
		return IntStream.range(0, 4000)
			.allMatch((i) -> "OK".equals(redis.psetex(RECORDS + i, Duration.ofDays(1).toMillis(), record)));
	}

	/** For longer than a lease: it must be renewed meanwhile. */
	static void redisFull(Stage stage) {
		stage.calm();
		stage.cluster().ask((redis) -> evict(redis, "noeviction"));
		long end = System.nanoTime() + stage.timing().beyondLease().toNanos();
		try (Visitors visitors = stage.visitors()) {
			while (System.nanoTime() - end < 0) {
				stage.last(stage.timing().outage().dividedBy(4));
				Visit visit = visitors.open();
				stage.check("an open is served meanwhile", visit.event().equals("push.connected"), visit);
				stage.check("the nodes are ready", stage.cluster().nodes().stream().allMatch(ServiceProcess::isReady),
						"not all");
			}
		}
		long leases = stage.cluster().ask((redis) -> redis.keys(LEASES).size());
		stage.check("the nodes have their leases", leases == stage.cluster().nodes().size(), leases);
		stage.cluster().ask((redis) -> {
			redis.configSet("maxmemory-samples", "5");
			return redis.configSet("maxmemory", "0");
		});
		stage.healed();
		List<String> problems = stage.publisher()
			.refused()
			.stream()
			.map((reply) -> String.valueOf(reply.body()))
			.filter((body) -> body.contains("problems/redis-full"))
			.toList();
		stage.check("publishes are refused by name", !problems.isEmpty(),
				stage.publisher().refused().stream().limit(1).toList());
		stage.renewed();
	}

	/** Takes a megabyte from Redis. */
	private static String evict(RedisCommands<String, String> redis, String policy) {
		redis.configSet("maxmemory-samples", "64");
		redis.configSet("maxmemory-policy", policy);
		long used = redis.info("memory")
			.lines()
			.filter((line) -> line.startsWith("used_memory:"))
			.mapToLong((line) -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
			.sum();
		return redis.configSet("maxmemory", Long.toString(used - 1_000_000));
	}

	/** No client opens a stream meanwhile: a claim renews its node's lease, too. */
	static void redisClockForward(Stage stage) {
		stage.crowd().calmDown();
		shift(stage, 1);
	}

	static void redisClockBack(Stage stage) {
		shift(stage, -1);
	}

	private static void shift(Stage stage, int direction) {
		for (int seconds : new int[] { 1, 16, 20 }) {
			stage.cluster().redis().shiftClock(Duration.ofSeconds((long) direction * seconds));
			stage.last(stage.timing().outage().dividedBy(3));
		}
		stage.healed();
		stage.renewed();
	}

}
