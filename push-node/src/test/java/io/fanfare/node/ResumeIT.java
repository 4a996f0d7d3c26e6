package io.fanfare.node;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.Publisher;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import static io.fanfare.node.TestNode.A_WHILE;
import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What a client that comes back with a cursor gets: all it missed, once, in order, or a
 * gap.
 */
class ResumeIT {

	private static TestRedis redis;

	private static Backend backend;

	private static TestNode node;

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final String user = newUser();

	private final ChannelName own = ChannelName.user(this.user);

	private final String topic = newTopic();

	private final ChannelName channel = ChannelName.topic(this.topic);

	/** A server that has vouched for its messages for three days. */
	@BeforeAll
	static void start() {
		redis = TestRedis.start();
		backend = new Backend(redis);
		node = TestNode.start(redis, "resume", "--fanfare.stream.loops=2");
		backend.set("fanfare:{0}:since", daysAgo(3));
	}

	@AfterAll
	static void stop() {
		node.close();
		backend.close();
		redis.close();
	}

	private static String daysAgo(int days) {
		return MessageId.format(MessageId.of(System.currentTimeMillis() - Duration.ofDays(days).toMillis(), 0));
	}

	/** A cursor of now. */
	private static String now() {
		return backend.publish(ChannelName.user(newUser()), "to take an id");
	}

	private SseRequest request() {
		return node.stream(this.user).query("channel", this.topic);
	}

	private SseRequest after(String cursor) {
		return request().lastEventId(cursor);
	}

	private static List<SseBlock> gaps(SseClient stream) {
		return stream.blocks().stream().filter((block) -> block.fires("push.gap")).toList();
	}

	private static List<String> channels(SseBlock gap) {
		return Blocks.json(gap).get("channels").valueStream().map(JsonNode::asString).toList();
	}

	private static List<String> awaitMessages(SseClient stream, int count) {
		await().atMost(Duration.ofSeconds(30))
			.until(() -> Blocks.messages(stream.blocks()).size() >= count || stream.end() != null);
		stream.expectNone((block) -> false, Duration.ofMillis(100));
		Blocks.assertSound(stream.blocks());
		return Blocks.messages(stream.blocks()).stream().map(SseBlock::id).toList();
	}

	private static List<String> sorted(List<String> ids) {
		return ids.stream().sorted((a, b) -> Long.compare(MessageId.parse(a), MessageId.parse(b))).toList();
	}

