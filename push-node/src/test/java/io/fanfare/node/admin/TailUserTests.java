package io.fanfare.node.admin;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.node.ManualScheduler;
import io.fanfare.node.cluster.CallRefusedException;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.connection.TestLoop;
import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult.Tailed;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.cluster.TailFrame;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TailUserTests {

	private static final StreamRequest.Start NOW = new StreamRequest.Start.Now();

	private static final Pattern CONNECTION = Pattern.compile("\"connection\":\"([^\"]+)\",\"key\":\"([^\"]*)\"");

	private static final Duration STEP = Duration.ofMillis(50);

	private static final long LIFE_MS = 15_000;

	private final TestLoop node = new TestLoop();

	private final ManualScheduler scheduler = new ManualScheduler(new Errors(() -> 0, (where) -> {
		throw new AssertionError(where);
	}, (fatal) -> {
	}));

	private final List<TailFrame> frames = new ArrayList<>();

	/** What each sending ends with. */
	private CompletableFuture<Boolean> sent = CompletableFuture.completedFuture(true);

	private final TailUser call = new TailUser(this.node.connections, (process, copies) -> {
		assertThat(process).isEqualTo("api.1");
		this.frames.add(copies);
		return this.sent;
	}, this.scheduler);

	private Tailed tail(String user, String tail, @Nullable String connection, long lifeMs) {
		CompletableFuture<Tailed> answer = this.call.run(new CallRequest.Tail(user, "api.1", tail, connection, lifeMs));
		this.node.run();
		return answer.join();
	}

	private Socket open(String user) {
		Socket socket = this.node.open(user, NOW);
		this.node.run();
		return socket;
	}

	private void settle() {
		for (int i = 0; i < 5; i++) {
			this.scheduler.pass(STEP);
			this.node.run();
		}
	}

	private String copied() {
		StringBuilder text = new StringBuilder();
		this.frames.forEach((frame) -> text.append(new String(frame.blocks(), StandardCharsets.UTF_8)));
		return text.toString();
	}

	/** What was written, without the sizes of chunks and the empty lines behind them. */
	private static String blocks(String written) {
		StringBuilder blocks = new StringBuilder();
		for (String block : written.replace("\r", "").split("\n\n+")) {
			blocks.append(block.strip().replaceFirst("^[0-9a-f]+\n", "")).append("\n\n");
		}
		return blocks.toString();
	}

	private static String connectionOf(Socket socket) {
		Matcher found = CONNECTION.matcher(socket.text);
		assertThat(found.find()).isTrue();
		return found.group(1);
	}

	@Test
	void aStreamThatBeginsIsCopiedFromItsFirstBlockOnWithoutItsKey() {
		assertThat(tail("alice", "1", null, LIFE_MS).connected()).isFalse();
		Socket alice = open("alice");
		Socket bob = open("bob");
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		Matcher own = CONNECTION.matcher(alice.text);
		assertThat(own.find()).isTrue();
		assertThat(own.group(2)).isNotEmpty();
		assertThat(copied()).isEqualTo(blocks(alice.text.toString().replace(own.group(2), "")));
		assertThat(this.frames).allSatisfy((frame) -> assertThat(frame.connection()).isEqualTo(connectionOf(alice)));
		assertThat(bob.text).contains("data: m1\n");
	}

	@Test
	void aStreamThatIsOpenIsCopiedFromNowOn() {
		Socket alice = open("alice");
		this.node.publish(ChannelName.ALL);
		this.node.run();
		int before = alice.text.length();
		assertThat(tail("alice", "1", "node.another", LIFE_MS).connected()).isFalse();
		assertThat(tail("bob", "2", connectionOf(alice), LIFE_MS).connected()).isFalse();
		assertThat(tail("alice", "1", connectionOf(alice), LIFE_MS).connected()).isTrue();
		assertThat(tail("alice", "1", connectionOf(alice), LIFE_MS).connected()).isTrue();
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		assertThat(copied()).isEqualTo(blocks(alice.text.substring(before)));
	}

	@Test
	void theEndIsReportedBehindTheLastBlock() {
		tail("alice", "1", null, LIFE_MS);
		Socket alice = open("alice");
		settle();
		alice.cut();
		this.node.run();
		settle();
		assertThat(this.frames.getLast().ended()).isEqualTo("client");
		assertThat(this.frames).filteredOn((frame) -> frame.ended() != null).hasSize(1);
		assertThat(this.frames.getLast().first()).isEqualTo(1);
	}

	@Test
	void whatIsNotAskedForAgainEnds() {
		Socket alice = open("alice");
		tail("alice", "1", connectionOf(alice), LIFE_MS);
		this.scheduler.pass(Duration.ofMillis(LIFE_MS - 1));
		tail("alice", "1", connectionOf(alice), LIFE_MS);
		this.scheduler.pass(Duration.ofMillis(LIFE_MS).minusSeconds(1));
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		assertThat(copied()).contains("data: m1\n");
		this.scheduler.pass(Duration.ofSeconds(1));
		this.node.publish(ChannelName.ALL);
		this.node.run();
		open("alice");
		settle();
		assertThat(copied()).doesNotContain("data: m2\n", "push.connected");
		assertThat(alice.text).contains("data: m2\n");
	}

	@Test
	void whatIsEndedByItsAskerEndsAtOnceAndOthersGoOn() {
		Socket alice = open("alice");
		tail("alice", "1", connectionOf(alice), LIFE_MS);
		tail("alice", "2", connectionOf(alice), LIFE_MS);
		tail("alice", "1", null, 0);
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		assertThat(this.frames).extracting(TailFrame::tail).containsOnly("2");
		tail("alice", "2", null, 0);
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		assertThat(copied()).doesNotContain("data: m2\n");
	}

	@Test
	void whatRedisDoesNotTakeWaitsInABoundedQueueAndTheNumbersShowWhatWasDropped() {
		Socket alice = open("alice");
		tail("alice", "1", connectionOf(alice), LIFE_MS);
		this.sent = new CompletableFuture<>();
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		for (int i = 0; i < TailedStream.MAX_BLOCKS + 10; i++) {
			this.node.publish(ChannelName.ALL);
		}
		this.node.run();
		settle();
		assertThat(this.frames).hasSize(1);
		assertThat(alice.text).contains("data: m" + (TailedStream.MAX_BLOCKS + 11) + "\n");
		CompletableFuture<Boolean> first = this.sent;
		this.sent = CompletableFuture.completedFuture(true);
		first.complete(false);
		settle();
		TailFrame next = this.frames.get(1);
		assertThat(next.first()).isEqualTo(11);
		assertThat(next.dropped()).isEqualTo(10);
		assertThat(copied()).doesNotContain("data: m11\n").contains("data: m12\n");
	}

	@Test
	void aFrameThatIsLostDoesNotEndTheTail() {
		Socket alice = open("alice");
		tail("alice", "1", connectionOf(alice), LIFE_MS);
		this.sent = CompletableFuture.failedFuture(new IllegalStateException("Redis is away"));
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		this.sent = CompletableFuture.completedFuture(true);
		this.node.publish(ChannelName.ALL);
		this.node.run();
		settle();
		assertThat(this.frames.getLast().first()).isEqualTo(1);
		assertThat(copied()).contains("data: m2\n");
	}

	@Test
	void theEndIsSentAgainUntilItIsReceived() {
		Socket alice = open("alice");
		tail("alice", "1", connectionOf(alice), LIFE_MS);
		this.sent = CompletableFuture.failedFuture(new IllegalStateException("Redis is away"));
		this.node.publish(ChannelName.ALL);
		this.node.run();
		alice.cut();
		this.node.run();
		settle();
		assertThat(this.frames).extracting(TailFrame::ended).containsOnlyOnce("client");
		this.sent = CompletableFuture.completedFuture(false);
		this.scheduler.pass(Duration.ofSeconds(1));
		this.sent = CompletableFuture.completedFuture(true);
		this.scheduler.pass(Duration.ofSeconds(1));
		this.scheduler.pass(Duration.ofSeconds(5));
		List<TailFrame> ends = this.frames.stream().filter((frame) -> frame.ended() != null).toList();
		assertThat(ends).hasSize(3);
		assertThat(ends.subList(1, 3)).allSatisfy((again) -> {
			assertThat(again.first()).isEqualTo(1);
			assertThat(again.dropped()).isEqualTo(1);
			assertThat(again.blocks()).isEmpty();
			assertThat(again.ended()).isEqualTo("client");
		});
	}

	@Test
	void theEndIsNotSentAgainForAReceiverThatIsGone() {
		Socket alice = open("alice");
		tail("alice", "1", connectionOf(alice), LIFE_MS);
		this.sent = CompletableFuture.completedFuture(false);
		alice.cut();
		this.node.run();
		settle();
		tail("alice", "1", null, 0);
		this.scheduler.pass(Duration.ofSeconds(5));
		assertThat(this.frames).filteredOn((frame) -> frame.ended() != null).hasSize(1);
	}

	@Test
	void thereAreOnlySoMany() {
		for (int i = 0; i < TailUser.MAX_TAILS; i++) {
			tail("user-" + i % 7, "t" + i, null, LIFE_MS);
		}
		assertThatThrownBy(() -> tail("alice", "1", null, LIFE_MS)).isInstanceOf(CallRefusedException.class)
			.hasMessage("too-many-tails");
		tail("user-0", "t0", null, LIFE_MS);
		tail("user-0", "t0", null, 0);
		tail("alice", "1", null, LIFE_MS);
	}

}
