package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.node.admission.Admission;
import io.fanfare.protocol.ChannelName;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** How streams are kept, refused and ended. */
class StreamLifeIT {

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final TestNode node = Cluster.first();

	private final String user = newUser();

	// ---- quiet streams

	@Test
	void aQuietStreamGetsAHeartbeatThatDispatchesNothing() {
		try (SseClient stream = this.node.open(this.user)) {
			await().atMost(SOON).until(() -> stream.comments().size() >= 2);
			assertThat(stream.comments()).containsOnly("");
			assertThat(stream.text().substring(stream.blocks().getFirst().raw().length())).startsWith(":\n")
				.doesNotContain(":\n\n");
			assertThat(stream.blocks().stream().filter((block) -> block.data() != null)).hasSize(1);
		}
	}

	@Test
	void aClientThatAsksSeesItsHeartbeats() {
		long before = System.currentTimeMillis();
		try (SseClient stream = opened(this.node.stream(this.user).query("heartbeat", "event"))) {
			for (int i = 0; i < 2; i++) {
				SseBlock beat = stream.awaitBlock((block) -> block.fires("push.heartbeat"), SOON);
				assertThat(Blocks.json(beat).get("time").asLong()).isBetween(before, System.currentTimeMillis());
				assertThat(beat.id()).isNotNull();
			}
			assertThat(stream.comments()).isEmpty();
			Blocks.assertSound(stream.blocks());
		}
	}

	@Test
	void theCursorOfAQuietStreamMovesWithWhatTheNodeSaw() {
		try (SseClient stream = this.node.open(this.user)) {
			long opened = Blocks.id(stream.blocks().getFirst());
			String elsewhere = Cluster.backend().publish(ChannelName.user(newUser()), "not for this stream");
			SseBlock moved = stream.awaitBlock((block) -> true, SOON);
			assertThat(moved.data()).isNull();
			assertThat(moved.event()).isNull();
			assertThat(Blocks.id(moved)).isGreaterThan(opened);
			SseBlock again = stream.awaitBlock((block) -> true, SOON);
			assertThat(Blocks.id(again)).isGreaterThan(Blocks.id(moved))
				.isGreaterThan(io.fanfare.protocol.MessageId.parse(elsewhere));
			assertThat(stream.lastEventId()).isEqualTo(again.id());
			String next = Cluster.backend().publish(ChannelName.user(this.user), "after");
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(next);
			Blocks.assertSound(stream.blocks());
		}
	}

	// ---- the token's end

	@Test
	void aStreamEndsWithItsToken() {
		Instant expires = Instant.now().plusSeconds(4);
		SseRequest request = this.node.request("/events").bearer(Tokens.expiringIn(this.user, Duration.ofSeconds(4)));
		try (SseClient stream = opened(request)) {
			SseBlock expiring = stream.awaitBlock((block) -> block.fires("push.expiring"), SOON);
			assertThat(Blocks.json(expiring).get("atMs").asLong()).isBetween(expires.toEpochMilli() - 1500,
					expires.toEpochMilli() + 1500);
			assertThat(Blocks.json(expiring).get("reason").asString()).isEqualTo("token");
			// In the last quarter of its life: a page that renews at once does not loop.
			// Its exp has no fraction of a second, and the wheel turns once per second.
			assertThat(expiring.at()).isAfter(expires.minusMillis(3_100));
			assertThat(expiring.id()).isNotNull();
			SseBlock goaway = stream.awaitBlock((block) -> block.fires("push.goaway"), SOON);
			JsonNode data = Blocks.json(goaway);
			assertThat(data.get("reason").asString()).isEqualTo("token-expired");
			assertThat(data.get("afterMs").asLong()).isEqualTo(goaway.retry().toMillis()).isBetween(2_000L, 10_000L);
			assertThat(goaway.at()).isBetween(expires.minusMillis(1500), expires.plusSeconds(3));
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			Blocks.assertSound(stream.blocks());
			await().atMost(SOON).until(() -> Cluster.backend().presenceField(this.user) == null);
		}
	}

	// ---- ends

