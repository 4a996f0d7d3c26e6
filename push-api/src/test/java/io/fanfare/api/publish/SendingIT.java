package io.fanfare.api.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.api.TestApi;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.ratelimit.CallerLimits;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.history.Publisher;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import static org.assertj.core.api.Assertions.assertThat;

/** The way of a request's messages to a Redis of its own, which is paused or full. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SendingIT {

	private static final int IN_A_CALL = 32;

	private final Turns turns = new Turns(new SimpleMeterRegistry(), Ticker.system());

	private final RunningKeys running = new RunningKeys();

	private final Timer duration = new SimpleMeterRegistry().timer("duration");

	private RedisProcess server;

	private TestApi api;

	private RedisClient client;

	private RedisCommands<String, String> redis;

	@BeforeAll
	void start() {
		this.server = TestRedis.start();
		this.api = TestApi.start(this.server);
		this.client = RedisClient.create(this.server.uri());
		this.redis = this.client.connect().sync();
	}

	@AfterAll
	void stop() {
		this.client.shutdown(0, 1, TimeUnit.SECONDS);
		this.api.close();
		this.server.close();
	}

	@BeforeEach
	void clear() {
		resume();
		this.redis.flushall();
		Awaitility.await()
			.atMost(10, TimeUnit.SECONDS)
			.until(() -> send(List.of(Messages.toUser(0, "warm", null))).getFirst() instanceof Receipt.Stored);
	}

	@Test
	void idsFollowTheOrderOfTheMessagesAndReceiptsTheirIndexes() {
		List<PreparedMessage> messages = new ArrayList<>();
		for (int i = 0; i < 100; i++) {
			messages
				.add((i % 10 == 5) ? Messages.to(i, users("many", 40), null) : Messages.toUser(i, "u" + i % 3, null));
		}
		List<Receipt> receipts = send(messages);
		List<Long> ids = receipts.stream()
			.map((receipt) -> ((Receipt.Stored) receipt).recipients().getFirst().id())
			.map(MessageId::parse)
			.toList();
		assertThat(ids).isSorted().doesNotHaveDuplicates();
		assertThat(((Receipt.Stored) receipts.get(5)).recipients()).hasSize(40);
	}

	/** The first four are on their way when Redis does not answer. */
	@Test
	void aRequestHasFourCallsOnTheirWayAndNoFurtherOneFollowsAFailure() {
		pause();
		List<Receipt> receipts = send(
				IntStream.range(0, 6 * IN_A_CALL).mapToObj((i) -> Messages.toUser(i, "w" + i, null)).toList());
		resume();
		assertThat(receipts.subList(0, 4 * IN_A_CALL)).allSatisfy((one) -> assertUnknown(one));
		assertThat(receipts.subList(4 * IN_A_CALL, receipts.size())).allSatisfy((one) -> assertNotStored(one));
		Awaitility.await()
			.atMost(10, TimeUnit.SECONDS)
			.untilAsserted(() -> assertThat(stored("w" + (4 * IN_A_CALL - 1))).hasSize(1));
		assertThat(stored("w" + 4 * IN_A_CALL)).isEmpty();
	}

	/** Two of its calls could overtake each other. */
	@Test
	void aCallWaitsForTheAnswerOfAnotherToTheSameChannel() {
		pause();
		List<Receipt> receipts = send(
				IntStream.range(0, 2 * IN_A_CALL).mapToObj((i) -> Messages.toUser(i, "same", null)).toList());
		resume();
		assertThat(receipts.subList(0, IN_A_CALL)).allSatisfy((one) -> assertUnknown(one));
		assertThat(receipts.subList(IN_A_CALL, receipts.size())).allSatisfy((one) -> assertNotStored(one));
		Awaitility.await()
			.atMost(10, TimeUnit.SECONDS)
			.untilAsserted(() -> assertThat(stored("same")).hasSize(IN_A_CALL));
	}

	@Test
	void aKeyIsInUseUntilItsRequestIsAnsweredAndThenReplays() {
		pause();
		CompletableFuture<Receipt> first = CompletableFuture
			.supplyAsync(() -> send(List.of(Messages.toUser(0, "alice", "k"))).getFirst());
		PreparedMessage again = Messages.toUser(0, "alice", "k");
		Awaitility.await()
			.pollInterval(Duration.ofMillis(5))
			.atMost(10, TimeUnit.SECONDS)
			.until(() -> isRunning(again.script().idempotency()));
		Receipt second = send(List.of(again)).getFirst();
		resume();
		assertThat(problem(second).type()).endsWith("/idempotency-key-in-use");
		assertThat(first.join()).isInstanceOf(Receipt.Stored.class);
		assertThat(send(List.of(again)).getFirst()).isInstanceOfSatisfying(Receipt.Stored.class, (stored) -> {
			assertThat(stored.replayed()).isTrue();
			assertThat(stored.id()).isEqualTo(((Receipt.Stored) first.join()).id());
		});
		assertThat(stored("alice")).hasSize(1);
	}

	@Test
	void withoutATurnBeforeItsDeadlineNothingIsSentAndTheKeyIsFree() {
		int taken = 0;
		while (this.turns.take(System.nanoTime())) {
			taken++;
		}
		PreparedMessage keyed = Messages.toUser(1, "bob", "free");
		List<Receipt> receipts = send(List.of(Messages.toUser(0, "alice", null), keyed));
		assertNotStored(receipts.getFirst());
		assertUnknown(receipts.getLast());
		assertThat(isRunning(keyed.script().idempotency())).isFalse();
		for (int i = 0; i < taken; i++) {
			this.turns.end();
		}
		assertThat(taken).isEqualTo(32);
		assertThat(stored("alice")).isEmpty();
		assertThat(send(List.of(Messages.toUser(0, "bob", "free"))).getFirst()).isInstanceOf(Receipt.Stored.class);
	}

	/** A full Redis refuses each message by itself, and answers repetitions. */
	@Test
	void aFullRedisRefusesWhatIsNewAndReplaysWhatIsStored() {
		send(List.of(Messages.toUser(0, "alice", "before")));
		configure("maxmemory", "1");
		List<Receipt> receipts = send(List.of(Messages.toUser(0, "bob", null), Messages.toUser(1, "alice", "before"),
				Messages.to(2, users("many", 40), "pieces"), Messages.toUser(3, "alice", "new")));
		configure("maxmemory", "0");
		for (int i : List.of(0, 2, 3)) {
			assertThat(receipts.get(i)).isInstanceOf(Receipt.Refused.class);
			assertThat(problem(receipts.get(i)).type()).endsWith("/redis-full");
		}
		assertThat(receipts.get(1)).isInstanceOfSatisfying(Receipt.Stored.class,
				(stored) -> assertThat(stored.replayed()).isTrue());
		assertThat(send(List.of(Messages.to(0, users("many", 40), "pieces"))).getFirst())
			.isInstanceOfSatisfying(Receipt.Stored.class, (stored) -> assertThat(stored.replayed()).isFalse());
	}

	private List<Receipt> send(List<PreparedMessage> messages) {
		List<Receipt> receipts = new ArrayList<>(Collections.nCopies(messages.size(), null));
		new Sending(new ScriptCalls(this.api.bean(Publisher.class), CallerLimits.none().account("any"), this.turns,
				this.api.bean(RedisCalls.class), this.duration), this.running, receipts)
			.send(messages);
		assertThat(receipts).doesNotContainNull();
		return receipts;
	}

	private boolean isRunning(Publisher.Idempotency key) {
		if (this.running.start(key)) {
			this.running.end(key);
			return false;
		}
		return true;
	}

	private static Target users(String prefix, int count) {
		return new Target.Users(IntStream.range(0, count).mapToObj((i) -> ChannelName.user(prefix + i)).toList());
	}

	private static void assertUnknown(Receipt receipt) {
		assertThat(receipt).isInstanceOf(Receipt.Unknown.class);
		assertThat(problem(receipt).type()).endsWith("/redis-unavailable");
	}

	private static void assertNotStored(Receipt receipt) {
		assertThat(receipt).isInstanceOf(Receipt.Refused.class);
		assertThat(problem(receipt).detail()).isEqualTo("The message is not stored: repeat it later");
	}

	private static Problem problem(Receipt receipt) {
		return (receipt instanceof Receipt.Unknown unknown) ? unknown.problem() : ((Receipt.Refused) receipt).problem();
	}

	private List<String> stored(String user) {
		return this.redis.xrange("fanfare:{0}:ch:user:" + user, Range.unbounded())
			.stream()
			.map((entry) -> entry.getId())
			.toList();
	}

	/** Redis takes and answers no writes until it is {@link #resume resumed}. */
	private void pause() {
		ask(CommandType.CLIENT, "PAUSE", "30000", "WRITE");
	}

	private void resume() {
		ask(CommandType.CLIENT, "UNPAUSE");
	}

	private void configure(String name, String value) {
		ask(CommandType.CONFIG, "SET", name, value);
	}

	private void ask(CommandType command, String... words) {
		CommandArgs<String, String> arguments = new CommandArgs<>(StringCodec.UTF8);
		List.of(words).forEach(arguments::add);
		this.redis.dispatch(command, new StatusOutput<>(StringCodec.UTF8), arguments);
	}

}
