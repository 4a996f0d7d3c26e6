package io.fanfare.faults.alert;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.faults.scenario.Scenarios;
import io.fanfare.faults.traffic.Audience;
import io.fanfare.faults.traffic.StreamClient;
import io.fanfare.test.process.ServiceProcess;
import io.lettuce.core.api.sync.RedisCommands;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The faults, and which alerts each of them fires. What follows from a fault without
 * being meant has a reason here; what has none fails the test.
 */
final class AlertFaults {

	/** Longer than an event loop may be silent, shorter than a lease. */
	private static final Duration STANDSTILL = Duration.ofSeconds(8);

	/** What writes to a stream. If it is gone, name what has taken its place. */
	private static final String WRITE = "io.fanfare.node.connection.Delivery#visit";

	/** What sends the sign of life that comes back by the path of messages. */
	private static final String PROBE = "io.fanfare.node.broker.Probe#send";

	/** What publishes. */
	private static final String PUBLISH = "io.fanfare.api.publish.Publishing#publish";

	/**
	 * Of the direct memory of a node: above 80 %, below the 85 % at which it is short.
	 */
	private static final double DIRECT = 0.825;

	/** The direct memory of a node, in MiB: as large as its heap. */
	private static final int DIRECT_MEBIBYTES = 256;

	/** So much that the heap of a node, 256 MiB, is fuller than it may be. */
	private static final int MEBIBYTES = 130;

	/** Fewer than the built-in rule judges by. */
	private static final int MUTE = 12;

	/** What Redis holds in the fault that takes its memory. */
	private static final int BALLAST = 20 << 20;

	private AlertFaults() {
	}

	/**
	 * All faults.
	 * @return in the order in which they are played: for 15 s after Redis was started
	 * again, what it says of nodes does not count
	 */
	static List<AlertFault> all() {
		return List.of(kickStorm(), loopBlocked(), nodeKilled(), nodeFull(), waitingRoomGrows(), streamsFail(),
				clientsReconnect(), clientsMute(), memoryShort(), memoryHigh(), probesUnsent(), publishesFail(),
				historyLost(), redisNearlyFull(), redisFull(), apiKilled(), redisStopped());
	}

	private static AlertFault kickStorm() {
		return AlertFault
			.of("kick-storm", "Users open one page after another", (on) -> on.keep(() -> on.open("restless", 1, 4, 0)),
					AlertCluster::rest)
			.fires("FanfareKickStorm", "each page displaces the one before");
	}

	/** There are so many users that each loop has some, and messages for them. */
	private static AlertFault loopBlocked() {
		return AlertFault
			.of("loop-blocked", "An event loop of a node stands still for " + STANDSTILL.toSeconds() + " s", (on) -> {
				Audience quiet = on.openAndWait("quiet", 1, 20, 0);
				on.deployment().node(1).injector().standStillAt(Scenarios.LOOP_TICK, STANDSTILL);
				on.publisher().toUsers(quiet.pages().stream().map(StreamClient::user).toList());
			}, (on) -> {
				on.deployment().node(1).injector().clear();
				on.rest();
			})
			.fires("FanfareLoopStuck", "the loop does not tick")
			.fires("FanfareDeliverySlow", "what was published meanwhile is written seconds late")
			.fires("response-time", "the same, without Prometheus");
	}

	private static AlertFault nodeKilled() {
		return AlertFault
			.of("node-killed", "A node is killed (-9), and started again once it is missed",
					(on) -> on.deployment().node(0).kill(), (on) -> on.deployment().node(0).start())
			.fires("FanfareNodeLost", "it does not answer Prometheus, and reports no more")
			.fires("node-lost", "the same, without Prometheus")
			.mayFire("FanfareReconnectStorm", "its clients come back all at once; `for:` outlasts that");
	}

