package io.fanfare.api.alert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

import io.fanfare.api.TestApi;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.cluster.AlertBoard;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Looks that the test begins, while Redis fails at each place where a look asks it
 * something. Whatever is lost, each alert and its end are sent once.
 */
class AlertWatchIT {

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final int FULL = 90;

	private static final int WELL = 10;

	private static final String FIRING = "connections firing";

	private static final String RESOLVED = "connections resolved";

	private final RedisProcess redis = TestRedis.start();

	private final TcpProxy wire = TcpProxy.to(this.redis.port());

	private final TestApi api = TestApi.start(this.redis, "--fanfare.redis.command-timeout=500ms",
			"--fanfare.redis.url="
					+ this.redis.url(RedisUser.API).replace(":" + this.redis.port(), ":" + this.wire.port()));

	private final List<String> sent = new ArrayList<>();

	private final List<String> noted = new ArrayList<>();

	/** Happens in a look once the nodes are listed, and before the lead is asked for. */
	private Runnable betweenCalls = () -> {
	};

	/** Happens while a message is sent. */
	private Runnable whileSending = () -> {
	};

	private ApiProcess first;

	@BeforeEach
	void start() {
		this.first = new ApiProcess();
	}

	@AfterEach
	void stop() {
		this.api.close();
		this.wire.close();
		this.redis.close();
	}

