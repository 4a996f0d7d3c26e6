package io.fanfare.node.broker;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;

import io.fanfare.node.ManualScheduler;
import io.fanfare.node.TestScheduler;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The link for messages, whose time passes when a test says so. */
class PubSubLinkTimesIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	/** The longest pause between two attempts. */
	private static final Duration BACKOFF = Duration.ofSeconds(2);

	private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private final List<String> noted = new CopyOnWriteArrayList<>();

	private final Errors errors = new Errors(System::nanoTime, this.noted::add, (fatal) -> {
	});

	private final ManualScheduler scheduler = new ManualScheduler(this.errors);

	private final RecordingSink sink = new RecordingSink();

	private RedisProcess redis;

	/** The way of the pub/sub link alone. */
	private TcpProxy wire;

	private RedisClient direct;

	private RedisClient client;

	private CommandLink commands;

	private PubSubLink link;

	@BeforeEach
	void start() {
		this.redis = TestRedis.start();
		this.wire = TcpProxy.to(this.redis.port());
		this.direct = client(this.redis.port());
		this.client = client(this.wire.port());
		start(this.direct);
	}

	private static RedisClient client(int port) {
		RedisURI uri = RedisURI.builder()
			.withHost("127.0.0.1")
			.withPort(port)
			.withAuthentication(RedisUser.NODE.login(), RedisUser.NODE.password().toCharArray())
			.withTimeout(Duration.ofSeconds(1))
			.build();
		RedisClient client = RedisClient.create(uri);
		client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1)));
		return client;
	}

	private void start(RedisClient ofCommands) {
		this.commands = new CommandLink(ofCommands, this.keys, false, TestScheduler.shared(), this.errors);
		assertThat(this.commands.awaitUp(SOON)).isTrue();
		Probe probe = new Probe(new Nodes(this.commands, this.keys), "n1", Probe.Settings.DEFAULT, this.scheduler,
				this.errors);
		this.link = new PubSubLink(this.client, this.keys, "n1", this.commands, this.sink, probe, this.scheduler,
				this.errors, new Random(1));
		this.link.start();
	}

	@AfterEach
	void stop() {
		this.link.close();
		this.commands.close();
		this.wire.close();
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.direct.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.redis.close();
	}

	private static ConditionFactory soon() {
		// The thread of the test is the link's.
		return await().pollInSameThread().pollInterval(Duration.ofMillis(5)).atMost(SOON);
	}

	/** Lets no time pass by the link's clock. */
	private void awaitUp() {
		soon().until(() -> {
			this.scheduler.run();
			return this.link.isUp();
		});
	}

	private void awaitUpAfterPauses() {
		soon().until(() -> {
			this.scheduler.pass(BACKOFF);
			return this.link.isUp();
		});
	}

	/** Sends what is due, and has the link looked at once, after a time. */
	private void lookAfter(Duration time) {
		this.scheduler.run();
		this.scheduler.skip(time);
		this.scheduler.run();
	}

	private long subscribers() {
		return this.redis.ask((commands) -> commands.clientList())
			.lines()
			.filter((line) -> !line.contains(" sub=0 "))
			.count();
	}

	@Test
	void aLinkThatCannotConnectTriesAgainAfterPausesThatGrow() {
		awaitUp();
		this.wire.refuse();
		soon().until(() -> {
			this.scheduler.run();
			return !this.link.isUp();
		});
		this.scheduler.pass(BACKOFF);
		this.wire.accept();
		this.scheduler.pass(Duration.ofMillis(10));
		assertThat(this.link.isUp()).as("before the pause is over").isFalse();
		awaitUpAfterPauses();
		assertThat(this.sink.life).containsExactly("up", "down", "up");
		assertThat(this.noted).as("Redis being away is no error").isEmpty();
	}

	@Test
	void aSubscriptionThatIsNotConfirmedInTimeEndsTheConnection() {
		awaitUp();
		List<Long> confirmed = new CopyOnWriteArrayList<>();
		this.wire.blackHole();
		this.link.subscribe(ChannelName.topic("news"), confirmed::add);
		lookAfter(Duration.ofSeconds(4));
		assertThat(this.link.isUp()).as("within its time").isTrue();
		this.wire.restore();
		awaitUpAfterPauses();
		soon().until(() -> {
			this.scheduler.run();
			return confirmed.contains(2L);
		});
		this.wire.blackHole();
		this.link.subscribe(ChannelName.topic("more"), confirmed::add);
		lookAfter(Duration.ofSeconds(6));
		assertThat(this.link.isUp()).isFalse();
		this.wire.restore();
		awaitUpAfterPauses();
		assertThat(this.sink.life).containsExactly("up", "down", "up", "down", "up");
		assertThat(confirmed).as("on each link that confirmed it, once").containsExactly(2L, 3L, 3L);
		assertThat(subscribers()).isEqualTo(1);
	}

	@Test
	void aLinkIsNotUpOnAnotherServerThanTheCommandLink() {
		awaitUp();
		try (RedisProcess other = TestRedis.start()) {
			this.wire.redirect(other.port());
			this.wire.cut();
			soon().until(() -> {
				this.scheduler.run();
				return !this.link.isUp();
			});
			for (int i = 0; i < 3; i++) {
				long connections = connections(other);
				soon().until(() -> {
					this.scheduler.pass(BACKOFF);
					assertThat(this.link.isUp()).isFalse();
					return connections(other) > connections + 1;
				});
			}
			assertThat(this.sink.life).containsExactly("up", "down");
			this.wire.redirect(this.redis.port());
			this.wire.cut();
			awaitUpAfterPauses();
		}
		assertThat(this.sink.life).as("the server is the same as before").containsExactly("up", "down", "up");
	}

	@Test
	void aLinkThatFollowsTheCommandLinkToAnotherServerSaysSoBeforeItIsUp() {
		this.link.close();
		this.commands.close();
		start(this.client);
		awaitUp();
		int before = this.sink.life.size();
		try (RedisProcess other = TestRedis.start()) {
			this.wire.redirect(other.port());
			this.wire.cut();
			soon().until(() -> {
				this.scheduler.pass(BACKOFF);
				return this.link.isUp() && this.sink.life.size() >= before + 3;
			});
			assertThat(this.sink.life.subList(before, before + 3)).containsExactly("down", "changed", "up");
			this.link.close();
			this.commands.close();
		}
	}

	/** How many connections a server took so far. */
	private static long connections(RedisProcess server) {
		return server.ask((commands) -> commands.info("stats"))
			.lines()
			.filter((line) -> line.startsWith("total_connections_received:"))
			.mapToLong((line) -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
			.sum();
	}

	@Test
	void whateverHappensToItsConnectionsThereIsOneAtATime() {
		long seed = System.nanoTime();
		Random random = new Random(seed);
		awaitUp();
		for (int i = 0; i < 40; i++) {
			switch (random.nextInt(5)) {
				case 0 -> this.link.restart("a test");
				case 1 -> this.redis.ask((commands) -> commands.clientKill(KillArgs.Builder.typePubsub()));
				case 2 -> this.wire.cut();
				case 3 -> this.link.subscribe(ChannelName.topic("t" + i), (number) -> {
				});
				default -> this.link.left();
			}
			for (int turn = random.nextInt(4); turn > 0; turn--) {
				this.scheduler.pass(Duration.ofMillis(random.nextInt(1_500)));
			}
		}
		awaitUpAfterPauses();
		this.scheduler.run();
		for (int i = 0; i < this.sink.life.size(); i++) {
			assertThat(this.sink.life.get(i)).as("step %s, seed %s", i, seed).isEqualTo((i % 2 == 0) ? "up" : "down");
		}
		assertThat(this.sink.ups).as("seed %s", seed).isSorted().doesNotHaveDuplicates();
		soon().untilAsserted(() -> assertThat(subscribers()).as("seed %s", seed).isEqualTo(1));
		assertThat(this.noted).as("seed %s", seed).isEmpty();
	}

}
