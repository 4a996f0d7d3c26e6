package io.fanfare.redis.cluster;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.Frame;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisClientOptions;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.TestScheduler;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.KillArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static io.fanfare.redis.RedisPartition.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** Calls to a node, on a server to which bad things are done. */
class NodeCallsIT {

	private static final Duration TIMEOUT = Duration.ofMillis(800);

	private final RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private RedisProcess redis;

	private RedisClient client;

	private CommandLink link;

	private NodeCalls calls;

	private StatefulRedisPubSubConnection<byte[], byte[]> node;

	/** What the node heard. */
	private final BlockingQueue<Frame.Call> heard = new LinkedBlockingQueue<>();

	@BeforeEach
	void connect() {
		this.redis = TestRedis.start();
		this.client = RedisClient.create(this.redis.uri(RedisUser.API));
		this.client.setOptions(RedisClientOptions.bounded(Duration.ofMillis(400), Duration.ofSeconds(1)));
		this.link = new CommandLink(this.client, this.keys, false, TestScheduler.shared(),
				new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
		this.calls = calls(1);
		assertThat(this.link.awaitUp(Duration.ofSeconds(5))).isTrue();
		Awaitility.await().until(this.calls::isUp);
		this.node = this.client.connectPubSub(ByteArrayCodec.INSTANCE, this.redis.uri(RedisUser.NODE));
		this.node.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
			@Override
			public void message(byte[] channel, byte[] message) {
				NodeCallsIT.this.heard.add((Frame.Call) Frame.decode(message));
			}
		});
		this.node.sync().subscribe(this.keys.nodeChannel("node.1"));
	}

	@AfterEach
	void disconnect() {
		this.node.close();
		this.calls.close();
		this.link.close();
		this.client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
		this.redis.close();
	}

	private NodeCalls calls(long seed) {
		return new NodeCalls(this.client, this.link, this.keys, "test", new Random(seed), TIMEOUT,
				TestScheduler.shared(), new Errors(System::nanoTime, (where) -> {
				}, (fatal) -> {
				}));
	}

	private CompletableFuture<CallAnswer> call(String body) {
		return this.calls.call("node.1", CallName.SHOW_CONNECTION, bytes(body));
	}

	private Frame.Call next() throws InterruptedException {
		Frame.Call call = this.heard.poll(5, TimeUnit.SECONDS);
		assertThat(call).isNotNull();
		return call;
	}

	private boolean answer(Frame.Call call, CallAnswer answer) {
		return new Nodes(this.link, this.keys).answer(call, answer).join();
	}

	private static CallAnswer get(CompletableFuture<CallAnswer> answer) throws Exception {
		return answer.get(5, TimeUnit.SECONDS);
	}

	private static String text(CallAnswer answer) {
		return new String(((CallAnswer.Done) answer).body(), java.nio.charset.StandardCharsets.UTF_8);
	}

	@Test
	void answersComeToTheirCallsInAnyOrderAndHaveAnyBytes() throws Exception {
		CompletableFuture<CallAnswer> one = call("{\"a\":\n\"é\"}");
		CompletableFuture<CallAnswer> two = call("2");
		Frame.Call first = next();
		Frame.Call second = next();
		assertThat(first.name()).isEqualTo("show-connection");
		assertThat(first.body()).isEqualTo(bytes("{\"a\":\n\"é\"}"));
		assertThat(answer(second, new CallAnswer.Done(bytes("\n to 2")))).isTrue();
		assertThat(answer(first, new CallAnswer.Refused("too-early"))).isTrue();
		assertThat(text(get(two))).isEqualTo("\n to 2");
		assertThat(get(one)).isEqualTo(new CallAnswer.Refused("too-early"));
	}

	@Test
	void aCallThatCannotBeSentFails() {
		assertThat(this.calls.call("node.1", CallName.SHOW_CONNECTION, bytes("1"), (order) -> {
			throw new NoClassDefFoundError("test");
		})).isCompletedExceptionally();
	}

	@Test
	void eachProcessHearsItsOwnAnswers() throws Exception {
		try (NodeCalls other = calls(2)) {
			Awaitility.await().until(other::isUp);
			CompletableFuture<CallAnswer> mine = call("1");
			Frame.Call first = next();
			CompletableFuture<CallAnswer> theirs = other.call("node.1", CallName.SHOW_CONNECTION, bytes("1"));
			Frame.Call second = next();
			assertThat(second.id()).as("as another process may choose").isEqualTo(first.id());
			answer(second, new CallAnswer.Done(bytes("theirs")));
			assertThat(text(get(theirs))).isEqualTo("theirs");
			assertThat(mine).isNotDone();
			answer(first, new CallAnswer.Done(bytes("mine")));
			assertThat(text(get(mine))).isEqualTo("mine");
		}
	}

	@Test
	void aNodeThatIsNotThereIsSilentAtOnceAndOneThatDoesNotAnswerInTime() throws Exception {
		long begin = System.nanoTime();
		assertThat(get(this.calls.call("node.2", CallName.SHOW_CONNECTION, bytes("1"))))
			.isInstanceOf(CallAnswer.Silence.class);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(TIMEOUT);
		begin = System.nanoTime();
		assertThat(get(call("1"))).isInstanceOf(CallAnswer.Silence.class);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(TIMEOUT.minusMillis(10),
				TIMEOUT.plusMillis(700));
		CompletableFuture<CallAnswer> next = call("2");
		answer(next(), new CallAnswer.Done(bytes("late")));
		answer(next(), new CallAnswer.Done(bytes("2")));
		assertThat(text(get(next))).isEqualTo("2");
	}

	@Test
	void afterRedisCutTheLinkWhatWasAskedFailsAndWhatIsAskedThenIsAnswered() throws Exception {
		CompletableFuture<CallAnswer> cut = call("1");
		Frame.Call first = next();
		try (StatefulRedisConnection<String, String> other = this.client.connect(StringCodec.UTF8, this.redis.uri())) {
			other.sync().clientKill(KillArgs.Builder.typePubsub());
		}
		assertThatThrownBy(() -> get(cut)).hasCauseInstanceOf(RedisUnavailableException.class);
		Awaitility.await().until(this.calls::isUp);
		assertThat(answer(first, new CallAnswer.Done(bytes("late")))).as("the channel is listened to").isTrue();
		this.node.close();
		this.node = this.client.connectPubSub(ByteArrayCodec.INSTANCE, this.redis.uri(RedisUser.NODE));
		this.node.addListener(new RedisPubSubAdapter<byte[], byte[]>() {
			@Override
			public void message(byte[] channel, byte[] message) {
				answer((Frame.Call) Frame.decode(message));
			}

			private void answer(Frame.Call call) {
				new Nodes(NodeCallsIT.this.link, NodeCallsIT.this.keys).answer(call,
						new CallAnswer.Done(bytes("again")));
			}
		});
		this.node.sync().subscribe(this.keys.nodeChannel("node.1"));
		assertThat(text(get(call("2")))).isEqualTo("again");
	}

	@Test
	void aLinkOverWhichNothingComesIsRemade() {
		this.redis.freeze();
		Awaitility.await().atMost(Duration.ofSeconds(8)).until(() -> !this.calls.isUp());
		assertThatThrownBy(() -> get(call("1"))).hasCauseInstanceOf(RedisUnavailableException.class);
		this.redis.thaw();
		Awaitility.await().atMost(Duration.ofSeconds(8)).until(this.calls::isUp);
	}

	@Test
	void withoutRedisACallFailsInTime() {
		this.redis.kill();
		long begin = System.nanoTime();
		assertThatThrownBy(() -> get(call("1"))).hasCauseInstanceOf(RedisUnavailableException.class);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
	}

	@Test
	void whatIsNoAnswerIsPassedOver() throws Exception {
		CompletableFuture<CallAnswer> answer = call("1");
		Frame.Call call = next();
		try (StatefulRedisConnection<byte[], byte[]> other = this.client.connect(ByteArrayCodec.INSTANCE,
				this.redis.uri(RedisUser.NODE))) {
			for (String malformed : new String[] { "", "R", "R 1 ok", "X 1 ok\n", "R " + call.id() + " NO\n" }) {
				assertThat(other.sync().publish(this.keys.answerChannel(call.asker()), bytes(malformed))).isEqualTo(1);
			}
		}
		answer(call, new CallAnswer.Done(bytes("good")));
		assertThat(text(get(answer))).isEqualTo("good");
	}

}