	@Test
	void aClientThatIsGoneLeavesNothingBehind() {
		String topic = newTopic();
		await().atMost(SOON).until(() -> this.node.bean(Admission.class).size() == 0);
		List<SseClient> streams = new ArrayList<>();
		List<String> users = IntStream.range(0, 10).mapToObj((i) -> newUser()).toList();
		users.forEach((one) -> streams.add(this.node.open(one, topic)));
		assertThat(this.node.meter("sse.active.connections")).isEqualTo(10);
		streams.subList(0, 5).forEach(SseClient::abort);
		streams.subList(5, 10).forEach(SseClient::close);
		await().atMost(SOON).untilAsserted(() -> assertThat(this.node.meter("sse.active.connections")).isZero());
		users.forEach((one) -> await().atMost(SOON).until(() -> Cluster.backend().presenceField(one) == null));
		await().atMost(SOON).until(() -> Cluster.backend().subscribers(topic) == 0);
	}

	@Test
	void aClientThatGoesBeforeItIsAnsweredLeavesNothingBehind() {
		for (int i = 0; i < 30; i++) {
			SseClient stream = this.node.stream(this.user).query("channel", newTopic()).open();
			stream.abort();
		}
		await().atMost(SOON).until(() -> Cluster.backend().presenceField(this.user) == null);
		await().atMost(SOON).until(() -> this.node.bean(Admission.class).size() == 0);
	}

	@Test
	void aClientThatResetsItsConnectionIsNoError() {
		double resets = this.node.meter("sse.connections.closed", "reason", "reset");
		double broken = this.node.meter("sse.connections.closed", "reason", "broken");
		double errors = this.node.meter("sse.errors");
		this.node.open(this.user).abort();
		await().atMost(SOON).until(() -> this.node.meter("sse.connections.closed", "reason", "reset") > resets);
		assertThat(this.node.meter("sse.connections.closed", "reason", "broken")).isEqualTo(broken);
		assertThat(this.node.meter("sse.errors")).isEqualTo(errors);
	}

