package io.fanfare.api.cluster;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.api.TestApi;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.NodeState;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Two processes that lead a drain of the cluster, the first of which is stopped for
 * longer than its lead lasts.
 */
@ExtendWith({ RedisExtension.class, OutputCaptureExtension.class })
class RollingDrainIT {

	private static final Duration BACK = Duration.ofMinutes(1);

	/** Of both processes. */
	private final MeterRegistry meters = new SimpleMeterRegistry();

	private final TestApi api = TestApi.shared();

	private final FakeNodes nodes = new FakeNodes();

	private final StoppableClock firstClock = new StoppableClock();

	private final RollingDrain first = process(this.firstClock, this.firstClock::nanoTime);

	private final RollingDrain second = process(Clock.systemUTC(), System::nanoTime);

	@AfterEach
	void end() {
		this.firstClock.runOn();
		this.nodes.close();
	}

	@Test
	void aLeaderThatIsStoppedBeforeAnOrderDoesNotGiveItLater(CapturedOutput log) {
		this.nodes.start("node-1", "node-2", "node-3");
		// It looks at the clock as it begins, three times for a node, and before an
		// order.
		this.firstClock.stopAt(5);
		this.first.begin(CallRequest.Drain.AS_CONFIGURED, BACK);
		soon().until(this.firstClock::isStopped);
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> this.second.begin(CallRequest.Drain.AS_CONFIGURED, BACK));
		lapse();
		this.nodes.hold(NodeState.DRAINING.wireName());
		this.second.begin(CallRequest.Drain.AS_CONFIGURED, BACK);
		soon().until(() -> this.nodes.orders().size() == 2);
		this.firstClock.runOn();
		soon().until(() -> log.getOut().contains("rollout=left"));
		this.nodes.hold(null);
		awaitDone();
		assertThat(this.nodes.orders()).containsExactly("node-1.0", "node-1.1", "node-2.0", "node-3.0");
		assertThat(this.nodes.mostAway()).isEqualTo(1);
	}

	@Test
	void aNodeThatTheFirstLeaderLeftDrainingIsWaitedFor(CapturedOutput log) {
		assertTakenOver(NodeState.DRAINING.wireName(), "draining", log);
	}

	@Test
	void aNodeThatTheFirstLeaderLeftAwayIsWaitedFor(CapturedOutput log) {
		assertTakenOver(NodeState.DRAINED.wireName(), "returning", log);
	}

	private void assertTakenOver(String held, String told, CapturedOutput log) {
		this.nodes.start("node-1", "node-2");
		this.nodes.hold(held);
		this.first.begin(CallRequest.Drain.AS_CONFIGURED, BACK);
		soon().until(() -> this.nodes.state("node-1").equals(held));
		this.firstClock.stop();
		soon().until(this.firstClock::isStopped);
		lapse();
		DrainProgress begun = this.second.begin(CallRequest.Drain.AS_CONFIGURED, BACK);
		assertThat(begun.nodes()).extracting(DrainProgress.Step::node).containsExactly("node-1.0", "node-2.0");
		assertThat(begun.nodes()).extracting(DrainProgress.Step::state).containsExactly(told, "pending");
		this.firstClock.runOn();
		soon().until(() -> log.getOut().contains("rollout=left"));
		assertThat(this.nodes.orders()).containsExactly("node-1.0");
		this.nodes.hold(null);
		awaitDone();
		assertThat(this.nodes.orders()).containsExactly("node-1.0", "node-2.0");
		assertThat(this.nodes.mostAway()).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "junk", "null", "{}", "[]", "{\"state\":\"running\",\"nodes\":null}",
			"{\"state\":\"halfway\",\"nodes\":[]}", "{\"state\":\"running\",\"nodes\":[{}]}" })
	void aProgressThatCannotBeReadIsNone(String junk) {
		double before = unreadable();
		TestRedis.shared().ask((redis) -> redis.set("fanfare:drain", junk));
		assertThat(this.api.get("/v1/drain").json()).isEqualTo(TestApi.JSON.readTree("""
				{"state":"none","nodes":[]}"""));
		assertThat(unreadable()).isEqualTo(before + 1);
	}

	private double unreadable() {
		return this.api.bean(MeterRegistry.class).counter("fanfare.errors", "where", "drain-progress").count();
	}

	@Test
	void aProgressOfAnotherTypeIsNone() {
		TestRedis.shared().ask((redis) -> redis.lpush("fanfare:drain", "junk"));
		assertThat(this.api.get("/v1/drain").status()).isEqualTo(200);
		assertThat(this.api.get("/v1/drain").json().get("state").stringValue()).isEqualTo("none");
	}

	private void awaitDone() {
		soon().until(() -> !this.second.progress().state().equals("running"));
		DrainProgress ended = this.second.progress();
		assertThat(ended.state()).as(ended.toString()).isEqualTo("done");
		assertThat(ended.nodes()).extracting(DrainProgress.Step::state).containsOnly("back");
		// Of the two only the one that led it to its end counts it.
		soon().until(() -> this.meters.counter("fanfare.drains", "outcome", "done").count() == 1);
		assertThat(this.meters.counter("fanfare.drains", "outcome", "failed").count()).isZero();
	}

	private static ConditionFactory soon() {
		return Awaitility.await().atMost(Duration.ofSeconds(30)).pollInterval(Duration.ofMillis(20));
	}

	/** What both know of the drain lapses, as without news from its leader. */
	private static void lapse() {
		TestRedis.shared().ask((redis) -> {
			redis.pexpire("fanfare:drain", 1);
			redis.pexpire("fanfare:drain:leader", 1);
			return null;
		});
		soon()
			.until(() -> TestRedis.shared().ask((redis) -> redis.exists("fanfare:drain", "fanfare:drain:leader")) == 0);
	}

	private RollingDrain process(Clock clock, Ticker ticker) {
		RedisCalls calls = this.api.bean(RedisCalls.class);
		Nodes access = this.api.bean(Nodes.class);
		Errors errors = this.api.bean(Errors.class);
		return new RollingDrain(new ClusterView(access, calls, errors, this.api.bean(Scheduler.class)),
				this.api.bean(NodeAsker.class), access, calls, errors, clock, ticker, this.meters);
	}

	/**
	 * A thread that reads it stands still while it is stopped, as in a stopped process.
	 */
	private static final class StoppableClock extends Clock {

		private final CountDownLatch run = new CountDownLatch(1);

		private final CountDownLatch stopped = new CountDownLatch(1);

		private final AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);

		/** At the next look. */
		void stop() {
			this.left.set(0);
		}

		/** At a look for an instant. */
		void stopAt(int number) {
			this.left.set(number);
		}

		boolean isStopped() {
			return this.stopped.getCount() == 0;
		}

		void runOn() {
			this.left.set(Integer.MAX_VALUE);
			this.run.countDown();
		}

		@Override
		public Instant instant() {
			this.left.decrementAndGet();
			stand();
			return Instant.now();
		}

		long nanoTime() {
			stand();
			return System.nanoTime();
		}

		private void stand() {
			if (this.left.get() > 0) {
				return;
			}
			this.stopped.countDown();
			try {
				this.run.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

		@Override
		public ZoneId getZone() {
			throw new UnsupportedOperationException();
		}

		@Override
		public Clock withZone(ZoneId zone) {
			throw new UnsupportedOperationException();
		}

	}

	/**
	 * Nodes as they are seen over Redis: each drains as soon as it is ordered to, ends,
	 * and is started again. A node's identity is its name and how often it was started
	 * again.
	 */
	private final class FakeNodes implements AutoCloseable {

		private final Nodes access = RollingDrainIT.this.api.bean(Nodes.class);

		private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

		private final RedisClient client = RedisClient.create(TestRedis.shared().uri());

		private final StatefulRedisPubSubConnection<byte[], byte[]> connection = this.client
			.connectPubSub(ByteArrayCodec.INSTANCE);

		private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();

		private final List<String> orders = new CopyOnWriteArrayList<>();

		private final ConcurrentHashMap<String, String> states = new ConcurrentHashMap<>();

		private final Set<String> away = new HashSet<>();

		private volatile int mostAway;

		private volatile String held;

		void start(String... names) {
			this.connection.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
				@Override
				public void message(byte[] channel, byte[] message) {
					String identity = new String(channel, StandardCharsets.UTF_8).replaceAll(".*:", "");
					if (Frame.decode(message) instanceof Frame.Call call
							&& call.name().equals(CallName.DRAIN.wireName())) {
						FakeNodes.this.executor.execute(() -> drain(identity, call));
					}
				}
			});
			for (String name : names) {
				up(name + ".0");
			}
		}

		/** Keeps nodes that reach a state in it, until another or none is told. */
		void hold(String state) {
			this.held = state;
		}

		List<String> orders() {
			return List.copyOf(this.orders);
		}

		int mostAway() {
			return this.mostAway;
		}

		String state(String name) {
			return this.states.get(name);
		}

		private void drain(String identity, Frame.Call call) {
			this.orders.add(identity);
			this.away.add(name(identity));
			this.mostAway = Math.max(this.mostAway, this.away.size());
			put(identity, NodeState.DRAINING.wireName(), null);
			this.access.answer(call,
					new CallAnswer.Done("{\"connections\":5,\"windowMs\":10}".getBytes(StandardCharsets.UTF_8)));
			then(NodeState.DRAINING.wireName(), () -> {
				put(identity, NodeState.DRAINED.wireName(), new NodeStatus.Drained(5, 0, 10));
				then(NodeState.DRAINED.wireName(), () -> {
					this.away.remove(name(identity));
					int starts = Integer.parseInt(identity.substring(identity.indexOf('.') + 1));
					up(name(identity) + "." + (starts + 1));
				});
			});
		}

		private void up(String identity) {
			this.connection.async().subscribe(this.keys.nodeChannel(identity)).toCompletableFuture().join();
			put(identity, NodeState.UP.wireName(), null);
		}

		private void then(String state, Runnable next) {
			this.executor.schedule(() -> {
				if (state.equals(this.held)) {
					then(state, next);
				}
				else {
					next.run();
				}
			}, 50, TimeUnit.MILLISECONDS);
		}

		private void put(String identity, String state, NodeStatus.Drained drained) {
			long now = System.currentTimeMillis();
			NodeStatus status = new NodeStatus(identity, name(identity), "1", state, now, now, 100, 1, 0, 1, 1, 0, 0, 0,
					0, 0, 0, null, drained, null, null);
			this.access.put(identity, TestApi.JSON.writeValueAsBytes(status)).join();
			this.states.put(name(identity), state);
		}

		private static String name(String identity) {
			return identity.substring(0, identity.indexOf('.'));
		}

		@Override
		public void close() {
			this.executor.shutdownNow();
			this.connection.close();
			this.client.shutdown(0, 1, TimeUnit.SECONDS);
		}

	}

}