	private static AlertFault nodeFull() {
		return AlertFault
			.of("node-full", "A node has nine of ten streams that it takes",
					(on) -> on.openAndWait("many", 1, AlertCluster.STREAMS * 9 / 10 - on.steadyPages().size() / 2, 0),
					AlertCluster::rest)
			.longOnly()
			.fires("FanfareConnectionsHigh", "more than 80 % of its streams are open")
			.fires("connections", "the same, without Prometheus");
	}

	private static AlertFault waitingRoomGrows() {
		return AlertFault.of("waiting-room-grows", "A node is full, and more and more clients wait", (on) -> {
			on.openAndWait("first", 1, AlertCluster.STREAMS - on.steadyPages().size() / 2, 0);
			AtomicInteger number = new AtomicInteger();
			on.keep(() -> on.open("late" + number.getAndIncrement(), 1, 1, 0));
		}, AlertCluster::rest)
			.longOnly()
			.fires("FanfareWaitingRoomGrowing", "more wait than before")
			.fires("connections", "the node is full")
			.mayFire("FanfareConnectionsHigh", "the node is full; Alertmanager holds it back while the room grows");
	}

	private static AlertFault streamsFail() {
		return AlertFault.of("streams-fail", "What writes to the streams of a node throws", (on) -> {
			on.openAndWait("unlucky", 1, 25, 0);
			on.deployment().node(1).injector().failAt(WRITE, 1);
		}, (on) -> {
			on.deployment().node(1).injector().clear();
			on.rest();
		})
			.longOnly()
			.fires("FanfareStreamErrors", "the streams end by an error")
			.fires("error-rate", "the same, without Prometheus")
			.mayFire("FanfareReconnectStorm", "their clients come back all at once; `for:` outlasts that");
	}

	private static AlertFault clientsReconnect() {
		return AlertFault
			.of("clients-reconnect", "Clients lose their connections again and again",
					(on) -> on.keep(() -> on.steadyPages().forEach(StreamClient::cut)), AlertCluster::rest)
			.longOnly()
			.fires("FanfareReconnectStorm", "they open their streams anew");
	}

	private static AlertFault clientsMute() {
		return AlertFault
			.of("clients-mute", "Clients that promised to acknowledge do not", (on) -> on.openMute(1, MUTE),
					AlertCluster::rest)
			.longOnly()
			.fires("FanfareZombies", "they answer no probe");
	}

	private static AlertFault memoryShort() {
		return AlertFault.of("memory-short", "The heap of a node fills", (on) -> {
			ServiceProcess node = on.deployment().node(1);
			node.injector().hold(MEBIBYTES);
			collect(node);
		}, (on) -> {
			ServiceProcess node = on.deployment().node(1);
			node.injector().clear();
			collect(node);
		})
			.longOnly()
			.fires("FanfareMemoryShort", "the heap is fuller than it may be")
			.fires("memory", "the same, without Prometheus")
			.mayFire("FanfareMemoryHigh", "it may be above 80 % before the node looks");
	}

	private static AlertFault memoryHigh() {
		return AlertFault.of("memory-high", "The direct memory of a node is nearly used up", (on) -> {
			ServiceProcess node = on.deployment().node(1);
			double used = node.metric("fanfare_memory_used_ratio", "kind=\"direct\"");
			node.injector().holdDirect((int) ((DIRECT - used) * DIRECT_MEBIBYTES));
		}, (on) -> {
			ServiceProcess node = on.deployment().node(1);
			node.injector().clear();
			collect(node);
		})
			.longOnly()
			.fires("FanfareMemoryHigh", "more than 80 % of it are in use")
			.fires("memory", "the threshold of the built-in rule is lower here");
	}

	private static AlertFault probesUnsent() {
		return AlertFault
			.of("probes-unsent", "A node sends no probe, as if nothing reached it by the path of messages",
					(on) -> on.deployment().node(1).injector().failAt(PROBE, 1),
					(on) -> on.deployment().node(1).injector().clear())
			.longOnly()
			.fires("FanfareProbeLate", "none has arrived for more than 10 s, and Redis answers");
	}

