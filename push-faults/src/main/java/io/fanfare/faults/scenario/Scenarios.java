package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;

import io.fanfare.faults.check.Expectations;
import io.fanfare.faults.deployment.Deployment.Store;
import io.fanfare.faults.traffic.Page;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisProcess.Data;
import io.lettuce.core.KillArgs;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;

import static io.fanfare.faults.check.Expectations.ORDINARY;

/** Everything that goes wrong. */
public final class Scenarios {

	private static final Expectations STREAMS_STAY = ORDINARY.streamsStaying();

	private static final String LEASES = "fanfare:{0}:lease:*";

	private static final String PRESENCE = "fanfare:{0}:presence";

	/** Idempotency records of a backend that is not here. */
	private static final String RECORDS = "fanfare:{0}:idem:elsewhere:";

	/** What shifts Redis's clock. */
	private static final RequiredTool[] SHIFT = { RequiredTool.REDIS_SERVER, RequiredTool.GCC };

	private Scenarios() {
	}

	/**
	 * All scenarios.
	 * @return those on a durable store first
	 */
	public static List<Scenario> all() {
		return List.of(
				// ---- nothing
				durable("calm", "Nothing fails but the networks of some users, and some open one page after another",
						STREAMS_STAY, Scenarios::calm),
				// ---- Redis
				durable("redis-stopped", "Redis is stopped in order, and comes back with its data",
						STREAMS_STAY.unlinked(), Scenarios::redisStopped)
					.longOnly(),
				durable("redis-killed", "Redis is killed (-9), and comes back with its data", STREAMS_STAY.unlinked(),
						Scenarios::redisKilled),
				durable("redis-frozen", "Redis is frozen (SIGSTOP), and runs on", STREAMS_STAY.unlinked(),
						Scenarios::redisFrozen),
				durable("redis-black-holed", "Every connection to Redis swallows what is sent; TCP stays up",
						STREAMS_STAY.unlinked(), Scenarios::redisBlackHoled),
				durable("redis-refuses", "Every connection to Redis is reset, and no new one is taken",
						STREAMS_STAY.unlinked(), Scenarios::redisRefuses)
					.longOnly(),
				durable("clients-killed", "CLIENT KILL ends every connection to Redis, five times", STREAMS_STAY,
						Scenarios::clientsKilled),
				durable("output-buffer",
						"A node does not read, until Redis cuts its pub/sub connection off by the output buffer limit",
						STREAMS_STAY.unlinked(), Scenarios::outputBuffer),
				durable("half-open", "The connections of one node to Redis lose their other end without a word",
						STREAMS_STAY.unlinked(), Scenarios::halfOpen),
				durable("slow-wire", "Every piece between one node and Redis takes 150 ms longer each way",
						STREAMS_STAY.unlinked(), Scenarios::slowWire)
					.longOnly(),
				durable("slow-subscriptions",
						"What one node subscribes takes 150 ms longer each way than what it writes",
						STREAMS_STAY.unlinked(), Scenarios::slowSubscriptions),
				// ---- nodes
				durable("node-killed", "A node is killed (-9); some of its users do not come back", ORDINARY,
						Scenarios::nodeKilled),
				durable("node-frozen",
						"A node is frozen for longer than its lease while users go elsewhere, and runs on",
						ORDINARY.silent(), Scenarios::nodeFrozen),
				durable("node-silent",
						"A node is frozen until nginx gives it up, while users go elsewhere, and runs on",
						ORDINARY.silent(), Scenarios::nodeSilent),
				durable("node-cut-off",
						"A node is cut off from Redis for longer than its lease while users go elsewhere",
						ORDINARY.unlinked(), Scenarios::nodeCutOff),
				durable("rolling-restart", "One node after the other is stopped in order and started again", ORDINARY,
						Scenarios::rollingRestart),
				// ---- in front
				durable("nginx-reloaded", "nginx reads its configuration again; its old workers leave", ORDINARY,
						Scenarios::nginxReloaded),
				durable("api-killed", "The API is killed (-9) and started again", STREAMS_STAY, Scenarios::apiKilled),
				durable("readers-stalled", "Some pages do not read while megabytes are published to them",
						ORDINARY.silent(), Scenarios::readersStalled)
					.longOnly(),
				// ---- what Redis holds goes early
				durable("lease-vanishes", "The leases of both nodes are deleted all the time", STREAMS_STAY,
						Scenarios::leaseVanishes),
				durable("field-vanishes", "Presence fields of live users are deleted again and again",
						STREAMS_STAY.hiding(), Scenarios::fieldVanishes),
				durable("redis-evicts",
						"Redis is full and evicts what has a time to live: leases, idempotency records, histories",
						STREAMS_STAY.hiding(), Scenarios::redisEvicts),
				// Last on its store: the clock ends where it began.
				durable("redis-clock-forward", "Redis's clock is set forward by 1, 16 and 20 s", STREAMS_STAY,
						Scenarios::redisClockForward)
					.with(SHIFT),
				durable("redis-clock-back", "Redis's clock is set back by 1, 16 and 20 s", STREAMS_STAY,
						Scenarios::redisClockBack)
					.with(SHIFT),
				// ---- data lost
				snapshots("redis-emptied", "Redis is killed and comes back empty", STREAMS_STAY.dataLost(),
						Scenarios::redisEmptied),
				snapshots("redis-rolled-back", "Redis is killed and comes back with an older snapshot",
						STREAMS_STAY.dataLost(), Scenarios::redisRolledBack),
				snapshots("redis-flushed", "FLUSHALL", STREAMS_STAY.dataLost(), Scenarios::redisFlushed));
	}

