package io.fanfare.node.stream;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.node.TestScheduler;
import io.fanfare.node.Tokens;
import io.fanfare.node.admission.Admission;
import io.fanfare.node.admission.AdmissionSettings;
import io.fanfare.node.auth.TokenVerifier;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.RedisHistory;
import io.fanfare.node.cluster.KnownNodes;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.node.connection.CatchUpEvents;
import io.fanfare.node.connection.ConnectionSettings;
import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.DirectMemory;
import io.fanfare.node.connection.FrameRouter;
import io.fanfare.node.connection.MemoryBudget;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.observability.StreamMetrics;
import io.fanfare.node.presence.RedisOwnership;
import io.fanfare.node.ratelimit.AddressBlocks;
import io.fanfare.node.ratelimit.CallLimits;
import io.fanfare.node.ratelimit.DoctorLimits;
import io.fanfare.node.ratelimit.LimitSettings;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.ScratchPartition;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.ticket.Tickets;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith({ RedisExtension.class, OutputCaptureExtension.class })
class WarmUpIT {

	private static final Duration SECOND = Duration.ofSeconds(1);

	private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private final AtomicInteger errorsNoted = new AtomicInteger();

	private final Errors errors = new Errors(System::nanoTime, (where) -> this.errorsNoted.incrementAndGet(),
			Errors::halt);

	private final Connections connections = new Connections("node.12345678", 10, new SecureRandom());

	private final Admission admission = new Admission(this.connections,
			new AdmissionSettings(AdmissionSettings.Policy.WAIT, 1_000, Duration.ofSeconds(30), Duration.ofSeconds(2)),
			(address) -> null, System::nanoTime, this.errors);

	private final StreamMetrics metrics = new StreamMetrics(new SimpleMeterRegistry(), this.admission, this.connections,
			Clock.systemUTC());

	private final Probe probe = new Probe(new Nodes(null, null), "node.12345678", Probe.Settings.DEFAULT,
			TestScheduler.shared(), this.errors);

	private RedisClient client;

	private CommandLink link;

