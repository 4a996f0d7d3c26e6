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
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class PresenceSweepIT {

	private static final String OFFLINE = "fanfare:{0}:offline";

	private static final int USERS = 1_000;

	@Test
	void muchToDoMakesOneRowOfSweeps() {
		try (RedisProcess redis = TestRedis.start(); TestApi api = TestApi.start(redis); Hand hand = new Hand()) {
			redis.ask((commands) -> commands.set("fanfare:{0}:since", "1-0"));
			EventSettings settings = new EventSettings(true, false, Duration.ofSeconds(15), 100_000);
			PresenceSweep sweep = new PresenceSweep(api.bean(CommandLink.class), api.bean(RedisKeys.class), settings,
					hand, api.bean(Errors.class));
			await().until(() -> {
				hand.second();
				return redis.<Long>ask((commands) -> commands.exists("fanfare:{0}:events")) == 1;
			});
			for (int i = 0; i < USERS; i++) {
				int user = i;
				redis.ask((commands) -> commands.zadd(OFFLINE, user, "user-" + user));
			}
			await().until(() -> {
				hand.second();
				return redis.<Long>ask((commands) -> commands.exists(OFFLINE)) == 0;
			});
			assertThat(hand.pauses()).hasSize(1);
			hand.pauses().forEach(Runnable::run);
			sweep.close();
		}
	}

	/** A scheduler whose time a test makes pass. */
	private static final class Hand implements Scheduler, Worker {

		private final List<Runnable> periodic = new CopyOnWriteArrayList<>();

		private final List<Runnable> later = new CopyOnWriteArrayList<>();

		void second() {
			this.periodic.forEach(Runnable::run);
		}

		/** What waits for a pause to be over. */
		List<Runnable> pauses() {
			return this.later;
		}

		@Override
		public Worker createWorker(String where) {
			return this;
		}

		@Override
		public Ticker ticker() {
			return Ticker.system();
		}

		@Override
		public void execute(Runnable task) {
			task.run();
		}

		@Override
		public void schedule(Duration delay, Runnable task) {
			this.later.add(task);
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
