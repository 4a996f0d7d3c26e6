package io.fanfare.faults.scenario;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.IntStream;

import io.fanfare.faults.check.Expectations;
import io.fanfare.faults.deployment.Deployment.Store;
import io.fanfare.faults.deployment.SentinelTrio;
import io.fanfare.faults.traffic.Library;
import io.fanfare.faults.traffic.Page;
import io.fanfare.faults.traffic.Visitors;
import io.fanfare.faults.traffic.Visitors.Visit;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.redis.RedisProcess.Data;
import io.lettuce.core.KillArgs;
import io.lettuce.core.api.sync.RedisCommands;

import static io.fanfare.faults.check.Expectations.ORDINARY;

/** Everything that goes wrong. */
public final class Scenarios {

	private static final Expectations STREAMS_STAY = ORDINARY.streamsStaying();

	/** A restless page may just have come or gone. */
	private static final Set<String> FULL = Set.of("push.busy", "push.waiting", "push.connected");

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
				durable("edge-abused", "A client sends nginx what servers stumble at, and leaves, 25 times a second",
						STREAMS_STAY, Scenarios::edgeAbused),
				durable("api-killed", "The API is killed (-9) and started again", STREAMS_STAY, Scenarios::apiKilled),
				durable("readers-stalled", "Some pages do not read while megabytes are published to them",
						ORDINARY.silent(), Scenarios::readersStalled)
					.longOnly(),
				// ---- clients that do not stop
				durable("twins",
						"Clients that were told to stop try again for minutes; tabs with one client id swap slowly",
						STREAMS_STAY, Scenarios::twins),
				// ---- what Redis holds goes early
				durable("lease-vanishes", "The leases of both nodes are deleted all the time", STREAMS_STAY,
						Scenarios::leaseVanishes),
				durable("field-vanishes", "Presence fields of live users are deleted again and again",
						STREAMS_STAY.hiding(), Scenarios::fieldVanishes),
				durable("redis-evicts",
						"Redis is full and evicts what has a time to live: leases, idempotency records, histories",
						STREAMS_STAY.hiding(), Scenarios::redisEvicts),
				durable("redis-full", "Redis is full and evicts nothing: it refuses what needs memory", STREAMS_STAY,
						Scenarios::redisFull),
				// ---- errors inside
				durable("loop-error",
						"Methods of both nodes throw now and then: on event loops, on the link's threads, in scheduled tasks",
						ORDINARY.unlinked(), InnerFaults::loopError),
				durable("loop-blocked",
						"One event loop of a node stands still for longer than the lease while users go elsewhere",
						ORDINARY.silent().unlinked(), InnerFaults::loopBlocked),
				// Last on its store: the clock ends where it began.
				durable("redis-clock-forward", "Redis's clock is set forward by 1, 16 and 20 s", STREAMS_STAY,
						Scenarios::redisClockForward)
					.with(SHIFT),
				durable("redis-clock-back", "Redis's clock is set back by 1, 16 and 20 s", STREAMS_STAY,
						Scenarios::redisClockBack)
					.with(SHIFT),
				// ---- the most that is allowed; what is stored stays, so these are last
				durable("many-topics", "CLIENT KILL ends the pub/sub connections of nodes that hold 32 000 topics",
						STREAMS_STAY, HeavyLoads::manyTopics),
				durable("mass-reconnect",
						"A node with 10 000 streams, a topic each, is killed (-9): all are on the other within 7.5 s (longer where"
								+ " opening them took longer), and no stream misses a heartbeat",
						ORDINARY.silent().unlinked(), HeavyLoads::massReconnect),
				durable("big-messages",
						"All messages have 64 KiB, some go to 200 users; pub/sub connections are killed, then a node",
						ORDINARY, HeavyLoads::bigMessages),
				// ---- data lost
				snapshots("redis-emptied", "Redis is killed and comes back empty", STREAMS_STAY.dataLost(),
						Scenarios::redisEmptied),
				snapshots("redis-rolled-back", "Redis is killed and comes back with an older snapshot",
						STREAMS_STAY.dataLost(), Scenarios::redisRolledBack),
				snapshots("redis-flushed", "FLUSHALL", STREAMS_STAY.dataLost(), Scenarios::redisFlushed),
				// ---- no room
				durable("cluster-full", "No node has a place left, until some clients leave", STREAMS_STAY,
						Scenarios::clusterFull)
					.on("--fanfare.connections.max=20", "--fanfare.admission.waiting-room=4"),
				// ---- another server takes over
				replicated("sentinel-failover", "SENTINEL FAILOVER makes the replica the master; the old one is well",
						Scenarios::sentinelFailover)
					.longOnly(),
				replicated("sentinel-killed", "The master is killed (-9), and sentinels make the replica the master",
						Scenarios::sentinelKilled),
				replicated("two-masters",
						"SENTINEL FAILOVER, and the API moves to the new master while the old one still takes writes",
						Scenarios::twoMasters));
	}

	private static Scenario durable(String name, String what, Expectations expectations, Consumer<Stage> play) {
		return new Scenario(name, what, Store.DURABLE, expectations, true, List.of(), List.of(), play);
	}

	private static Scenario snapshots(String name, String what, Expectations expectations, Consumer<Stage> play) {
		return new Scenario(name, what, Store.SNAPSHOTS, expectations, true, List.of(), List.of(), play);
	}

	private static Scenario replicated(String name, String what, Consumer<Stage> play) {
		return new Scenario(name, what, Store.REPLICATED, STREAMS_STAY.dataLost().unlinked(), true, List.of(),
				List.of(), play);
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

	private static void edgeAbused(Stage stage) {
		stage.calm();
		Visitors visitors = stage.visitors();
		int enough = 3 * Visitors.ABUSES + 1;
		try (visitors) {
			visitors.abuse();
			long outage = stage.timing().outage().toNanos();
			long start = System.nanoTime();
			// A slow machine needs longer for all of it.
			while (System.nanoTime() - start < ((visitors.answered() < enough) ? 4 * outage : outage)) {
				Visit visit = visitors.open();
				stage.check("an open beside the abuse is served", visit.event().equals("push.connected"), visit);
				int closed = visitors.close(visit.key());
				stage.check("a call beside the abuse is served", closed == 204, closed);
			}
		}
		stage.check("the abuse was answered often", visitors.answered() >= enough, visitors.answered());
		stage.healed();
		stage.calm();
	}

	private static void clusterFull(Stage stage) {
		stage.calm();
		try (Visitors visitors = stage.visitors()) {
			Visit visit = visitors.open();
			while (visit.event().equals("push.connected")) {
				visit = visitors.open();
			}
			long end = System.nanoTime() + stage.timing().outage().toNanos();
			while (System.nanoTime() < end) {
				visit = visitors.open();
				stage.check("a client hears that the cluster is full, or how long it waits",
						visit.status() == 200 && FULL.contains(visit.event()), visit);
				int closed = visitors.close("gone.12345678.x");
				stage.check("a call is served while the cluster is full", closed == 404, closed);
			}
			visitors.leave();
			stage.healed();
			stage.calm();
			Visit next = visitors.open();
			stage.check("the next client is taken in at once", next.event().equals("push.connected"), next);
		}
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

	/**
	 * In the short form time passes in Redis: each try finds that the tombstone has a
	 * minute less to live, so that without being lengthened it is gone within the
	 * scenario.
	 */
	private static void twins(Stage stage) {
		stage.calm();
		Duration retry = stage.timing().patience();
		boolean real = stage.timing().siege().compareTo(Duration.ofMinutes(5)) > 0;
		Library displaced = stage.library("displaced", "a", null, retry.dividedBy(2), false);
		stage.expect("the first client has its stream", Duration.ofSeconds(10), displaced::isLive);
		Library owner = stage.library("displaced", "b", null, retry, true);
		stage.expect("the first client is told", Duration.ofSeconds(10), displaced::isTold);
		List<Library> plain = List.of(stage.library("plain", "twin", null, retry, true),
				stage.library("plain", "twin", null, retry, true));
		List<Library> paged = List.of(stage.library("paged", "twin", "p", retry, false),
				stage.library("paged", "twin", "q", retry, false));
		Library reloaded = stage.library("reloaded", "kept", "r0", retry, true);
		boolean told = false;
		long end = System.nanoTime() + stage.timing().siege().toNanos();
		for (int i = 1; System.nanoTime() - end < 0; i++) {
			stage.last(retry);
			if (!real) {
				stage.ageTombstone("displaced", "a", Duration.ofMinutes(1));
			}
			Library before = reloaded;
			reloaded = stage.library("reloaded", "kept", "r" + i, retry, true);
			stage.expect("a page that is loaded again has its stream", Duration.ofSeconds(10), reloaded::isLive);
			before.close();
			told |= before.isTold();
		}
		stage.healed();
		boolean toldForNothing = told;
		stage.expect("no page is told that was loaded again", Duration.ofSeconds(1), () -> !toldForNothing);
		stage.expect("who took over has its stream, who was displaced has none", Duration.ofSeconds(1),
				() -> owner.isLive() && !owner.isTold() && !displaced.isLive() && displaced.tries() > 10);
		stage.expect("of two tabs with one client id one is told, and the other stays", Duration.ofSeconds(5),
				() -> isSettled(plain) && isSettled(paged));
		stage.calm();
		stage.expect("and stays", Duration.ofSeconds(1), () -> isSettled(plain) && isSettled(paged));
	}

	private static boolean isSettled(List<Library> twins) {
		return twins.stream().filter(Library::isTold).noneMatch(Library::isLive)
				&& twins.stream().filter((one) -> !one.isTold()).filter(Library::isLive).count() == 1
				&& twins.stream().filter(Library::isTold).count() == 1;
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
		String record = "x".repeat(1000);
		return IntStream.range(0, 4000)
			.allMatch((i) -> "OK".equals(redis.psetex(RECORDS + i, Duration.ofDays(1).toMillis(), record)));
	}

	/** For longer than a lease: it must be renewed meanwhile. */
	private static void redisFull(Stage stage) {
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
			stage.cluster().redis().shiftClock(Duration.ofSeconds((long) direction * seconds));
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

	private static void sentinelFailover(Stage stage) {
		stage.calm();
		SentinelTrio sentinels = stage.cluster().sentinels();
		RedisProcess old = sentinels.master();
		sentinels.failover();
		stage.expect("the sentinels name another master", Duration.ofSeconds(10), () -> sentinels.master() != old);
		stage.healed();
		stage.outage();
		sentinels.awaitWhole();
		stage.calm();
	}

	private static void sentinelKilled(Stage stage) {
		stage.calm();
		SentinelTrio sentinels = stage.cluster().sentinels();
		RedisProcess old = sentinels.master();
		old.kill();
		stage.expect("the sentinels name another master", Duration.ofSeconds(20), () -> sentinels.master() != old);
		stage.healed();
		stage.outage();
		old.start();
		sentinels.awaitWhole();
		stage.calm();
	}

	private static void twoMasters(Stage stage) {
		stage.calm();
		SentinelTrio sentinels = stage.cluster().sentinels();
		RedisProcess old = sentinels.master();
		sentinels.failover();
		stage.last(Duration.ofSeconds(1));
		sentinels.endConnections(old, "api");
		stage.expect("the sentinels name another master", Duration.ofSeconds(10), () -> sentinels.master() != old);
		stage.healed();
		stage.outage();
		sentinels.awaitWhole();
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