	@Test
	void whereNoAnswerComesOnlyThatIsSent() {
		fire();
		this.wire.blackHole();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING, "redis-away firing");
		restore();
		report(FULL);
		this.first.look();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING, "redis-away firing", "redis-away resolved");
		end();
	}

	@Test
	void anAnswerThatSaidThatTheLeadBeganMayBeLost() {
		report(FULL);
		this.betweenCalls = this.wire::stall;
		this.first.look();
		assertThat(this.redis.<Long>ask((commands) -> commands.exists("fanfare:alerts:leader"))).isEqualTo(1);
		assertThat(this.sent).isEmpty();
		restore();
		this.first.look();
		assertThat(this.sent).as("before it is known what another process sent").isEmpty();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING);
		end();
	}

	@Test
	void anAnswerThatSaidThatAnEndIsStoredMayBeLost() {
		fire();
		report(WELL);
		this.betweenCalls = this.wire::stall;
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING);
		restore();
		report(WELL);
		this.first.look();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING, RESOLVED);
	}

	@Test
	void whatWasSentIsNotSentAgainWhereThatCouldNotBeStored() {
		report(FULL);
		this.first.look();
		this.whileSending = this.wire::blackHole;
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING);
		restore();
		report(FULL);
		this.first.look();
		// Another process follows it, and knows
		this.first.watch.close();
		ApiProcess second = new ApiProcess();
		for (int i = 0; i < 3; i++) {
			second.look();
		}
		assertThat(this.sent).containsExactly(FIRING);
		report(WELL);
		second.look();
		second.look();
		assertThat(this.sent).containsExactly(FIRING, RESOLVED);
	}

	/** MISCONF: Redis cannot save, and answers questions. */
	@Test
	void aRedisThatRefusesWritesIsNotAwayAndNothingIsSentTwiceAfterIt() throws IOException {
		fire();
		report(WELL);
		Path snapshot = breakDisk();
		await().atMost(SOON).until(() -> this.api.bean(Nodes.class).isWriteRefused());
		for (int i = 0; i < 3; i++) {
			this.first.look();
		}
		assertThat(this.api.bean(CommandLink.class).refusals().count(RedisRefusal.MISCONF)).isPositive();
		assertThat(this.sent).containsExactly(FIRING);
		assertThat(this.first.watch.firing(AlertRule.REDIS_AWAY)).isZero();
		assertThat(this.first.watch.firing(AlertRule.CONNECTIONS)).isZero();
		// Nodes cannot report, so their silence says nothing
		await().atMost(SOON)
			.until(() -> Double.isNaN(this.api.bean(MeterRegistry.class).get("fanfare.nodes.lost").gauge().value()));
		mendDisk(snapshot);
		this.first.look();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING, RESOLVED);
		assertThat(this.noted).isEmpty();
	}

	@Test
	void aRefusedListLeavesAlertsAsTheyAre() {
		fire();
		this.redis.ask((commands) -> commands.rename("fanfare:nodes", "elsewhere"));
		this.redis.ask((commands) -> commands.set("fanfare:nodes", "of another type"));
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING, "redis-away firing");
		this.redis.ask((commands) -> commands.rename("elsewhere", "fanfare:nodes"));
		report(FULL);
		this.first.look();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING, "redis-away firing", "redis-away resolved");
		end();
	}

	@Test
	void aRefusedLeadSendsNothingUntilItIsHad() {
		this.redis.ask((commands) -> commands.lpush("fanfare:alerts:leader", "of another type"));
		report(FULL);
		for (int i = 0; i < 3; i++) {
			this.first.look();
		}
		assertThat(this.sent).isEmpty();
		assertThat(this.first.watch.firing(AlertRule.CONNECTIONS)).isEqualTo(1);
		this.redis.ask((commands) -> commands.del("fanfare:alerts:leader"));
		this.first.look();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING);
		end();
	}

	@Test
	void anAlertThatCannotBeReadIsNotedAndKeepsNoOtherOneBack() {
		this.redis.ask((commands) -> commands.hset("fanfare:alerts", "memory/n9", "no JSON"));
		fire();
		assertThat(this.noted).containsExactly("alerts");
		end();
	}

	@Test
	void anErrorInTheRulesKeepsNothingElseBack() {
		report(FULL);
		this.first.look();
		this.betweenCalls = () -> {
			throw new IllegalStateException("an error in the rules");
		};
		this.first.look();
		assertThat(this.noted).containsExactly("alerts");
		assertThat(this.sent).containsExactly(FIRING);
		end();
	}

	/** Fires an alert, which is sent. */
	private void fire() {
		report(FULL);
		this.first.look();
		this.first.look();
		assertThat(this.sent).containsExactly(FIRING);
	}

	/** Ends the alert, which is sent once as well. */
	private void end() {
		List<String> before = List.copyOf(this.sent);
		report(WELL);
		for (int i = 0; i < 3; i++) {
			this.first.look();
		}
		assertThat(this.sent).startsWith(before.toArray(String[]::new))
			.hasSize(before.size() + 1)
			.last()
			.isEqualTo(RESOLVED);
	}

	private void report(int streams) {
		long now = System.currentTimeMillis();
		NodeStatus status = new NodeStatus("n1.abcdefgh", "n1", "1", "up", now, now, 100, streams, 0, streams, 0, 0, 0,
				0, 0, 0, 0, null, null, null, null);
		this.redis
			.ask((commands) -> commands.hset("fanfare:nodes", status.node(), TestApi.JSON.writeValueAsString(status)));
	}

	private void restore() {
		this.wire.restore();
		await().atMost(SOON).until(this.api.bean(CommandLink.class)::isUp);
	}

	/** A directory has the name of the snapshot. */
	private Path breakDisk() throws IOException {
		Path snapshot = Path.of(setting("dir")).resolve(setting("dbfilename"));
		Files.deleteIfExists(snapshot);
		Files.createDirectory(snapshot);
		this.redis.ask((commands) -> commands.configSet("stop-writes-on-bgsave-error", "yes"));
		this.redis.ask((commands) -> commands.configSet("save", "3600 1"));
		save("err");
		return snapshot;
	}

	private void mendDisk(Path snapshot) throws IOException {
		Files.delete(snapshot);
		save("ok");
	}

	private void save(String outcome) {
		this.redis.ask((commands) -> commands.bgsave());
		await().atMost(SOON)
			.until(() -> this.redis.ask((commands) -> commands.info("persistence"))
				.contains("rdb_last_bgsave_status:" + outcome));
	}

	private String setting(String name) {
		return this.redis.ask((commands) -> commands.configGet(name)).get(name);
	}

	/** An API process that looks when the test says. */
	private final class ApiProcess implements Scheduler {

		private final Deque<Runnable> tasks = new ArrayDeque<>();

		private final AlertWatch watch;

		private Runnable look = () -> {
		};

		ApiProcess() {
			Errors errors = new Errors(Ticker.system(), AlertWatchIT.this.noted::add, Errors::halt);
			Worker worker = createWorker("alerts");
			AlertSender sender = new AlertSender(new Recorder(), "shop", worker, this, errors,
					new SimpleMeterRegistry());
			TestApi beans = AlertWatchIT.this.api;
			this.watch = new AlertWatch(
					Settings
						.of(Map.of("fanfare.alerts.connections.hold", "0s", "fanfare.alerts.redis-away.hold", "0s")),
					"p", beans.bean(Nodes.class), beans.bean(AlertBoard.class), beans.bean(RedisCalls.class), errors,
					Clock.systemUTC(), this::betweenCalls, worker, List.of(sender));
			this.watch.start();
		}

		private long betweenCalls() {
			Runnable once = AlertWatchIT.this.betweenCalls;
			AlertWatchIT.this.betweenCalls = () -> {
			};
			once.run();
			return System.nanoTime();
		}

		/** With everything that follows from it. */
		void look() {
			this.look.run();
			while (!this.tasks.isEmpty()) {
				this.tasks.remove().run();
			}
		}

		@Override
		public Worker createWorker(String where) {
			return new Hand(this);
		}

		@Override
		public Ticker ticker() {
			return Ticker.system();
		}

	}

	/** Runs nothing by itself. */
	private record Hand(ApiProcess process) implements Worker {

		@Override
		public void execute(Runnable task) {
			this.process.tasks.add(task);
		}

		@Override
		public void schedule(Duration delay, Runnable task) {
			throw new IllegalStateException("Nothing is delayed");
		}

		@Override
		public void every(Duration first, Duration interval, Runnable task) {
			this.process.look = task;
		}

		@Override
		public void close() {
			this.process.tasks.clear();
		}

	}

	private final class Recorder implements AlertChannel {

		@Override
		public String name() {
			return "test";
		}

		@Override
		public void send(AlertMessage message) {
			Runnable once = AlertWatchIT.this.whileSending;
			AlertWatchIT.this.whileSending = () -> {
			};
			once.run();
			message.alerts()
				.forEach((alert) -> AlertWatchIT.this.sent
					.add(alert.rule().wireName() + (alert.isFiring() ? " firing" : " resolved")));
		}

	}

}