	private static Scenario durable(String name, String what, Expectations expectations, Consumer<Stage> play) {
		return new Scenario(name, what, Store.DURABLE, expectations, true, List.of(), play);
	}

	private static Scenario snapshots(String name, String what, Expectations expectations, Consumer<Stage> play) {
		return new Scenario(name, what, Store.SNAPSHOTS, expectations, true, List.of(), play);
	}

	private static void calm(Stage stage) {
		stage.outage();
	}

	private static void redisStopped(Stage stage) {
		stage.calm();
		stage.cluster().redis().stop();
		stage.outage();
		stage.cluster().redis().start();
		stage.healed();
		stage.calm();
	}

	private static void redisKilled(Stage stage) {
		stage.calm();
		stage.cluster().redis().kill();
		stage.outage();
		stage.cluster().redis().start();
		stage.healed();
		stage.calm();
	}

	private static void redisFrozen(Stage stage) {
		stage.calm();
		stage.cluster().redis().freeze();
		stage.outage();
		stage.cluster().redis().thaw();
		stage.healed();
		stage.calm();
	}

	private static void redisBlackHoled(Stage stage) {
		stage.calm();
		stage.cluster().wires().forEach(TcpProxy::blackHole);
		stage.outage();
		stage.cluster().wires().forEach(TcpProxy::restore);
		stage.healed();
		stage.calm();
	}

	private static void redisRefuses(Stage stage) {
		stage.calm();
		stage.cluster().wires().forEach(TcpProxy::refuse);
		stage.outage();
		stage.cluster().wires().forEach(TcpProxy::restore);
		stage.healed();
		stage.calm();
	}

	private static void clientsKilled(Stage stage) {
		stage.calm();
		for (int i = 0; i < 5; i++) {
			stage.cluster().ask((redis) -> redis.clientKill(KillArgs.Builder.typePubsub()));
			stage.last(Duration.ofMillis(300));
			stage.cluster().ask((redis) -> redis.clientKill(KillArgs.Builder.typeNormal().skipme()));
			stage.last(Duration.ofMillis(700));
		}
		stage.healed();
		stage.calm();
	}

	private static void outputBuffer(Stage stage) {
		stage.calm();
		stage.cluster().ask((redis) -> redis.configSet("client-output-buffer-limit", "pubsub 1mb 512kb 2"));
		stage.cluster().wire(0).stall();
		stage.flood(0, 400);
		stage.expect("Redis cuts the node off", Duration.ofSeconds(10),
				() -> !stage.cluster()
					.ask((redis) -> redis.info("stats"))
					.contains("client_output_buffer_limit_disconnections:0\r"));
		stage.cluster().wire(0).restore();
		stage.cluster().ask((redis) -> redis.configSet("client-output-buffer-limit", "pubsub 32mb 8mb 60"));
		stage.cluster().ask(RedisCommands::configResetstat);
		stage.healed();
		stage.calm();
	}

	private static void halfOpen(Stage stage) {
		stage.calm();
		stage.cluster().wire(0).loseServer();
		stage.healed();
		stage.outage();
		stage.cluster().wire(0).restore();
		stage.calm();
	}

	private static void slowWire(Stage stage) {
		stage.calm();
		stage.cluster().wire(0).delay(Duration.ofMillis(150));
		stage.outage();
		stage.cluster().wire(0).restore();
		stage.healed();
		stage.calm();
	}

	private static void slowSubscriptions(Stage stage) {
		stage.calm();
		stage.cluster().wire(0).delay(Duration.ofMillis(150), "SUBSCRIBE");
		stage.outage();
		stage.cluster().wire(0).restore();
		stage.healed();
		stage.calm();
	}

	private static void nodeKilled(Stage stage) {
		stage.calm();
		List<Page> gone = stage.pagesOn(0).stream().limit(2).toList();
		gone.forEach(Page::forsake);
		stage.cluster().node(0).kill();
		stage.healed();
		for (Page page : gone) {
			stage.expect("who was on the node is offline", stage.timing().lease().plusSeconds(5),
					() -> stage.api().connectionOf(page.user()) == null);
		}
		stage.cluster().node(0).start();
		stage.calm();
	}

