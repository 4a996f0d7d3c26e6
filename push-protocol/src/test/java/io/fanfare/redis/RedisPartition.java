package io.fanfare.redis;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.cluster.Handovers;
import io.fanfare.redis.cluster.Nodes;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Addresses;
import io.fanfare.redis.presence.Presence;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Partition 0 of the shared Redis, empty before each test: the access classes, plain
 * commands to look behind them, what is published, and scripts run at a told time.
 */
public final class RedisPartition implements BeforeEachCallback, AfterEachCallback {

	public static final String PREFIX = "fanfare:{0}:";

	public static final String CLOCK = PREFIX + "clock";

	public static final String RUN = PREFIX + "run";

	public static final String SINCE = PREFIX + "since";

	public static final String LAST = PREFIX + "last";

	public static final String PRESENCE = PREFIX + "presence";

	/** Milliseconds that scripts are told for the time. */
	public static final long TOLD_MS = 1_800_000_000_000L;

	public static final int LENGTH = 100;

	public static final Duration AGE = Duration.ofHours(1);

	public static final Duration TIMEOUT = Duration.ofSeconds(5);

	public final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private final List<AutoCloseable> open = new ArrayList<>();

	private @Nullable CommandLink link;

	@Override
	public void beforeEach(ExtensionContext context) {
		TestRedis.shared().clear();
		this.link = newLink(false);
		// The link has met the store: tests begin with an empty one.
		redis().flushall();
	}

	@Override
	public void afterEach(ExtensionContext context) throws Exception {
		for (AutoCloseable one : this.open.reversed()) {
			one.close();
		}
		this.open.clear();
		TestRedis.shared().assertNothingDenied();
	}

