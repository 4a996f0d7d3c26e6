package io.fanfare.node.broker;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.ThreadScheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The link for messages, against a Redis to which bad things are done. */
class PubSubLinkIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	/** How soon a link with many topics is to be up again. */
	private static final Duration LINK_UP = Duration.ofSeconds(3);

	private static final int MANY = 64_000;

	private static final String NODE_CHANNEL = "fanfare:{0}:node:n1";

	private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private final List<String> noted = new CopyOnWriteArrayList<>();

	private final Errors errors = new Errors(System::nanoTime, this.noted::add, (fatal) -> {
	});

	private final ThreadScheduler scheduler = new ThreadScheduler(System::nanoTime, this.errors);

	private final RecordingSink sink = new RecordingSink();

	private RedisProcess redis;

	private RedisClient client;

	private StatefulRedisConnection<byte[], byte[]> plain;

	private CommandLink commands;

	private Probe probe;

	private PubSubLink link;

	@BeforeEach
	void start() {
		this.redis = TestRedis.start();
		start(RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1)));
	}

	private void start(ClientOptions options) {
		this.client = RedisClient.create(this.redis.uri(RedisUser.NODE));
		this.client.setOptions(options);
		this.plain = RedisClient.create(this.client.getResources(), this.redis.uri()).connect(ByteArrayCodec.INSTANCE);
		this.commands = new CommandLink(this.client, this.keys, false, this.scheduler, this.errors);
		assertThat(this.commands.awaitUp(SOON)).isTrue();
		this.probe = new Probe(new Nodes(this.commands, this.keys), "n1", Probe.Settings.DEFAULT, this.scheduler,
				this.errors);
		this.link = new PubSubLink(this.client, this.keys, "n1", this.commands, this.sink, this.probe, this.scheduler,
				this.errors, new Random(1));
		this.link.start();
	}

	@AfterEach
	void stop() {
		this.link.close();
		this.probe.close();
		this.commands.close();
		this.plain.close();
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.redis.close();
		this.scheduler.close();
	}

	private void publish(String channel, byte[] frame) {
		this.plain.sync().publish(channel.getBytes(StandardCharsets.UTF_8), frame);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private long subscribers() {
		return this.plain.sync().clientList().lines().filter((line) -> !line.contains(" sub=0 ")).count();
	}

	@Test
	void aLinkWithManyTopicsIsUpAgainSoon() {
		// Other tests look for leaks in a way that makes each buffer five times as dear.
		ResourceLeakDetector.Level level = ResourceLeakDetector.getLevel();
		ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
		try {
			linkManyTopics();
		}
		finally {
			ResourceLeakDetector.setLevel(level);
		}
	}

	private void linkManyTopics() {
		AtomicInteger confirmed = new AtomicInteger();
		for (int i = 0; i < MANY; i++) {
			this.link.subscribe(ChannelName.topic("topic-" + i), (number) -> confirmed.incrementAndGet());
		}
		await().atMost(Duration.ofSeconds(30)).until(() -> confirmed.get() == MANY && this.link.isUp());
		Duration took = Duration.ofDays(1);
		// The best of three: others use the machine, too.
		for (int i = 0; i < 3 && took.compareTo(LINK_UP) >= 0; i++) {
			this.plain.sync().configResetstat();
			int before = confirmed.get();
			int ups = this.sink.ups.size();
			long began = System.nanoTime();
			this.plain.sync().clientKill(KillArgs.Builder.typePubsub());
			await().pollInterval(Duration.ofMillis(5))
				.atMost(Duration.ofSeconds(30))
				.until(() -> this.sink.ups.size() > ups);
			took = Duration.ofNanos(System.nanoTime() - began);
			assertThat(confirmed).as("each once").hasValue(before + MANY);
			assertThat(calls("subscribe")).as("in few commands").isEqualTo(Math.ceilDiv(MANY + 1, Subscriptions.BATCH));
		}
		assertThat(took).isLessThan(LINK_UP);
		assertThat(this.noted).isEmpty();
	}

	/** How often Redis was sent a command. */
	private int calls(String command) {
		return this.plain.sync()
			.info("commandstats")
			.lines()
			.filter((line) -> line.startsWith("cmdstat_" + command + ":calls="))
			.mapToInt((line) -> Integer.parseInt(line.substring(line.indexOf('=') + 1, line.indexOf(','))))
			.sum();
	}

	@Test
	void aFailedSendEndsExactlyThatConnection() {
		await().atMost(SOON).until(this.link::isUp);
		stopLinks();
		// So few commands may wait that four that subscribe cannot be sent.
		ClientOptions few = RedisClientOptions.bounded(Duration.ofSeconds(2), Duration.ofSeconds(1))
			.mutate()
			.requestQueueSize(2)
			.build();
		RedisClient narrow = RedisClient.create(this.redis.uri(RedisUser.NODE));
		narrow.setOptions(few);
		this.commands = new CommandLink(this.client, this.keys, false, this.scheduler, this.errors);
		this.link = new PubSubLink(narrow, this.keys, "n1", this.commands, this.sink, this.probe, this.scheduler,
				this.errors, new Random(1));
		LongConsumer nobody = (number) -> {
		};
		for (int i = 0; i < Subscriptions.WINDOW; i++) {
			this.link.subscribe(ChannelName.topic("topic-" + i), nobody);
		}
		this.link.start();
		long before = connections();
		await().atMost(SOON).until(() -> {
			assertThat(subscribers()).isLessThanOrEqualTo(1);
			return connections() >= before + 4;
		});
		for (int i = 0; i < Subscriptions.WINDOW; i++) {
			this.link.unsubscribe(ChannelName.topic("topic-" + i), nobody);
		}
		await().atMost(SOON).until(this.link::isUp);
		assertThat(subscribers()).isEqualTo(1);
		this.link.close();
		narrow.shutdown(Duration.ZERO, Duration.ofSeconds(2));
	}

	/** How many connections Redis took so far. */
	private long connections() {
		return this.plain.sync()
			.info("stats")
			.lines()
			.filter((line) -> line.startsWith("total_connections_received:"))
			.mapToLong((line) -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
			.sum();
	}

	private void stopLinks() {
		this.link.close();
		this.commands.close();
	}

	@Test
	void whatCannotBeReadIsNotedAndLeavesNoHole() {
		await().atMost(SOON).until(this.link::isUp);
		CompletableFuture<Long> confirmed = new CompletableFuture<>();
		this.link.subscribe(ChannelName.topic("news"), confirmed::complete);
		confirmed.orTimeout(10, TimeUnit.SECONDS).join();
		byte[] envelope = new Envelope("order", new byte[] { 1 }, 5, 0, false, null).encode();
		byte[] ofALaterVersion = envelope.clone();
		ofALaterVersion[0]++;
		String head = "M 7-3 - news\n";
		publish("fanfare:{0}:ch:news", join(head, ofALaterVersion));
		publish("fanfare:{0}:ch:news", bytes("nonsense"));
		publish(NODE_CHANNEL, bytes("K c x logout 0\n"));
		publish(NODE_CHANNEL, bytes("Z of a later version\n"));
		publish(NODE_CHANNEL, bytes("K n1.c 7-3 of-a-later-version 0\n"));
		publish("fanfare:{0}:ch:news", join(head, envelope));
		await().atMost(SOON).until(() -> this.sink.messages.size() == 1);
		assertThat(this.sink.unreadable).containsExactly("news", "news", "node");
		assertThat(this.sink.kicks).extracting(Frame.Kick::reason).containsExactly(CloseReason.TAKEOVER);
		assertThat(this.noted).containsExactly("frame", "frame", "frame", "frame-unknown");
	}

	@Test
	void aSinkThatThrowsDoesNotEndTheReading() {
		await().atMost(SOON).until(this.link::isUp);
		this.sink.thrown = new NoClassDefFoundError("injected");
		publish(NODE_CHANNEL, bytes("C n1.first\n"));
		await().atMost(SOON).until(() -> this.sink.unreadable.size() == 1);
		this.sink.thrown = null;
		publish(NODE_CHANNEL, bytes("C n1.second\n"));
		await().atMost(SOON).until(() -> this.sink.closes.contains("n1.second"));
		assertThat(this.noted).containsExactly("frame");
		assertThat(this.sink.ups).as("on the same link").hasSize(1);
	}

	@Test
	void whatAConfirmationThrowsEndsTheConnectionAndNotTheLink() {
		await().atMost(SOON).until(this.link::isUp);
		List<Long> confirmed = new CopyOnWriteArrayList<>();
		AtomicInteger calls = new AtomicInteger();
		this.link.subscribe(ChannelName.topic("news"), (number) -> {
			if (calls.getAndIncrement() < 2) {
				throw new NoClassDefFoundError("injected");
			}
			confirmed.add(number);
		});
		await().atMost(SOON).until(() -> !confirmed.isEmpty() && this.link.isUp());
		assertThat(confirmed).containsExactly(3L);
		assertThat(subscribers()).isEqualTo(1);
		assertThat(this.noted).containsExactly("link-pubsub", "link-pubsub");
	}

	@Test
	void aSinkThatThrowsAtLinkUpIsToldOfAnotherLink() {
		await().atMost(SOON).until(this.link::isUp);
		this.sink.failingUps.set(2);
		this.plain.sync().clientKill(KillArgs.Builder.typePubsub());
		await().atMost(SOON).until(() -> this.sink.ups.size() == 2 && this.link.isUp());
		assertThat(this.sink.ups).containsExactly(1L, 4L);
		assertThat(this.sink.failingUps).hasValue(0);
		assertThat(subscribers()).isEqualTo(1);
	}

	private static byte[] join(String head, byte[] body) {
		byte[] start = bytes(head);
		byte[] joined = Arrays.copyOf(start, start.length + body.length);
		System.arraycopy(body, 0, joined, start.length, body.length);
		return joined;
	}

}