	private static void nodeFrozen(Stage stage) {
		freeze(stage, stage.timing().beyondLease());
	}

	private static void nodeSilent(Stage stage) {
		freeze(stage, stage.timing().beyondSilence());
	}

	private static void freeze(Stage stage, Duration time) {
		stage.calm();
		List<Page> moving = stage.pagesOn(0).stream().limit(3).toList();
		stage.cluster().node(0).freeze();
		stage.calm();
		moving.forEach((page) -> stage.crowd().open(page));
		stage.last(time);
		stage.cluster().node(0).thaw();
		stage.healed();
		stage.expect("the pages that were taken over know", stage.timing().lease(),
				() -> moving.stream().allMatch(Page::isStopped));
		stage.calm();
	}

	private static void nodeCutOff(Stage stage) {
		stage.calm();
		List<Page> moving = stage.pagesOn(0).stream().limit(3).toList();
		stage.cluster().wire(0).blackHole();
		stage.expect("the node is not ready", Duration.ofSeconds(10), () -> !stage.cluster().node(0).isReady());
		moving.forEach((page) -> stage.crowd().open(page));
		stage.last(stage.timing().beyondLease());
		stage.cluster().wire(0).restore();
		stage.healed();
		stage.expect("the pages that were taken over know", stage.timing().lease(),
				() -> moving.stream().allMatch(Page::isStopped));
		stage.expect("the node is ready", Duration.ofSeconds(10), () -> stage.cluster().node(0).isReady());
		stage.calm();
	}

	private static void rollingRestart(Stage stage) {
		stage.calm();
		for (int i = 0; i < stage.cluster().nodes().size(); i++) {
			stage.cluster().node(i).stop();
			stage.cluster().node(i).start();
			stage.calm();
		}
		stage.healed();
		stage.calm();
	}

	private static void nginxReloaded(Stage stage) {
		stage.calm();
		stage.cluster().nginx().reload();
		stage.last(stage.timing().farewell());
		stage.healed();
		stage.calm();
		stage.calm();
	}

	private static void apiKilled(Stage stage) {
		stage.calm();
		stage.cluster().api().kill();
		stage.cluster().api().start();
		stage.healed();
		stage.calm();
	}

	private static void readersStalled(Stage stage) {
		stage.calm();
		List<Page> stalled = stage.crowd().steady().subList(0, 6);
		stalled.forEach(Page::stall);
		stage.flood(0, 300);
		stage.flood(1, 300);
		stage.outage();
		stalled.forEach(Page::readOn);
		stage.healed();
		stage.calm();
	}

	private static void leaseVanishes(Stage stage) {
		stage.keep(Duration.ofMillis(50), (redis) -> redis.keys(LEASES).forEach(redis::del));
		stage.healed();
		stage.renewed();
	}

	/**
	 * Not of those who open page after page: a page that is displaced while its user has
	 * no field stays until its node's renewal, and what was published meanwhile is its
	 * successor's.
	 */
	private static void fieldVanishes(Stage stage) {
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
	private static void redisEvicts(Stage stage) {
		stage.cluster().ask(Scenarios::fill);
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
		RedisAsyncCommands<String, String> pipeline = redis.getStatefulConnection().async();
		String record = "x".repeat(1000);
		RedisFuture<?>[] all = IntStream.range(0, 4000)
			.mapToObj((i) -> pipeline.psetex(RECORDS + i, Duration.ofDays(1).toMillis(), record))
			.toArray(RedisFuture[]::new);
		return LettuceFutures.awaitAll(Duration.ofSeconds(10), all);
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

	/** Nobody opens a page meanwhile: a claim renews its node's lease, too. */
	private static void redisClockForward(Stage stage) {
		stage.crowd().calmDown();
		shift(stage, 1);
	}

	private static void redisClockBack(Stage stage) {
		shift(stage, -1);
	}

	private static void shift(Stage stage, int direction) {
		for (int seconds : new int[] { 1, 16, 20 }) {
			stage.cluster().redis().shiftClock(Duration.ofSeconds(direction * seconds));
			stage.last(stage.timing().outage().dividedBy(3));
		}
		stage.healed();
		stage.renewed();
	}

	private static void redisEmptied(Stage stage) {
		stage.calm();
		stage.cluster().redis().restart(Data.LOST);
		stage.healed();
		stage.calm();
		stage.calm();
	}

	private static void redisRolledBack(Stage stage) {
		stage.calm();
		stage.cluster().redis().save();
		stage.calm();
		stage.cluster().redis().kill();
		stage.cluster().redis().start();
		stage.healed();
		stage.calm();
		stage.calm();
	}

	private static void redisFlushed(Stage stage) {
		stage.calm();
		stage.cluster().ask(RedisCommands::flushall);
		stage.healed();
		stage.calm();
		stage.calm();
	}

}