	/** Another process: a link that has seen nothing. */
	public CommandLink newLink(boolean durable) {
		CommandLink made = new CommandLink(Holder.CLIENT, this.keys, durable, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
		this.open.add(made);
		assertThat(made.awaitUp(TIMEOUT)).isTrue();
		return made;
	}

	public CommandLink link() {
		return this.link;
	}

	public Publisher publisher() {
		return publisher(LENGTH, AGE);
	}

	public Publisher publisher(int length, Duration age) {
		return new Publisher(this.link, this.keys, length, age);
	}

	public History history() {
		return history(AGE);
	}

	public History history(Duration age) {
		return new History(this.link, this.keys, age);
	}

	public Presence presence() {
		return presence(this.link);
	}

	public Presence presence(CommandLink by) {
		return new Presence(by, this.keys, Presence.Times.DEFAULT);
	}

	public Presence presence(Presence.UserLimits limits) {
		return new Presence(this.link, this.keys, Presence.Times.DEFAULT, limits, Presence.Twins.DEFAULT);
	}

	public Addresses addresses(int connections, int opens) {
		return new Addresses(this.link, this.keys, new Addresses.Limits(connections, opens, Duration.ofMinutes(1)));
	}

	public Nodes nodes() {
		return new Nodes(this.link, this.keys);
	}

	public Handovers handovers() {
		return new Handovers(this.link, this.keys);
	}

	/**
	 * Puts something large of another type under a key, and waits until nothing is freed
	 * in the background any more.
	 * @return how many objects were freed there so far
	 */
	public long plantForeign(String key) {
		redis().sadd(key, IntStream.range(0, 200).mapToObj((i) -> "member-" + i).toArray(String[]::new));
		await().until(() -> memory("lazyfree_pending_objects") == 0);
		return freedInBackground();
	}

	/** How many objects Redis freed in the background so far. */
	public long freedInBackground() {
		await().until(() -> memory("lazyfree_pending_objects") == 0);
		return memory("lazyfreed_objects");
	}

	private long memory(String field) {
		return redis().info("memory")
			.lines()
			.filter((line) -> line.startsWith(field + ":"))
			.mapToLong((line) -> Long.parseLong(line.substring(field.length() + 1)))
			.findFirst()
			.getAsLong();
	}

	/** Plain commands. */
	public RedisCommands<String, String> redis() {
		return Holder.CONNECTION.sync();
	}

	public String runId() {
		return redis().info("server")
			.lines()
			.filter((line) -> line.startsWith("run_id:"))
			.findFirst()
			.get()
			.substring(7);
	}

	/** Names the one who hears a user, without a claim. */
	public void owner(String user, String node, String connection, long generation, String client) {
		redis().hset(PRESENCE, user,
				"%s %s %s %s 0 normal 0 0".formatted(node, connection, MessageId.format(generation), client));
	}

	/** Puts a message into a channel's history without publishing it. */
	public void stored(String channel, String id, String predecessor, String data) {
		redis().xadd(PREFIX + "ch:" + channel, XAddArgs.Builder.maxlen(100_000).id(id), "p", predecessor, "m",
				new String(new Envelope(EventName.DEFAULT, bytes(data), 0, 0, false, null).encode(),
						StandardCharsets.US_ASCII));
	}

	/** Hears what is published on some channels, from now on. */
	public Ear listen(String... channels) {
		StatefulRedisPubSubConnection<byte[], byte[]> connection = Holder.CLIENT.connectPubSub(ByteArrayCodec.INSTANCE,
				TestRedis.shared().uri());
		this.open.add(connection);
		Ear ear = new Ear();
		connection.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
			@Override
			public void message(byte[] channel, byte[] message) {
				ear.heard.add(message);
			}
		});
		for (String channel : channels) {
			connection.sync().subscribe(bytes(PREFIX + channel));
		}
		return ear;
	}

	/** Runs a script of the catalog while the time is {@code now}. */
	@SuppressWarnings("TypeParameterUnusedInFormals") // As Lettuce's eval
	public <T> T runAt(long now, Script script, List<String> scriptKeys, String... arguments) {
		String source = new String(script.source(), StandardCharsets.UTF_8);
		String body = source.startsWith("#!") ? source.substring(source.indexOf('\n')) : source;
		return evalAt(now, body, script.output(), scriptKeys, arguments);
	}

	/**
	 * Runs a piece of Lua behind the preambles of the clock while the time is
	 * {@code now}.
	 */
	@SuppressWarnings("TypeParameterUnusedInFormals")
	public <T> T withClockAt(long now, String lua, ScriptOutputType output, List<String> scriptKeys,
			String... arguments) {
		StringBuilder source = new StringBuilder();
		for (String preamble : List.of("ids", "clock", "take", "guard")) {
			source.append(Script.read(preamble));
		}
		return evalAt(now, source + lua, output, scriptKeys, arguments);
	}

	/** Answers {@code TIME} by what is told instead of the server's clock. */
	@SuppressWarnings("TypeParameterUnusedInFormals")
	private <T> T evalAt(long now, String lua, ScriptOutputType output, List<String> scriptKeys, String... arguments) {
		String told = """
				local real = redis
				local redis = setmetatable({call = function(name, ...)
					if name == 'TIME' then
						return {'%d', '%d'}
					end
					return real.call(name, ...)
				end}, {__index = real})
				""".formatted(now / 1000, now % 1000 * 1000);
		return redis().eval(told + lua, output, scriptKeys.toArray(String[]::new), arguments);
	}

	public static Envelope message(String data) {
		return new Envelope(EventName.DEFAULT, bytes(data), 1, 0, false, null);
	}

	public static Envelope expiring(String data, long expiresAt) {
		return new Envelope(EventName.DEFAULT, bytes(data), 1, expiresAt, false, null);
	}

	public static Envelope ephemeral(String data) {
		return new Envelope(EventName.DEFAULT, bytes(data), 1, 0, true, null);
	}

	public static String data(Envelope envelope) {
		return new String(envelope.data(), StandardCharsets.UTF_8);
	}

	public static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	public static <T> T get(CompletableFuture<T> future) {
		return future.orTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).join();
	}

	/** What was published, in order. */
	public final class Ear {

		private final BlockingQueue<byte[]> heard = new LinkedBlockingQueue<>();

		public Frame next() {
			try {
				byte[] bytes = this.heard.poll(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
				assertThat(bytes).as("something published").isNotNull();
				return Frame.decode(bytes);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

		public <T extends Frame> T next(Class<T> kind) {
			Frame frame = next();
			assertThat(frame).isInstanceOf(kind);
			return kind.cast(frame);
		}

		/** Nothing more came: what is published now is the next that is heard. */
		public void heardNoMore(String channel) {
			redis().publish(PREFIX + channel, "C nothing-before-this\n");
			assertThat(next()).isEqualTo(new Frame.Close("nothing-before-this"));
		}

	}

	private static final class Holder {

		static final RedisClient CLIENT = RedisClient.create(TestRedis.shared().uri(RedisUser.BOTH));

		static final StatefulRedisConnection<String, String> CONNECTION;

		static {
			CLIENT.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(4), Duration.ofSeconds(4)));
			CONNECTION = CLIENT.connect(StringCodec.UTF8, TestRedis.shared().uri());
		}

	}

}
