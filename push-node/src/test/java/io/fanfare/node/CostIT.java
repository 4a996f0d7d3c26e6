package io.fanfare.node;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.node.catchup.CatchUp;
import io.fanfare.node.catchup.HistorySource;
import io.fanfare.node.catchup.RedisHistory;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.History.Batch;
import io.fanfare.redis.history.History.Walked;
import io.fanfare.redis.presence.Presence;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.ScriptCosts;
import io.fanfare.test.redis.ScriptCosts.Call;
import io.fanfare.test.redis.ScriptCosts.Times;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.ScriptOutputType;
import io.netty.util.ResourceLeakDetector;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What one call of a node costs Redis at most, with small and with large messages:
 * entries, bytes and fields are counted, and no call takes longer than 10 ms.
 */
class CostIT {

	private static final Logger log = LoggerFactory.getLogger(CostIT.class);

	private static final int CALL_BYTES = 256 * 1024;

	/** Messages in one batch of a round. */
	private static final int BATCH = 256;

	private static final int CHANNEL_BYTES = 1024 * 1024;

	private static final int CHANNELS = 34;

	private static final int LENGTH = 1_000;

	private static final long HISTORY_BYTES = 4L * 1024 * 1024;

	private static final long LONGEST_MICROS = 10_000;

	private static final long PING_MICROS = 20_000;

	private static final RedisKeys KEYS = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private static final String PREFIX = "fanfare:{0}:";

	private static TestRedis redis;

	private static RedisClient client;

	private static ScriptCosts costs;

	private CommandLink link;

	private History history;

	private static ResourceLeakDetector.Level leaks = ResourceLeakDetector.getLevel();

