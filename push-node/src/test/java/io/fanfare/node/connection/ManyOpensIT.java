package io.fanfare.node.connection;

import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

import io.fanfare.node.TestScheduler;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.admission.UnlimitedNewcomer;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.RedisHistory;
import io.fanfare.node.encoding.SharedChunk;
import io.fanfare.node.presence.RedisOwnership;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.ticket.Tickets;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Many streams are opened at once, without their sockets. */
class ManyOpensIT {

	private static final int MANY = 16_000;

	private static final int LOOPS = 2;

	private static final Duration SOON = Duration.ofSeconds(10);

	private final AtomicInteger thrown = new AtomicInteger();

	private final Errors errors = new Errors(System::nanoTime, (where) -> this.thrown.incrementAndGet(), (fatal) -> {
	});

	@Test
	void streamsWithATopicEachAreOpenedLikeThoseOfOneTopic() throws InterruptedException {
		// The first warms the machine up.
		open((i) -> "common");
		Duration common = Duration.ofDays(1);
		Duration each = Duration.ofDays(1);
		for (int round = 0; round < 3 && each.compareTo(common.multipliedBy(2)) > 0 || round == 0; round++) {
			common = shorter(common, open((i) -> "common"));
			each = shorter(each, open((i) -> "topic-" + i));
		}
		assertThat(each).as("with one topic: %s", common).isLessThanOrEqualTo(common.multipliedBy(2));
		assertThat(this.thrown).hasValue(0);
	}

	private static Duration shorter(Duration a, Duration b) {
		return (a.compareTo(b) < 0) ? a : b;
	}

