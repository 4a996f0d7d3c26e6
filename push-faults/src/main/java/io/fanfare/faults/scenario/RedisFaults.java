package io.fanfare.faults.scenario;

import java.time.Duration;

import io.fanfare.faults.deployment.SentinelTrio;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisProcess.Data;
import io.lettuce.core.KillArgs;
import io.lettuce.core.api.sync.RedisCommands;

/**
 * Redis that is gone, silent, slow, or comes back without its data or as another server.
 */
final class RedisFaults {

	private RedisFaults() {
	}

	static void redisStopped(Stage stage) {
		stage.calm();
		stage.cluster().redis().stop();
		stage.outage();
		stage.cluster().redis().start();
		stage.healed();
		stage.calm();
	}

	static void redisKilled(Stage stage) {
		stage.calm();
		stage.cluster().redis().kill();
		stage.outage();
		stage.cluster().redis().start();
		stage.healed();
		stage.calm();
	}

	static void redisFrozen(Stage stage) {
		stage.calm();
		stage.cluster().redis().freeze();
		stage.outage();
		stage.cluster().redis().thaw();
		stage.healed();
		stage.calm();
	}

	static void redisBlackHoled(Stage stage) {
		stage.calm();
		stage.cluster().wires().forEach(TcpProxy::blackHole);
		stage.outage();
		stage.cluster().wires().forEach(TcpProxy::restore);
		stage.healed();
		stage.calm();
	}

	static void redisRefuses(Stage stage) {
		stage.calm();
		stage.cluster().wires().forEach(TcpProxy::refuse);
		stage.outage();
		stage.cluster().wires().forEach(TcpProxy::restore);
		stage.healed();
		stage.calm();
	}

	static void clientsKilled(Stage stage) {
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

	static void outputBuffer(Stage stage) {
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

	static void halfOpen(Stage stage) {
		stage.calm();
		stage.cluster().wire(0).loseServer();
		stage.healed();
		stage.outage();
		stage.cluster().wire(0).restore();
		stage.calm();
	}

	static void slowWire(Stage stage) {
		stage.calm();
		stage.cluster().wire(0).delay(Duration.ofMillis(150));
		stage.outage();
		stage.cluster().wire(0).restore();
		stage.healed();
		stage.calm();
	}

	static void slowSubscriptions(Stage stage) {
		stage.calm();
		stage.cluster().wire(0).delay(Duration.ofMillis(150), "SUBSCRIBE");
		stage.outage();
		stage.cluster().wire(0).restore();
		stage.healed();
		stage.calm();
	}

	static void redisEmptied(Stage stage) {
		stage.calm();
		stage.cluster().redis().restart(Data.LOST);
		stage.healed();
		stage.calm();
		stage.calm();
	}

	static void redisRolledBack(Stage stage) {
		stage.calm();
		stage.cluster().redis().save();
		stage.calm();
		stage.cluster().redis().kill();
		stage.cluster().redis().start();
		stage.healed();
		stage.calm();
		stage.calm();
	}

	static void redisFlushed(Stage stage) {
		stage.calm();
		stage.cluster().ask(RedisCommands::flushall);
		stage.healed();
		stage.calm();
		stage.calm();
	}

	static void sentinelFailover(Stage stage) {
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

	static void sentinelKilled(Stage stage) {
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

	static void twoMasters(Stage stage) {
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

}