	private static AlertFault publishesFail() {
		return AlertFault
			.of("publishes-fail", "What publishes throws in the API",
					(on) -> on.deployment().api().injector().failAt(PUBLISH, 3),
					(on) -> on.deployment().api().injector().clear())
			.longOnly()
			.fires("FanfareApiErrors", "a third of the publishes is answered 500");
	}

	/** What counts is what a collection leaves. */
	private static void collect(ServiceProcess node) {
		assertThat(node.liveHeap()).isPositive();
	}

	/** A stream that stays missed nothing; a client that comes back cannot know. */
	private static AlertFault historyLost() {
		return AlertFault
			.of("history-lost", "Redis loses everything (FLUSHALL), and clients come back with their cursors", (on) -> {
				Audience readers = on.openAndWait("readers", 1, 20, 3);
				on.publisher().toEach(readers.topics());
				on.deployment().ask(RedisCommands::flushall);
				readers.pages().forEach(StreamClient::cut);
			}, (on) -> {
				on.rest();
				on.seedOldStore();
			})
			.longOnly()
			.fires("FanfareGaps", "each client is notified of a gap on each of its channels")
			.mayFire("FanfareReconnectStorm", "they come back all at once; `for:` outlasts that");
	}

	private static AlertFault redisNearlyFull() {
		return AlertFault.of("redis-nearly-full", "Redis has 85 % of the memory that it may take", (on) -> {
			on.deployment().ask((redis) -> redis.setrange("ballast", BALLAST, "x"));
			on.deployment().ask((redis) -> redis.configSet("maxmemory", Long.toString(used(redis) * 100 / 85)));
		}, (on) -> {
			on.deployment().ask((redis) -> redis.del("ballast"));
			on.deployment().ask((redis) -> redis.configSet("maxmemory", "0"));
		}).longOnly().fires("FanfareRedisMemoryHigh", "more than 80 % of maxmemory are in use");
	}

	private static AlertFault redisFull() {
		return AlertFault
			.of("redis-full", "Redis is full and refuses what needs memory",
					(on) -> on.deployment()
						.ask((redis) -> redis.configSet("maxmemory", Long.toString(used(redis) / 2))),
					(on) -> on.deployment().ask((redis) -> redis.configSet("maxmemory", "0")))
			.longOnly()
			.fires("FanfareRedisRefuses", "it answers OOM")
			.mayFire("FanfareRedisMemoryHigh", "it is looked at every 10 s")
			.mayFire("FanfareApiErrors", "publishes are answered 503");
	}

	private static long used(RedisCommands<String, String> redis) {
		return redis.info("memory")
			.lines()
			.filter((line) -> line.startsWith("used_memory:"))
			.mapToLong((line) -> Long.parseLong(line.substring("used_memory:".length()).strip()))
			.findFirst()
			.orElseThrow();
	}

	private static AlertFault apiKilled() {
		return AlertFault
			.of("api-killed", "The API is killed (-9) and started again", (on) -> on.deployment().api().kill(),
					(on) -> on.deployment().api().start())
			.longOnly()
			.fires("FanfareApiLost", "it does not answer Prometheus");
	}

	private static AlertFault redisStopped() {
		return AlertFault.of("redis-stopped", "Redis is stopped, and started again with its data",
				(on) -> on.deployment().redis().stop(), (on) -> {
					// That publishes fail is an alert of its own where Redis answers.
					assertThat(on.publisher().refused()).isNotEmpty();
					on.deployment().redis().start();
				})
			.fires("FanfareRedisAway", "it answers no process")
			.fires("redis-away", "the same, without Prometheus")
			.mayFire("FanfareDeliverySlow", "what was stored as Redis went is written once it is back")
			.mayFire("response-time", "the same, without Prometheus")
			.mayFire("FanfareProbeLate", "the first probe comes after Redis has answered; `for:` outlasts that");
	}

}
