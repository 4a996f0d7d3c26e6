package io.fanfare.node;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.cluster.NodeCalls;
import io.fanfare.redis.erasure.Erasure;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.revocation.Revocations;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.awaitility.Awaitility.await;

/** What publishes to nodes under test: the protocol's own access to their Redis. */
final class Backend implements AutoCloseable {

	private static final Duration AGE = Duration.ofHours(24);

	private final RedisClient client;

	private final CommandLink link;

	private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private final Publisher publisher;

	private final Presence presence;

	private final NodeCalls calls;

	private final StatefulRedisConnection<String, String> plain;

	Backend(TestRedis redis) {
		this.client = RedisClient.create(redis.uri(RedisUser.API));
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(10), Duration.ofSeconds(5)));
		this.link = new CommandLink(this.client, this.keys, false, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
		if (!this.link.awaitUp(Duration.ofSeconds(10))) {
			throw new IllegalStateException("Redis does not answer");
		}
		this.publisher = publisher(1000);
		this.presence = new Presence(this.link, this.keys, Presence.Times.DEFAULT);
		this.calls = new NodeCalls(this.client, this.link, this.keys, "backend", new SecureRandom(),
				Duration.ofSeconds(2), TestScheduler.shared(), new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
		await().atMost(Duration.ofSeconds(10)).until(this.calls::isUp);
		this.plain = this.client.connect(StringCodec.UTF8, redis.uri());
	}

	/** A publisher that retains another number of messages per channel. */
	Publisher publisher(int length) {
		return new Publisher(this.link, this.keys, length, AGE);
	}

	Revocations revocations() {
		return new Revocations(this.link, this.keys, Duration.ofHours(1));
	}

	/** Erases what was stored. */
	Erasure erasure() {
		return new Erasure(this.link, this.keys, new Erasure.Settings(1000, AGE, Presence.Times.DEFAULT.tombstone()),
				Clock.systemUTC());
	}

	Presence presence() {
		return this.presence;
	}

	/** What a node answers. */
	CallAnswer call(String node, CallName name, String body) {
		return this.calls.call(node, name, body.getBytes(StandardCharsets.UTF_8)).join();
	}

	/** What a node answers, which it has to. */
	JsonNode ask(String node, CallName name, String body) {
		CallAnswer answer = call(node, name, body);
		if (answer instanceof CallAnswer.Done done) {
			return JsonMapper.shared().readTree(done.body());
		}
		throw new AssertionError(answer);
	}

	/** What a node answers to a call of any name, as it comes. */
	String callByName(String node, String name) {
		CompletableFuture<String> answer = new CompletableFuture<>();
		try (StatefulRedisPubSubConnection<String, String> ear = this.client.connectPubSub()) {
			ear.addListener(new RedisPubSubAdapter<>() {
				@Override
				public void message(String channel, String message) {
					answer.complete(message);
				}
			});
			ear.sync().subscribe("fanfare:{0}:answers:test");
			this.plain.sync().publish("fanfare:{0}:node:" + node, "Q 1 test " + name + "\n{}");
			return answer.orTimeout(10, TimeUnit.SECONDS).join();
		}
	}

	/** Who hears a user, or null. */
	Presence.Owner owner(String user) {
		return this.presence.find(user).join();
	}

	/** Overwrites the raw field of the presence hash. */
	void putPresenceField(String user, String value) {
		this.plain.sync().hset("fanfare:{0}:presence", user, value);
	}

	/** The raw field of the presence hash, or null. */
	String presenceField(String user) {
		return this.plain.sync().hget("fanfare:{0}:presence", user);
	}

	/** How long a client that was displaced is still kept away. */
	Duration tombstoneLife(String user, String client) {
		return Duration.ofMillis(this.plain.sync().pttl("fanfare:{0}:kicked:" + user + ":" + client));
	}

	/** As if a client that was displaced had not tried for so long. */
	void ageTombstone(String user, String client, Duration by) {
		this.plain.sync()
			.pexpire("fanfare:{0}:kicked:" + user + ":" + client, tombstoneLife(user, client).minus(by).toMillis());
	}

	/** As if what a user's pages did to each other were longer ago. */
	void agePresence(String user, Duration by) {
		String[] words = presenceField(user).split(" ");
		for (int i : new int[] { 5, 7 }) {
			words[i] = Pattern.compile("\\d{13}")
				.matcher(words[i])
				.replaceAll((time) -> Long.toString(Long.parseLong(time.group()) - by.toMillis()));
		}
		this.plain.sync().hset("fanfare:{0}:presence", user, String.join(" ", words));
	}

	/** As if a node held some streams of an address, and its lease ran out soon. */
	void holds(String node, int streams, String address, long leaseMillis) {
		this.plain.sync().psetex("fanfare:{0}:lease:" + node, leaseMillis, "1");
		this.plain.sync().hset("fanfare:{0}:connections:" + address, node, Integer.toString(streams));
	}

	/** How many streams of an address nodes say they hold. */
	int held(String address) {
		return this.plain.sync().hvals("fanfare:{0}:connections:" + address).stream().mapToInt(Integer::parseInt).sum();
	}

	/** Whether a node is in the list of nodes. */
	boolean lists(String node) {
		return this.plain.sync().hexists("fanfare:nodes", node);
	}

	/** What a node said last of itself, JSON. */
	String lastWord(String node) {
		return this.plain.sync().hget("fanfare:nodes", node);
	}

	/** How many nodes listen to a topic. */
	long subscribers(String topic) {
		String channel = "fanfare:{0}:ch:" + topic;
		return this.plain.sync().pubsubNumsub(channel).get(channel);
	}

	/** A plain command. */
	void set(String key, String value) {
		this.plain.sync().set(key, value);
	}

	/** Publishes text and returns its id. */
	String publish(ChannelName channel, String data) {
		return publish(channel, EventName.DEFAULT, data);
	}

	/** Publishes text and returns its id. */
	String publish(ChannelName channel, String event, String data) {
		return MessageId.format(send(this.publisher, channel, event, data, 0).join());
	}

	/** Publishes text and returns its id in time. */
	static CompletableFuture<Long> send(Publisher publisher, ChannelName channel, String event, String data,
			long expiresAt) {
		Envelope envelope = new Envelope(event, data.getBytes(StandardCharsets.UTF_8), System.currentTimeMillis(),
				expiresAt, false, null);
		return publisher.publish(List.of(channel), envelope, null)
			.thenApply((result) -> ((Publisher.Result.Stored) result).receipts().getFirst().id());
	}

	/** Publishes text to several channels at once. */
	List<String> publish(String data, ChannelName... channels) {
		Envelope envelope = new Envelope(EventName.DEFAULT, data.getBytes(StandardCharsets.UTF_8),
				System.currentTimeMillis(), 0, false, null);
		Publisher.Result result = this.publisher.publish(Arrays.asList(channels), envelope, null).join();
		return ((Publisher.Result.Stored) result).receipts()
			.stream()
			.map((receipt) -> MessageId.format(receipt.id()))
			.toList();
	}

	@Override
	public void close() {
		this.plain.close();
		this.calls.close();
		this.link.close();
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
	}

}