	@BeforeAll
	static void start() {
		// Other tests look for leaks in a way that makes each buffer five times as dear.
		leaks = ResourceLeakDetector.getLevel();
		ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.DISABLED);
		redis = TestRedis.start();
		client = RedisClient.create(redis.uri(RedisUser.BOTH));
		client.setOptions(RedisClientOptions.bounded(Duration.ofSeconds(4), Duration.ofSeconds(4)));
		costs = new ScriptCosts(redis);
		log.info("baseline ping p99={}us", costs.time(20, () -> {
		}, () -> costs.commands().eval("return 1", ScriptOutputType.INTEGER)).pingMicros());
	}

	@AfterAll
	static void stop() {
		ResourceLeakDetector.setLevel(leaks);
		costs.close();
		client.shutdown();
		redis.close();
	}

	@BeforeEach
	void connect() {
		redis.clear();
		this.link = new CommandLink(client, KEYS, false, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, Errors::halt));
		assertThat(this.link.awaitUp(Duration.ofSeconds(5))).isTrue();
		this.history = new History(this.link, KEYS, Duration.ofHours(1));
	}

	@AfterEach
	void disconnect() {
		this.link.close();
	}

	private static byte[] envelope(int size) {
		return new Envelope(EventName.DEFAULT, "x".repeat(size).getBytes(StandardCharsets.US_ASCII), 1, 0, false, null)
			.encode();
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 4 * 1024, 64 * 1024 })
	void aResumeOverAThousandMessages(int size) {
		int bytes = envelope(size).length;
		costs.fill(PREFIX + "ch:news", LENGTH, envelope(size));
		List<Batch> batches = new ArrayList<>();
		List<Call> calls = costs.watch(() -> batches.addAll(resume()));
		assertThat(batches.stream().mapToInt((batch) -> batch.entries().size()).sum()).isEqualTo(LENGTH);
		assertThat(calls).hasSameSizeAs(batches);
		int full = Math.min(BATCH, CALL_BYTES / bytes);
		for (int i = 0; i < calls.size(); i++) {
			int returned = batches.get(i).entries().size();
			assertThat(returned).isEqualTo(Math.min(full, LENGTH - i * full));
			assertThat(calls.get(i).entriesRead()).isBetween(returned, returned + 1);
			assertThat(calls.get(i).bytesRead()).isEqualTo((long) calls.get(i).entriesRead() * bytes)
				.isLessThanOrEqualTo(CALL_BYTES + bytes);
		}
		inTime("resume", size, CostIT::nothing, this::resume);
	}

	private List<Batch> resume() {
		List<Batch> batches = new ArrayList<>();
		long position = 0;
		do {
			batches.add(get(this.history.read(ChannelName.topic("news"), position, BATCH, CALL_BYTES)));
			position = batches.getLast().upTo();
		}
		while (!batches.getLast().complete());
		return batches;
	}

	@Test
	void smallAndLargeMessagesInOneChannel() {
		for (int i = 0; i < 5; i++) {
			costs.fill(PREFIX + "ch:mixed" + i, 200, envelope((i % 2 == 0) ? 200 : 64 * 1024));
		}
		costs.commands()
			.eval("""
					local n = 0
					for round = 0, 24 do
						for i = 0, 4 do
							for _, entry in ipairs(redis.call('XRANGE', KEYS[1] .. 'mixed' .. i, '-', '+', 'COUNT', 8)) do
								n = n + 1
								redis.call('XADD', KEYS[1] .. 'news', redis.call('TIME')[1] * 1000 + n .. '-0', unpack(entry[2]))
							end
						end
					end
					return n
					""",
					ScriptOutputType.INTEGER, PREFIX + "ch:");
		List<Batch> batches = new ArrayList<>();
		List<Call> calls = costs.watch(() -> batches.addAll(resume()));
		for (int i = 0; i < calls.size(); i++) {
			assertThat(calls.get(i).entriesRead()).isLessThanOrEqualTo(batches.get(i).entries().size() + 1);
			assertThat(calls.get(i).bytesRead()).isLessThanOrEqualTo(CALL_BYTES + envelope(64 * 1024).length);
		}
		assertThat(batches.stream().mapToInt((batch) -> batch.entries().size()).sum()).isEqualTo(1_000);
	}

	@ParameterizedTest
	@ValueSource(ints = { 200, 4 * 1024, 64 * 1024 })
	void anOpenWithTheLastThousandOfManyChannels(int size) {
		int bytes = envelope(size).length;
		List<ChannelName> channels = IntStream.range(0, CHANNELS).mapToObj((i) -> ChannelName.topic("t" + i)).toList();
		// Longer than what any of them may take.
		int length = Math.min(LENGTH, 2 * CHANNEL_BYTES / bytes);
		channels.forEach((channel) -> costs.fill(PREFIX + "ch:" + channel.value(), length, envelope(size)));
		List<Walked> pieces = Collections.synchronizedList(new ArrayList<>());
		Map<ChannelName, Long> starts = new HashMap<>();
		List<Call> calls = costs.watch(() -> starts.putAll(starts(channels, pieces)));
		assertThat(starts).hasSize(CHANNELS);
		long share = HISTORY_BYTES / CHANNELS / bytes;
		assertThat(pieces.stream().mapToInt(Walked::count).sum()).isBetween((int) share * CHANNELS,
				(int) (HISTORY_BYTES / bytes));
		assertThat(starts.values().stream().distinct().count()).as("equal shares").isLessThanOrEqualTo(2);
		assertThat(calls).hasSameSizeAs(pieces);
		for (int i = 0; i < calls.size(); i++) {
			int taken = pieces.get(i).count();
			assertThat(taken).isLessThanOrEqualTo(1_000);
			assertThat(calls.get(i).entriesRead()).isBetween(taken, taken + 1);
			assertThat(calls.get(i).bytesRead()).isEqualTo((long) calls.get(i).entriesRead() * bytes)
				.isLessThanOrEqualTo(CALL_BYTES + bytes);
		}
		inTime("open", size, CostIT::nothing, () -> starts(channels, new ArrayList<>()));
	}

	private Map<ChannelName, Long> starts(List<ChannelName> channels, List<Walked> pieces) {
		RedisHistory source = new RedisHistory(this.history, TestScheduler.shared());
		return get(new CatchUp(new HistorySource() {
			@Override
			public CompletableFuture<Batch> read(ChannelName channel, long position, int count, int bytes) {
				return source.read(channel, position, count, bytes);
			}

			@Override
			public CompletableFuture<Long> findOldest(ChannelName channel) {
				return source.findOldest(channel);
			}

			@Override
			public CompletableFuture<Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
				// Answers come in the order of the calls.
				return source.walkBack(channel, below, count, bytes).thenApply((piece) -> {
					pieces.add(piece);
					return piece;
				});
			}

			@Override
			public CompletableFuture<History.LastIds> lastIds(List<ChannelName> asked) {
				return source.lastIds(asked);
			}
		}, Clock.systemUTC(), Long.MAX_VALUE, HISTORY_BYTES).starts(channels, LENGTH, () -> true));
	}

	@Test
	void aCheckOfManyStreams() {
		List<ChannelName> channels = IntStream.range(0, 500 * CHANNELS)
			.mapToObj((i) -> ChannelName.topic("t" + i))
			.toList();
		costs.commands().eval("""
				for i = 0, 16999 do
					redis.call('HSET', KEYS[1], 't' .. i, i + 1 .. '-0')
				end
				""", ScriptOutputType.STATUS, PREFIX + "last");
		List<Long> ids = new ArrayList<>();
		List<Call> calls = costs.watch(() -> ids.addAll(get(this.history.lastIds(channels)).ids()));
		assertThat(ids).isEqualTo(IntStream.range(0, channels.size()).mapToObj((i) -> MessageId.of(i + 1, 0)).toList());
		assertThat(calls).hasSize(18).allSatisfy((call) -> assertThat(call.fieldsRead()).isLessThanOrEqualTo(1_000));
		assertThat(calls.stream().mapToInt(Call::fieldsRead).sum()).isEqualTo(channels.size() + calls.size());
		inTime("check", 0, CostIT::nothing, () -> get(this.history.lastIds(channels)));
	}

	/** One in ten may have missed something of its user's channel. */
	@ParameterizedTest
	@ValueSource(ints = { 200, 4 * 1024, 64 * 1024 })
	void aReleaseOfTenThousand(int size) {
		Presence presence = new Presence(this.link, KEYS, Presence.Times.DEFAULT);
		List<Presence.Field> fields = new ArrayList<>();
		for (int i = 0; i < 10_000; i++) {
			fields.add(new Presence.Field("u" + i, "n.c" + i, MessageId.of(1, 0),
					new Presence.Received(MessageId.of(1, 0), MessageId.of(2, 0), 0, 0)));
		}
		costs.commands()
			.eval("""
					for i = 0, 9999 do
						local last = '1-0'
						if i % 10 == 0 then
							redis.call('XADD', KEYS[1] .. 'ch:user:u' .. i, '3-0', 'p', '1-0', 'm', ARGV[1])
							last = '3-0'
						end
						redis.call('HSET', KEYS[1] .. 'last', 'user:u' .. i, last)
					end
					""", ScriptOutputType.STATUS, new String[] { PREFIX },
					new String(envelope(size), StandardCharsets.US_ASCII));
		hold();
		List<Long> removed = new ArrayList<>();
		List<Call> calls = costs.watch(() -> removed.add(get(presence.release(fields))));
		assertThat(removed).containsExactly(10_000L);
		assertThat(calls.stream().mapToInt(Call::fieldsRemoved).sum()).isEqualTo(10_000);
		assertThat(calls.stream().mapToInt(Call::entriesRead).sum()).isEqualTo(1_000);
		assertThat(calls).allSatisfy((call) -> {
			assertThat(call.fieldsRead()).isLessThanOrEqualTo(1_000);
			assertThat(call.fieldsRemoved()).isLessThanOrEqualTo(500);
			assertThat(call.bytesRead()).isEqualTo((long) call.entriesRead() * envelope(size).length)
				.isLessThan(CALL_BYTES + envelope(size).length);
		});
		inTime("release", size, CostIT::hold, () -> get(presence.release(fields)));
	}

	private static void hold() {
		costs.commands().eval("""
				for i = 0, 9999 do
					redis.call('HSET', KEYS[1], 'u' .. i, 'n n.c' .. i .. ' 1-0 c 0 normal 0 0')
				end
				""", ScriptOutputType.STATUS, PREFIX + "presence");
	}

	private static void nothing() {
	}

	/** The best of five runs counts, for the machine may be busy. */
	private static void inTime(String what, int size, Runnable before, Runnable task) {
		Times times = costs.time(5, before, task);
		log.info("{} of {} bytes: longest call {}us, ping p99={}us", what, size, times.longestMicros(),
				times.pingMicros());
		assertThat(times.longestMicros()).isLessThan(LONGEST_MICROS);
		assertThat(times.pingMicros()).isLessThan(PING_MICROS);
	}

	private static <T> T get(CompletableFuture<T> future) {
		return future.orTimeout(20, TimeUnit.SECONDS).join();
	}

}
