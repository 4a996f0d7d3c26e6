package io.fanfare.api.event;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import io.fanfare.api.TestApi;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** When verdicts are given, and when it is too early. */
class ReceiptSweepIT {

	private static final String AWAITED = "fanfare:{0}:awaited";

	private final RedisProcess redis = TestRedis.start("appendonly yes", "appendfsync always");

	private final TestApi api = TestApi.start(this.redis);

	private final Hand hand = new Hand();

	private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

	private final ReceiptSweep sweep = new ReceiptSweep(this.api.bean(CommandLink.class),
			this.api.bean(RedisKeys.class), new ReceiptSettings(true),
			new EventSettings(false, false, Duration.ofSeconds(15), 100_000), this.meters, this.hand,
			this.api.bean(Errors.class));

	@AfterEach
	void close() {
		this.sweep.close();
		this.api.close();
		this.redis.close();
	}

	@Test
	void noVerdictIsGivenRightAfterRedisWasAway() {
		awaitAnswer();
		due("1-0 alice");
		sweepFor(10);
		assertThat(awaited()).as("a process that just began").isEqualTo(1);
		this.hand.pass(ReceiptSweep.HOLD);
		awaitVerdicts();
		this.redis.stop();
		await().until(() -> {
			this.hand.pass(ReceiptSweep.HOLD);
			return !this.api.bean(CommandLink.class).isUp();
		});
		this.hand.pass(Duration.ZERO);
		this.redis.start();
		due("2-0 alice");
		await().until(() -> this.api.bean(CommandLink.class).isUp());
		awaitAnswer();
		sweepFor(10);
		assertThat(awaited()).as("Redis was away").isEqualTo(1);
		this.hand.pass(ReceiptSweep.HOLD);
		awaitVerdicts();
		assertThat(this.meters.get("fanfare.receipts.undelivered").tag("reason", "offline").counter().count())
			.isEqualTo(2);
	}

	/** Each of the sweeps that come by the clock would begin a row of its own. */
	@Test
	void muchToDoMakesOneRowOfSweeps() {
		awaitAnswer();
		for (int i = 0; i < 1_000; i++) {
			due("1-" + i + " alice");
		}
		this.hand.pass(ReceiptSweep.HOLD);
		awaitVerdicts();
		assertThat(this.hand.pauses).hasSize(1);
		this.hand.pauses.forEach(Runnable::run);
	}

	/** Sweeps until one was answered. */
	private void awaitAnswer() {
		long before = sweeps();
		await().until(() -> {
			this.hand.pass(Duration.ZERO);
			return sweeps() > before;
		});
		this.hand.pass(Duration.ZERO);
	}

	private void sweepFor(int times) {
		long before = sweeps();
		await().until(() -> {
			this.hand.pass(Duration.ZERO);
			return sweeps() >= before + times;
		});
	}

	private void awaitVerdicts() {
		await().until(() -> {
			this.hand.pass(Duration.ofMillis(1));
			return awaited() == 0;
		});
	}

	/** How many sweeps Redis has executed. */
	private long sweeps() {
		String stats = this.redis.ask((commands) -> commands.info("commandstats"));
		return stats.lines()
			.filter((line) -> line.startsWith("cmdstat_zrangebyscore:"))
			.mapToLong((line) -> Long.parseLong(line.replaceAll(".*:calls=([0-9]+),.*", "$1")))
			.sum();
	}

	private void due(String awaited) {
		this.redis.ask((commands) -> commands.zadd(AWAITED, 1, awaited));
	}

	private long awaited() {
		return this.redis.<Long>ask((commands) -> commands.zcard(AWAITED));
	}

	/** A scheduler whose time a test makes pass. */
	private static final class Hand implements Scheduler, Worker {

		private final List<Runnable> periodic = new CopyOnWriteArrayList<>();

		private final List<Runnable> pauses = new CopyOnWriteArrayList<>();

		private volatile long nanos;

		void pass(Duration time) {
			this.nanos += time.toNanos();
			this.periodic.forEach(Runnable::run);
		}

		@Override
		public Worker createWorker(String where) {
			return this;
		}

		@Override
		public Ticker ticker() {
			return () -> this.nanos;
		}

		@Override
		public void execute(Runnable task) {
			task.run();
		}

		@Override
		public void schedule(Duration delay, Runnable task) {
			this.pauses.add(task);
		}

		@Override
		public void every(Duration first, Duration interval, Runnable task) {
			this.periodic.add(task);
		}

		@Override
		public void close() {
			this.periodic.clear();
		}

	}

}