	@BeforeEach
	void connect(TestRedis redis) {
		this.client = RedisClient.create(redis.url(RedisUser.NODE));
		this.client.setOptions(RedisClientOptions.bounded(SECOND, SECOND));
		this.link = new CommandLink(this.client, this.keys, false, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
	}

	@AfterEach
	void disconnect() {
		this.probe.close();
		this.link.close();
		this.client.shutdown(0, 1, TimeUnit.SECONDS);
	}

	private WarmUp warmUp(Duration duration) {
		StreamSettings settings = new StreamSettings(0, "127.0.0.1", 1, DataSize.ofKilobytes(128), 128,
				Duration.ofSeconds(10), Duration.ofSeconds(75), 32, true, DataSize.ofKilobytes(1), duration);
		Presence presence = new Presence(this.link, this.keys, Presence.Times.DEFAULT);
		RequestHandler.Gate gate = new RequestHandler.Gate(settings, 10,
				new TokenVerifier(Tokens.SECRET, Duration.ZERO, Clock.systemUTC()), new Cors(List.of("*"), List.of()),
				new Answers(Clock.systemUTC()),
				new TrustedProxies(AddressBlocks.parse("x", List.of()), System::nanoTime), null, this.admission,
				this.connections, forwards(), null, new NodeIdentity("node", "node.12345678"),
				new Doctor(false, new DoctorLimits(1, 1, noLimits()), SECOND, "node", Clock.systemUTC()));
		PubSubLink pubSub = new PubSubLink(this.client, this.keys, "node.12345678", this.link,
				new FrameRouter(this.connections), this.probe, TestScheduler.shared(), this.errors, new Random(1));
		ConnectionSettings limits = new ConnectionSettings(10, Duration.ofSeconds(15), Duration.ofMinutes(5),
				Duration.ofSeconds(2), Duration.ofSeconds(30), Duration.ofSeconds(2), Duration.ofSeconds(5),
				Duration.ofSeconds(10), Duration.ZERO, Duration.ZERO, Duration.ofSeconds(60), Duration.ofSeconds(30),
				Duration.ofSeconds(25), Duration.ZERO, Duration.ofMinutes(30), false);
		StreamLoop.Node node = new StreamLoop.Node("node.12345678", limits, Duration.ofSeconds(5),
				Duration.ofSeconds(15), Duration.ofSeconds(2),
				new RedisOwnership(this.link, presence, new Tickets(this.link, this.keys, new Random(1)),
						"node.12345678"),
				new CatchUp(new RedisHistory(new History(this.link, this.keys, SECOND, this.errors),
						TestScheduler.shared()), Clock.systemUTC()),
				StreamConfiguration.upstream(pubSub), this.metrics, CatchUpEvents.NONE, this.connections, new Random(1),
				this.errors, MemoryBudget.ofNode(64L << 20, 256L << 20, 256L << 20),
				new DirectMemory(() -> 0, 1 << 30));
		return new WarmUp(duration, gate, node, this.link, pubSub, this.keys, TestScheduler.shared(),
				Clock.systemUTC());
	}

	private static LimitSettings noLimits() {
		return new LimitSettings(0, 0, 0, 0, Duration.ofMinutes(1), List.of());
	}

	private ForwardedCalls forwards() {
		Nodes nodes = new Nodes(this.link, this.keys);
		return new ForwardedCalls(new KnownNodes(nodes::names, this.errors, System::nanoTime),
				new CallLimits("calls", noLimits(), System::nanoTime), nodes);
	}

	/** What Redis holds of the installation itself, and no warm-up may touch. */
	private static Map<String, String> installation(RedisCommands<String, String> redis) {
		return redis.keys("*")
			.stream()
			.filter((key) -> !key.startsWith("fanfare:{scratch-"))
			.collect(Collectors.toMap(Function.identity(), redis::get));
	}

	@Test
	void itOpensStreamsAndLeavesNoTrace(CapturedOutput output) {
		assertThat(this.link.awaitUp(Duration.ofSeconds(10))).isTrue();
		RedisCommands<String, String> redis = this.client.connect(StringCodec.UTF8, TestRedis.shared().uri()).sync();
		Map<String, String> before = installation(redis);
		assertThat(before).containsOnlyKeys("fanfare:layout", "fanfare:{0}:clock", "fanfare:{0}:run",
				"fanfare:{0}:since");
		long seen = this.link.seen();
		assertThat(warmUp(SECOND).run()).isPositive();
		assertThat(output).contains("warm-up=done").doesNotContain("warm-up=failed");
		assertThat(this.errorsNoted).hasValue(0);
		assertThat(installation(redis)).isEqualTo(before);
		assertThat(this.link.seen()).isEqualTo(seen);
		assertThat(redis.keys("fanfare:{scratch-*")).hasSizeGreaterThan(5)
			.allSatisfy((key) -> assertThat(redis.pttl(key)).as(key).isBetween(1L, ScratchPartition.REST.toMillis()));
		assertThat(this.admission.peak()).isZero();
		assertThat(this.metrics.counts().opened()).isZero();
		assertThat(this.metrics.counts().closed()).isZero();
		assertThat(Thread.getAllStackTraces().keySet()).noneMatch((thread) -> thread.getName().contains("warm-up"));
	}

	@Test
	void itNeedsNoRedis(CapturedOutput output) {
		this.link.close();
		assertThat(warmUp(SECOND).run()).isZero();
		assertThat(output).containsPattern("warm-up=failed streams=0 .*Redis is not connected");
		assertThat(this.errorsNoted).hasValue(0);
	}

	@Test
	void aFullRedisTakesItsStreams() {
		assertThat(this.link.awaitUp(Duration.ofSeconds(10))).isTrue();
		RedisCommands<String, String> redis = this.client.connect(StringCodec.UTF8, TestRedis.shared().uri()).sync();
		Map<String, String> before = installation(redis);
		redis.configSet("maxmemory", "1");
		try {
			assertThat(warmUp(SECOND).run()).isPositive();
			assertThat(installation(redis)).isEqualTo(before);
		}
		finally {
			redis.configSet("maxmemory", "0");
		}
	}

	@Test
	void itKeepsToItsTime() {
		assertThat(warmUp(Duration.ZERO).run()).isZero();
		long began = System.nanoTime();
		warmUp(Duration.ofMillis(1)).run();
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
	}

}