	/** Opens streams on a node and Redis of their own. Returns how long that took. */
	private Duration open(IntFunction<String> topicOf) throws InterruptedException {
		try (RedisProcess redis = TestRedis.start()) {
			RedisClient client = RedisClient.create(redis.uri(RedisUser.NODE));
			client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1)));
			RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);
			CommandLink commands = new CommandLink(client, keys, false, TestScheduler.shared(), this.errors);
			assertThat(commands.awaitUp(SOON)).isTrue();
			Connections connections = new Connections("n1", 2 * MANY, new Random(1));
			Admission admission = new Admission(connections, new AdmissionSettings(AdmissionSettings.Policy.REJECT,
					1_000, Duration.ofSeconds(30), Duration.ofSeconds(2)), (address) -> null, System::nanoTime,
					this.errors);
			Probe probe = new Probe(new Nodes(commands, keys), "n1", Probe.Settings.DEFAULT, TestScheduler.shared(),
					this.errors);
			PubSubLink link = new PubSubLink(client, keys, "n1", commands, new FrameRouter(connections), probe,
					TestScheduler.shared(), this.errors, new Random(1));
			StreamLoop.Node node = new StreamLoop.Node("n1", new ConnectionSettings(2 * MANY, Duration.ofSeconds(15),
					Duration.ofMinutes(5), Duration.ofSeconds(60), Duration.ofSeconds(30), Duration.ofSeconds(2),
					Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ZERO, Duration.ZERO, Duration.ofSeconds(60),
					Duration.ofSeconds(30), Duration.ofSeconds(25), Duration.ZERO, Duration.ofMinutes(30), false),
					Duration.ofSeconds(5), Duration.ofSeconds(15), Duration.ofSeconds(2),
					new RedisOwnership(commands, new Presence(commands, keys, Presence.Times.DEFAULT),
							new Tickets(commands, keys, new Random(1)), "n1"),
					new CatchUp(
							new RedisHistory(new History(commands, keys, Duration.ofHours(1)), TestScheduler.shared()),
							Clock.systemUTC()),
					new Upstream(link), new TestLoop.Silent((what) -> {
					}, new ArrayList<>()), CatchUpEvents.NONE, connections, new Random(1), this.errors,
					MemoryBudget.ofNode(256L << 20, 1L << 30, 1L << 30), new DirectMemory(() -> 0, 1 << 30));
			List<LoopThread> threads = Stream.generate(LoopThread::new).limit(LOOPS).toList();
			List<StreamLoop> loops = threads.stream().map((thread) -> new StreamLoop(thread, node)).toList();
			connections.use(loops);
			loops.forEach(StreamLoop::start);
			link.start();
			await().atMost(SOON).until(link::isUp);
			try {
				return open(admission, loops, topicOf);
			}
			finally {
				threads.forEach((thread) -> thread.executor.shutdownNow());
				link.close();
				probe.close();
				commands.close();
				client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
			}
		}
	}

	private static Duration open(Admission admission, List<StreamLoop> loops, IntFunction<String> topicOf)
			throws InterruptedException {
		CountDownLatch answers = new CountDownLatch(MANY);
		AtomicInteger refused = new AtomicInteger();
		long began = System.nanoTime();
		for (int i = 0; i < MANY; i++) {
			StreamLoop loop = loops.get(i % LOOPS);
			StreamRequest request = new StreamRequest("user-" + i, null, null, Tier.NORMAL,
					List.of(ChannelName.topic(topicOf.apply(i))), new StreamRequest.Start.Now(), false, false,
					Instant.ofEpochSecond(1L << 40), Instant.ofEpochSecond(1L << 40), InetAddress.getLoopbackAddress(),
					false, IssuedToken.LATEST);
			loop.submit(() -> admission.decide(loop,
					new UnlimitedNewcomer(request, new Answered(answers, refused), (opened) -> {
					})));
		}
		assertThat(answers.await(60, TimeUnit.SECONDS)).isTrue();
		Duration took = Duration.ofNanos(System.nanoTime() - began);
		assertThat(refused).hasValue(0);
		return took;
	}

	private record Upstream(PubSubLink link) implements Topics.Upstream {

		@Override
		public void subscribe(ChannelName topic, LongConsumer confirmed) {
			this.link.subscribe(topic, confirmed);
		}

		@Override
		public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
			this.link.unsubscribe(topic, confirmed);
		}

	}

	private static final class LoopThread implements LoopExecutor {

		private final ScheduledExecutorService executor = Executors
			.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().factory());

		@Override
		public void execute(Runnable task) {
			if (!this.executor.isShutdown()) {
				this.executor.execute(task);
			}
		}

		@Override
		public void executeAfterIo(Runnable task) {
			execute(task);
		}

		@Override
		public void schedule(Runnable task, Duration delay) {
			if (!this.executor.isShutdown()) {
				this.executor.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
			}
		}

		@Override
		public long nanoTime() {
			return System.nanoTime();
		}

		@Override
		public long millis() {
			return System.currentTimeMillis();
		}

	}

	/** A client that was answered. */
	private record Answered(CountDownLatch answers, AtomicInteger refused) implements Outlet {

		@Override
		public void begin(byte[] blocks) {
			this.answers.countDown();
		}

		@Override
		public void refuse(CloseReason reason, Duration retry) {
			this.refused.incrementAndGet();
			this.answers.countDown();
		}

		@Override
		public void refuse(Quota quota, Duration retry) {
			this.refused.incrementAndGet();
			this.answers.countDown();
		}

		@Override
		public void refuseTicket() {
			this.refused.incrementAndGet();
			this.answers.countDown();
		}

		@Override
		public void write(byte[] block) {
			// read
		}

		@Override
		public void write(SharedChunk chunk) {
			chunk.plain().release();
		}

		@Override
		public void end(byte @Nullable [] block) {
			// gone
		}

		@Override
		public void abort() {
			this.refused.incrementAndGet();
			this.answers.countDown();
		}

		@Override
		public boolean isOpen() {
			return true;
		}

		@Override
		public boolean isWritable() {
			return true;
		}

		@Override
		public boolean isWritable(int bytes) {
			return true;
		}

		@Override
		public @Nullable Duration unacknowledged() {
			return null;
		}

		@Override
		public long pendingBytes() {
			return 0;
		}

		@Override
		public long drainedBytes() {
			return Long.MAX_VALUE;
		}

	}

}
