package io.fanfare.faults.scenario;

import java.util.List;
import java.util.function.Consumer;

import io.fanfare.faults.check.Expectations;
import io.fanfare.faults.deployment.Store;
import io.fanfare.test.process.RequiredTool;

import static io.fanfare.faults.check.Expectations.ORDINARY;

/** Everything that goes wrong. */
public final class Scenarios {

	/**
	 * What an event loop of a node does ten times per second, as
	 * {@link io.fanfare.test.injection.Injector} names methods. If it is gone, name what
	 * has taken its place.
	 */
	public static final String LOOP_TICK = "io.fanfare.node.connection.Renewals#tick";

	private static final Expectations STREAMS_STAY = ORDINARY.streamsStaying();

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
						STREAMS_STAY.unlinked(), RedisFaults::redisStopped)
					.longOnly(),
				durable("redis-killed", "Redis is killed (-9), and comes back with its data", STREAMS_STAY.unlinked(),
						RedisFaults::redisKilled),
				durable("redis-frozen", "Redis is frozen (SIGSTOP), and runs on", STREAMS_STAY.unlinked(),
						RedisFaults::redisFrozen),
				durable("redis-black-holed", "Every connection to Redis swallows what is sent; TCP stays up",
						STREAMS_STAY.unlinked(), RedisFaults::redisBlackHoled),
				durable("redis-refuses", "Every connection to Redis is reset, and no new one is taken",
						STREAMS_STAY.unlinked(), RedisFaults::redisRefuses)
					.longOnly(),
				durable("clients-killed", "CLIENT KILL ends every connection to Redis, five times", STREAMS_STAY,
						RedisFaults::clientsKilled),
				durable("output-buffer",
						"A node does not read, until Redis cuts its pub/sub connection off by the output buffer limit",
						STREAMS_STAY.unlinked(), RedisFaults::outputBuffer),
				durable("half-open", "The connections of one node to Redis lose their other end without a word",
						STREAMS_STAY.unlinked(), RedisFaults::halfOpen),
				durable("slow-wire", "Every piece between one node and Redis takes 150 ms longer each way",
						STREAMS_STAY.unlinked(), RedisFaults::slowWire)
					.longOnly(),
				durable("slow-subscriptions",
						"What one node subscribes takes 150 ms longer each way than what it writes",
						STREAMS_STAY.unlinked(), RedisFaults::slowSubscriptions),
				// ---- nodes
				durable("node-killed", "A node is killed (-9); some of its users do not come back", ORDINARY,
						NodeFaults::nodeKilled),
				durable("node-frozen",
						"A node is frozen for longer than its lease while users go elsewhere, and runs on",
						ORDINARY.silent(), NodeFaults::nodeFrozen),
				durable("node-silent",
						"A node is frozen until nginx gives it up, while users go elsewhere, and runs on",
						ORDINARY.silent(), NodeFaults::nodeSilent),
				durable("node-cut-off",
						"A node is cut off from Redis for longer than its lease while users go elsewhere",
						ORDINARY.unlinked(), NodeFaults::nodeCutOff),
				durable("rolling-restart", "One node after the other is stopped in order and started again", ORDINARY,
						NodeFaults::rollingRestart),
				// ---- in front
				durable("nginx-reloaded", "nginx reads its configuration again; its old workers leave", ORDINARY,
						EdgeFaults::nginxReloaded),
				durable("edge-abused", "A client sends nginx what servers stumble at, and leaves, 25 times a second",
						STREAMS_STAY, EdgeFaults::edgeAbused),
				durable("api-killed", "The API is killed (-9) and started again", STREAMS_STAY, EdgeFaults::apiKilled),
				durable("readers-stalled", "Some pages do not read while megabytes are published to them",
						ORDINARY.silent(), EdgeFaults::readersStalled)
					.longOnly(),
				// ---- clients that do not stop
				durable("twins",
						"Clients that were told to stop try again for minutes; tabs with one client id swap slowly",
						STREAMS_STAY, EdgeFaults::twins),
				// ---- what Redis holds goes early
				durable("lease-vanishes", "The leases of both nodes are deleted all the time", STREAMS_STAY,
						StoreFaults::leaseVanishes),
				durable("field-vanishes", "Presence fields of live users are deleted again and again",
						STREAMS_STAY.hiding(), StoreFaults::fieldVanishes),
				durable("redis-evicts",
						"Redis is full and evicts what has a time to live: leases, idempotency records, histories",
						STREAMS_STAY.hiding(), StoreFaults::redisEvicts),
				durable("redis-full", "Redis is full and evicts nothing: it refuses what needs memory", STREAMS_STAY,
						StoreFaults::redisFull),
				// ---- errors inside
				durable("loop-error",
						"Methods of both nodes throw now and then: on event loops, on the link's threads, in scheduled tasks",
						ORDINARY.unlinked(), InnerFaults::loopError),
				durable("loop-blocked",
						"One event loop of a node stands still for longer than the lease while users go elsewhere",
						ORDINARY.silent().unlinked(), InnerFaults::loopBlocked),
				// Last on its store: the clock ends where it began.
				durable("redis-clock-forward", "Redis's clock is set forward by 1, 16 and 20 s", STREAMS_STAY,
						StoreFaults::redisClockForward)
					.with(SHIFT),
				durable("redis-clock-back", "Redis's clock is set back by 1, 16 and 20 s", STREAMS_STAY,
						StoreFaults::redisClockBack)
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
						RedisFaults::redisEmptied),
				snapshots("redis-rolled-back", "Redis is killed and comes back with an older snapshot",
						STREAMS_STAY.dataLost(), RedisFaults::redisRolledBack),
				snapshots("redis-flushed", "FLUSHALL", STREAMS_STAY.dataLost(), RedisFaults::redisFlushed),
				// ---- no room
				durable("cluster-full", "No node has a place left, until some clients leave", STREAMS_STAY,
						EdgeFaults::clusterFull)
					.on("--fanfare.connections.max=20", "--fanfare.admission.waiting-room=4"),
				// ---- another server takes over
				replicated("sentinel-failover", "SENTINEL FAILOVER makes the replica the master; the old one is well",
						RedisFaults::sentinelFailover)
					.longOnly(),
				replicated("sentinel-killed", "The master is killed (-9), and sentinels make the replica the master",
						RedisFaults::sentinelKilled),
				replicated("two-masters",
						"SENTINEL FAILOVER, and the API moves to the new master while the old one still takes writes",
						RedisFaults::twoMasters));
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

}