	@Test
	void aReaderThatStallsIsClosedAndOthersDoNotFeelIt() {
		String topic = newTopic();
		String data = "x".repeat(20_000);
		SseRequest slow = this.node.stream(this.user).receiveBuffer(8 * 1024);
		try (SseClient stalled = opened(slow, topic); SseClient other = this.node.open(newUser(), topic)) {
			stalled.pause();
			for (int i = 0; i < 100; i++) {
				String id = Cluster.backend().publish(ChannelName.topic(topic), data);
				assertThat(other.awaitBlock(Blocks::isMessage, Duration.ofSeconds(2)).id()).isEqualTo(id);
			}
			await().atMost(SOON).until(() -> Cluster.backend().presenceField(this.user) == null);
			stalled.resume();
			// It reads on in time to hear why.
			assertThat(stalled.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(stalled.blocks().getLast()).matches((block) -> block.fires("push.goaway"))
				.matches((block) -> block.retry() != null && block.data().contains("\"slow\""));
			assertThat(this.node.meter("sse.connections.closed", "reason", "slow")).isEqualTo(1);
			assertThat(other.end()).isNull();
			String after = stalled.lastEventId();
			List<SseBlock> had = Blocks.messages(stalled.blocks());
			try (SseClient again = opened(this.node.stream(this.user).lastEventId(after), topic)) {
				again.awaitBlocks(1 + 100 - had.size(), SOON);
				assertThat(Blocks.messages(again.blocks())).hasSize(100 - had.size());
			}
		}
	}

	// ---- a node of its own

	@Test
	void aHeartbeatTellsHowManyStreamsTheNodeHasWhereItIsAskedTo() {
		try (TestRedis redis = TestRedis.start();
				TestNode node = TestNode.start(redis, "telling", "--fanfare.connections.show-active=true",
						"--fanfare.connections.heartbeat=200ms");
				SseClient other = node.open(newUser());
				SseClient stream = node.stream(this.user).query("heartbeat", "event").open()) {
			SseBlock beat = stream.awaitBlock((block) -> block.fires("push.heartbeat"), SOON);
			assertThat(Blocks.json(beat).get("activeConnections").asInt()).isEqualTo(2);
			assertThat(other.end()).isNull();
		}
	}

	@Test
	void aFullNodeSaysSoInTheFormThatTheClientCanBear() {
		try (TestRedis redis = TestRedis.start();
				TestNode full = TestNode.start(redis, "full", "--fanfare.connections.max=1",
						"--fanfare.admission.when-full=reject", "--fanfare.allowed-origins=*");
				SseClient only = full.open(this.user)) {
			try (SseClient busy = full.stream(newUser()).header("Origin", "https://a.example").open()) {
				assertThat(busy.status()).isEqualTo(200);
				assertThat(busy.headers().firstValue("Content-Type")).contains("text/event-stream;charset=utf-8");
				assertThat(busy.headers().firstValue("Access-Control-Allow-Origin")).contains("*");
				SseBlock block = busy.nextBlock(SOON);
				assertThat(block.event()).isEqualTo("push.busy");
				assertThat(block.id()).isNull();
				assertThat(block.retry()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(10));
				assertThat(Blocks.json(block).get("reason").asString()).isEqualTo("full");
				assertThat(Blocks.json(block).get("retryMs").asLong()).isEqualTo(block.retry().toMillis());
				assertThat(busy.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
				busy.awaitDisconnect(SOON);
			}
			try (SseClient busy = full.stream(newUser()).lastEventId("1763704424521-7").open()) {
				SseBlock block = busy.nextBlock(SOON);
				assertThat(block.event()).isEqualTo("push.busy");
				assertThat(block.id()).isEqualTo("1763704424521-7");
				assertThat(busy.lastEventId()).isEqualTo("1763704424521-7");
			}
			try (SseClient busy = full.stream(newUser()).lastEventId("undefined").open()) {
				SseBlock block = busy.nextBlock(SOON);
				assertThat(block.event()).isEqualTo("push.busy");
				assertThat(block.id()).isNull();
			}
			assertThat(IntStream.range(0, 8)
				.mapToObj((i) -> full.stream(newUser()).open())
				.map((busy) -> busy.nextBlock(SOON).retry())
				.distinct()
				.count()).as("different retries").isGreaterThan(4);
			for (SseRequest request : List.of(full.stream(newUser()).query("strict", "1"),
					full.stream(newUser()).header("Fanfare-Next-Upstream", "1"))) {
				Answer answer = request.header("Origin", "https://a.example").fetch();
				assertThat(answer.status()).isEqualTo(503);
				assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
				assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(2, 10);
				assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
				JsonNode problem = JsonMapper.shared().readTree(answer.text());
				assertThat(problem.get("type").asString()).isEqualTo("https://fanfare.io/problems/unavailable");
				assertThat(problem.get("detail").asString()).isEqualTo("full");
			}
			assertThat(full.meter("fanfare.streams.refused", "reason", "full")).isEqualTo(13);
			assertThat(full.bean(Admission.class).size()).isEqualTo(1);
			assertThat(full.bean(Admission.class).peak()).isEqualTo(1);

			// The token of this one ends long before its first heartbeat.
			only.close();
			await().atMost(SOON).until(() -> full.bean(Admission.class).size() == 0);
			Instant expires = Instant.now().plusSeconds(3);
			try (SseClient brief = opened(
					full.request("/events").bearer(Tokens.expiringIn(this.user, Duration.ofSeconds(3))))) {
				SseBlock goaway = brief.awaitBlock((block) -> block.fires("push.goaway"), SOON);
				assertThat(goaway.at()).isBefore(expires.plusSeconds(3));
			}
		}
	}

	@Test
	void aNodeThatStopsSendsItsStreamsOnAndDoesNotWaitForThem() {
		try (TestRedis redis = TestRedis.start(); Backend backend = new Backend(redis)) {
			TestNode stopping = TestNode.start(redis, "stopping");
			List<SseClient> streams = new ArrayList<>();
			for (int i = 0; i < 8; i++) {
				streams.add(stopping.open(newUser()));
			}
			SseClient idle = stopping.connect();
			String mine = newUser();
			streams.add(stopping.open(mine));
			String identity = stopping.identity();
			await().atMost(SOON).until(() -> backend.lists(identity));
			long begun = System.nanoTime();
			stopping.close();
			assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
			for (SseClient stream : streams) {
				SseBlock goaway = stream.awaitBlock((block) -> block.data() != null, SOON);
				assertThat(goaway.event()).isEqualTo("push.goaway");
				assertThat(goaway.id()).isNotNull();
				assertThat(goaway.retry()).isBetween(Duration.ofSeconds(2), Duration.ofSeconds(10));
				assertThat(Blocks.json(goaway).get("reason").asString()).isEqualTo("drain");
				assertThat(Blocks.json(goaway).get("afterMs").asLong()).isEqualTo(goaway.retry().toMillis());
				assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
				Blocks.assertSound(stream.blocks());
			}
			assertThat(streams.stream().map((stream) -> stream.blocks().getLast().retry()).distinct().count())
				.as("different retries")
				.isGreaterThan(4);
			idle.awaitDisconnect(SOON);
			await().atMost(SOON).until(() -> backend.presenceField(mine) == null);
			assertThat(backend.lastWord(identity)).contains("\"state\":\"drained\"", "\"sentOn\":9,\"cut\":0",
					"\"active\":0");
		}
	}

}