	private static void publishAll(Publisher publisher, ChannelName channel, int count, int size) {
		List<CompletableFuture<Long>> sent = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			String number = Integer.toString(i);
			sent.add(Backend.send(publisher, channel, EventName.DEFAULT,
					number + " ".repeat(Math.max(0, size - number.length())), 0));
			if (i % 200 == 199) {
				sent.getLast().join();
			}
		}
		CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).join();
	}

	/** One that was there, and one that comes back and had the message or not. */
	@Test
	void whatWasErasedIsRetractedAndIsNoGap() {
		String cursor = now();
		try (SseClient live = opened(request())) {
			String erased = backend.publish(this.channel, "erased");
			awaitMessages(live, 1);
			String kept = backend.publish(this.channel, "kept");
			assertThat(backend.erasure().message(this.channel, MessageId.parse(erased)).join()).isNotNull();
			SseBlock retraction = live.awaitBlock((block) -> block.fires("push.retracted"), Duration.ofSeconds(10));
			assertThat(Blocks.json(retraction).get("id").asString()).isEqualTo(erased);
			assertThat(Blocks.json(retraction).get("channel").asString()).isEqualTo(this.topic);
			for (String from : List.of(cursor, erased)) {
				try (SseClient back = node.stream(newUser()).query("channel", this.topic).lastEventId(from).open()) {
					SseBlock told = back.awaitBlock((block) -> block.fires("push.retracted"), Duration.ofSeconds(10));
					assertThat(told.id()).isEqualTo(retraction.id());
					assertThat(back.blocks()).extracting(SseBlock::data).contains("kept").doesNotContain("erased");
					assertThat(gaps(back)).isEmpty();
				}
			}
			assertThat(kept).isNotEqualTo(retraction.id());
		}
	}

	@Test
	void theStreamOfAnErasedUserIsToldAndEnds() {
		try (SseClient stream = opened(request())) {
			String cursor = backend.publish(this.own, "mine");
			awaitMessages(stream, 1);
			backend.erasure().user(this.user).join();
			SseBlock retraction = stream.awaitBlock((block) -> block.fires("push.retracted"), Duration.ofSeconds(10));
			assertThat(MessageId.parse(Blocks.json(retraction).get("upTo").asString()))
				.isGreaterThan(MessageId.parse(cursor));
			SseBlock kick = stream.awaitBlock((block) -> block.fires("push.kicked"), Duration.ofSeconds(10));
			assertThat(Blocks.json(kick).get("reason").asString()).isEqualTo("logout");
			assertThat(backend.owner(this.user)).isNull();
			try (SseClient back = opened(node.stream(this.user).lastEventId(cursor))) {
				back.expectNone((block) -> block.fires("push.gap") || block.fires("message"), Duration.ofMillis(200));
			}
		}
	}

	@Test
	void whatWasMissedComesInOneOrderOverAllChannels() {
		String cursor = now();
		List<String> ids = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			ids.add(backend.publish((i % 3 == 0) ? this.own : (i % 3 == 1) ? this.channel : ChannelName.ALL, "m" + i));
		}
		ids.addAll(backend.publish("to all three", this.own, this.channel, ChannelName.ALL));
		try (SseClient stream = opened(after(cursor))) {
			SseBlock first = stream.blocks().getFirst();
			assertThat(first.id()).isEqualTo(cursor);
			assertThat(Blocks.json(first).get("resumed").asBoolean()).isTrue();
			assertThat(awaitMessages(stream, ids.size())).isEqualTo(ids);
			assertThat(gaps(stream)).isEmpty();
			String live = backend.publish(this.channel, "live");
			assertThat(stream.awaitBlock((block) -> live.equals(block.id()), SOON).data()).isEqualTo("live");
		}
		try (SseClient stream = opened(after(ids.get(10)))) {
			assertThat(awaitMessages(stream, 12).subList(0, 12)).isEqualTo(ids.subList(11, 23));
		}
		try (SseClient stream = opened(request().query("lastEventId", ids.get(21)))) {
			assertThat(awaitMessages(stream, 2).getFirst()).isEqualTo(ids.get(22));
		}
	}

	/** The reads of the first are still kept when the second asks. */
	@Test
	void whatWasPublishedAfterAnothersReplayIsNotLost() {
		String cursor = now();
		List<String> ids = new ArrayList<>();
		ids.add(backend.publish(this.channel, "before"));
		for (int round = 0; round < 10; round++) {
			try (SseClient stream = opened(node.stream(newUser()).query("channel", this.topic).lastEventId(cursor))) {
				await().atMost(SOON)
					.untilAsserted(() -> assertThat(Blocks.messages(stream.blocks())).extracting(SseBlock::id)
						.containsSubsequence(ids));
			}
			ids.add(backend.publish(this.channel, "after round " + round));
		}
	}

	@Test
	void earliestIsEverythingRetained() {
		List<String> ids = List.of(backend.publish(this.own, "1"), backend.publish(this.channel, "2"),
				backend.publish(this.own, "3"));
		for (SseRequest request : List.of(request().query("lastEventId", "earliest"),
				request().lastEventId("earliest"))) {
			try (SseClient stream = opened(request)) {
				JsonNode first = Blocks.json(stream.blocks().getFirst());
				assertThat(first.get("resumed").asBoolean()).isFalse();
				assertThat(first.get("replayed").asBoolean()).isTrue();
				await().atMost(SOON)
					.untilAsserted(() -> assertThat(Blocks.messages(stream.blocks())).extracting(SseBlock::id)
						.containsSubsequence(ids));
				assertThat(gaps(stream)).isEmpty();
				assertThat(Blocks.messages(stream.blocks())).extracting(Blocks::id).isSorted().doesNotHaveDuplicates();
			}
		}
	}

	@Test
	void earliestOfWhatWasTrimmedIsNoGap() {
		publishAll(backend.publisher(5), this.own, 12, 4);
		try (SseClient stream = opened(request().query("lastEventId", "earliest"))) {
			await().atMost(SOON)
				.untilAsserted(() -> assertThat(Blocks.messages(stream.blocks())).extracting(SseBlock::data)
					.containsSubsequence("7   ", "8   ", "9   ", "10  ", "11  "));
			assertThat(stream.text()).doesNotContain("data: 6   ");
			assertThat(gaps(stream)).isEmpty();
		}
	}

	@Test
	void historyIsTheLastOfEachChannel() {
		List<String> ofOwn = IntStream.range(0, 6).mapToObj((i) -> backend.publish(this.own, "own" + i)).toList();
		List<String> ofTopic = IntStream.range(0, 2).mapToObj((i) -> backend.publish(this.channel, "t" + i)).toList();
		List<String> ofAll = IntStream.range(0, 4)
			.mapToObj((i) -> backend.publish(ChannelName.ALL, "all" + i))
			.toList();
		List<String> expected = new ArrayList<>(ofOwn.subList(3, 6));
		expected.addAll(ofTopic);
		expected.addAll(ofAll.subList(1, 4));
		try (SseClient stream = opened(request().query("history", "3"))) {
			assertThat(awaitMessages(stream, 8)).isEqualTo(sorted(expected));
			assertThat(gaps(stream)).isEmpty();
			String live = backend.publish(this.own, "live");
			assertThat(stream.awaitBlock((block) -> live.equals(block.id()), SOON)).isNotNull();
			assertThat(Blocks.messages(stream.blocks())).hasSize(9);
		}
		try (SseClient stream = opened(request().query("history", "3").lastEventId(ofAll.get(2)))) {
			assertThat(awaitMessages(stream, 1).getFirst()).isEqualTo(ofAll.get(3));
		}
		try (SseClient stream = opened(request().query("history", "0"))) {
			stream.expectNone(Blocks::isMessage, A_WHILE);
		}
	}

	@Test
	void historyOfNothingIsALiveStream() {
		String lonely = newUser();
		try (SseClient stream = opened(node.stream(lonely).query("history", "1").query("channel", newTopic()))) {
			String live = backend.publish(ChannelName.user(lonely), "live");
			assertThat(stream.awaitBlock((block) -> live.equals(block.id()), SOON)).isNotNull();
			assertThat(gaps(stream)).isEmpty();
		}
	}

	@Test
	void aCursorFromTheFutureIsAGapOfEachChannelAndThenLive() {
		backend.publish(this.own, "before");
		String ahead = MessageId.format(MessageId.of(System.currentTimeMillis() + 3_600_000, 5));
		try (SseClient stream = opened(after(ahead))) {
			SseBlock gap = stream.awaitBlocks(2, SOON).get(1);
			assertThat(gap.type()).isEqualTo("push.gap");
			assertThat(channels(gap)).containsExactlyInAnyOrder("user:" + this.user, "all", this.topic);
			assertThat(Blocks.json(gap).get("reason").asString()).isEqualTo("cursor-ahead");
			assertThat(Blocks.json(gap).get("from").asString()).isEqualTo(ahead);
			assertThat(Blocks.json(gap).get("retryMs").asLong()).isBetween(2_000L, 10_000L);
			assertThat(gap.id()).isEqualTo(Blocks.json(gap).get("to").asString());
			assertThat(MessageId.parse(stream.lastEventId())).isLessThan(MessageId.parse(ahead));
			String live = backend.publish(this.channel, "live");
			assertThat(stream.awaitBlock((block) -> live.equals(block.id()), SOON)).isNotNull();
			assertThat(gaps(stream)).hasSize(1);
			Blocks.assertSound(stream.blocks());
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "undefined", "0", "1763704424521-1048576", "8796093022208-0", "event:7" })
	void aCursorThatIsNoIdIsAGapOfEachChannelAndThenLive(String foreign) {
		backend.publish(this.own, "before");
		for (SseRequest request : List.of(after(foreign), request().query("lastEventId", foreign))) {
			try (SseClient stream = opened(request)) {
				SseBlock first = stream.blocks().getFirst();
				assertThat(Blocks.json(first).get("resumed").asBoolean()).isTrue();
				assertThat(Blocks.json(first).get("replayed").asBoolean()).isFalse();
				SseBlock gap = stream.awaitBlocks(2, SOON).get(1);
				assertThat(channels(gap)).containsExactlyInAnyOrder("user:" + this.user, "all", this.topic);
				assertUnknown(gap, first.id(), first.id());
				String live = backend.publish(this.channel, "live");
				assertThat(awaitMessages(stream, 1)).containsExactly(live);
				assertThat(gaps(stream)).hasSize(1);
			}
		}
	}

	private static void assertUnknown(SseBlock gap, String to, String id) {
		assertThat(gap.type()).isEqualTo("push.gap");
		assertThat(gap.id()).isEqualTo(id);
		assertThat(Blocks.json(gap).get("reason").asString()).isEqualTo("cursor-unknown");
		assertThat(Blocks.json(gap).get("from").asString()).isEqualTo("0-0");
		assertThat(Blocks.json(gap).get("to").asString()).isEqualTo(to);
	}

	@Test
	void historyBesideACursorThatIsNoIdFollowsTheGaps() {
		List<String> ids = IntStream.range(0, 4)
			.mapToObj((i) -> backend.publish((i % 2 == 0) ? this.own : this.channel, "m" + i))
			.toList();
		String ofAll = backend.publish(ChannelName.ALL, "all");
		try (SseClient stream = opened(after("undefined").query("history", "1"))) {
			List<String> messages = awaitMessages(stream, 3);
			assertThat(messages).containsExactly(ids.get(2), ids.get(3), ofAll);
			List<SseBlock> gaps = gaps(stream);
			assertThat(gaps).hasSize(1);
			String to = Blocks.json(gaps.getFirst()).get("to").asString();
			assertThat(MessageId.parse(to)).isGreaterThan(MessageId.parse(ofAll));
			assertUnknown(gaps.getFirst(), to, stream.blocks().getFirst().id());
			assertThat(stream.blocks().get(1)).isEqualTo(gaps.getFirst());
			String live = backend.publish(this.channel, "live");
			assertThat(awaitMessages(stream, 4).getLast()).isEqualTo(live);
			assertThat(gaps(stream)).hasSize(1);
		}
	}

	@Test
	void whatWasTrimmedIsOneGapOfThatChannelBeforeWhatSurvived() {
		String cursor = now();
		publishAll(backend.publisher(5), this.channel, 12, 4);
		String ofOwn = backend.publish(this.own, "own");
		try (SseClient stream = opened(after(cursor))) {
			stream.awaitBlock((block) -> ofOwn.equals(block.id()) && Blocks.isMessage(block), SOON);
			List<SseBlock> blocks = stream.blocks();
			SseBlock gap = blocks.get(1);
			assertThat(gap.event()).isEqualTo("push.gap");
			assertThat(gap.id()).isEqualTo(cursor);
			JsonNode data = Blocks.json(gap);
			assertThat(channels(gap)).containsExactly(this.topic);
			assertThat(data.get("reason").asString()).isEqualTo("retention");
			assertThat(data.get("from").asString()).isEqualTo(cursor);
			List<SseBlock> survivors = Blocks.messages(blocks)
				.stream()
				.filter((block) -> block.data().matches("\\d+ *"))
				.toList();
			assertThat(survivors).extracting((block) -> block.data().strip())
				.containsExactly("7", "8", "9", "10", "11");
			assertThat(MessageId.parse(data.get("to").asString())).isGreaterThan(MessageId.parse(cursor))
				.isLessThan(Blocks.id(survivors.getFirst()));
			assertThat(gaps(stream)).hasSize(1);
			assertThat(node.meter("sse.gaps")).isPositive();
		}
	}

	@Test
	void aClientThatHasTheLastThatWasTrimmedGetsNoGap() {
		publishAll(backend.publisher(100), this.own, 3, 4);
		String cursor = backend.publish(this.own, "the last it saw");
		publishAll(backend.publisher(5), this.own, 5, 4);
		try (SseClient stream = opened(after(cursor))) {
			await().atMost(SOON).until(() -> Blocks.messages(stream.blocks()).size() >= 5);
			assertThat(gaps(stream)).isEmpty();
		}
	}

	@Test
	void eachOfTwoTrimmedChannelsIsOneGap() {
		String cursor = now();
		publishAll(backend.publisher(5), this.channel, 6, 4);
		publishAll(backend.publisher(1), this.own, 2, 4);
		try (SseClient stream = opened(after(cursor))) {
			await().atMost(SOON).until(() -> Blocks.messages(stream.blocks()).size() >= 6);
			assertThat(gaps(stream)).flatExtracting(ResumeIT::channels)
				.containsExactlyInAnyOrder(this.topic, "user:" + this.user);
			assertThat(stream.blocks().subList(1, 3)).allMatch((block) -> cursor.equals(block.id()));
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2 })
	void anOldCursorOfAQuietUserIsNoGap(int days) {
		String quiet = newUser();
		try (SseClient stream = opened(node.stream(quiet).query("channel", newTopic()).lastEventId(daysAgo(days)))) {
			String live = backend.publish(ChannelName.user(quiet), "live");
			assertThat(stream.awaitBlock((block) -> live.equals(block.id()), SOON)).isNotNull();
			assertThat(gaps(stream)).isEmpty();
			Blocks.assertSound(stream.blocks());
		}
	}

	@Test
	void aCursorFromBeforeALossOfDataIsAGap() {
		try (SseClient stream = opened(after(daysAgo(4)))) {
			await().atMost(SOON)
				.until(() -> gaps(stream).stream().flatMap((gap) -> channels(gap).stream()).count() == 3);
			assertThat(gaps(stream))
				.allSatisfy((gap) -> assertThat(Blocks.json(gap).get("reason").asString()).isEqualTo("data-loss"));
		}
	}

	@Test
	void aMessagePastItsOwnTimeIsNoGap() {
		String cursor = now();
		Publisher one = backend.publisher(1);
		long expires = System.currentTimeMillis() + 300;
		Backend.send(one, this.own, EventName.DEFAULT, "short-lived", expires).join();
		Backend.send(one, this.channel, EventName.DEFAULT, "short-lived", expires).join();
		String kept = MessageId.format(Backend.send(one, this.channel, EventName.DEFAULT, "kept", 0).join());
		await().until(() -> System.currentTimeMillis() > expires + 10);
		try (SseClient stream = opened(after(cursor))) {
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(kept);
			stream.expectNone(Blocks::isMessage, A_WHILE);
			assertThat(gaps(stream)).isEmpty();
		}
	}

	@Test
	void whatIsPublishedDuringAReplayIsNeitherLostNorDoubled() {
		Publisher publisher = backend.publisher(10_000);
		String cursor = now();
		publishAll(publisher, this.channel, 1_500, 100);
		List<String> live = Collections.synchronizedList(new ArrayList<>());
		Thread publishing = Thread.ofVirtual().start(() -> {
			for (int i = 0; i < 300; i++) {
				live.add(MessageId.format(
						Backend.send(publisher, (i % 2 == 0) ? this.own : this.channel, EventName.DEFAULT, "live", 0)
							.join()));
			}
		});
		for (int round = 0; round < 5; round++) {
			try (SseClient stream = opened(after(cursor))) {
				awaitMessages(stream, 1_500);
			}
		}
		try (SseClient stream = opened(after(cursor))) {
			await().atMost(SOON).until(() -> !publishing.isAlive());
			List<String> ids = awaitMessages(stream, 1_800);
			assertThat(ids).hasSizeGreaterThanOrEqualTo(1_800)
				.isEqualTo(sorted(ids))
				.doesNotHaveDuplicates()
				.containsSubsequence(live);
			assertThat(gaps(stream)).isEmpty();
		}
	}

	@Test
	void aLongReplayReachesASlowClientWhole() {
		String cursor = now();
		publishAll(backend.publisher(10_000), this.channel, 5_000, 1_000);
		try (SseClient stream = opened(after(cursor).receiveBuffer(16 * 1024))) {
			stream.pause();
			String live = backend.publish(this.own, "while it slept");
			for (int i = 0; i < 5; i++) {
				stream.expectNone((block) -> false, A_WHILE);
				stream.resume();
				int had = Blocks.messages(stream.blocks()).size();
				await().atMost(SOON).until(() -> Blocks.messages(stream.blocks()).size() > Math.min(had, 5_000));
				stream.pause();
			}
			stream.resume();
			List<SseBlock> blocks = stream.awaitBlocks(5_002, Duration.ofSeconds(60));
			List<String> numbers = Blocks.messages(blocks)
				.stream()
				.map(SseBlock::data)
				.filter((data) -> data.length() == 1_000)
				.map(String::strip)
				.toList();
			assertThat(numbers).isEqualTo(IntStream.range(0, 5_000).mapToObj(Integer::toString).toList());
			assertThat(blocks.getLast().id()).isEqualTo(live);
			assertThat(gaps(stream)).isEmpty();
		}
	}

}
