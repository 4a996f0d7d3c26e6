package io.fanfare.node;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.presence.Presence;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

import static io.fanfare.node.TestNode.A_WHILE;
import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A user is heard by one connection, the newest, on whichever node it is. */
class OneConnectionPerUserIT {

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final Backend backend = Cluster.backend();

	private final String user = newUser();

	/** The node of the older stream and that of the newer one. */
	static Stream<List<TestNode>> nodes() {
		return Stream.of(List.of(Cluster.first(), Cluster.first()), List.of(Cluster.first(), Cluster.second()));
	}

	private SseClient open(TestNode node, String client) {
		return opened(node.stream(this.user).query("client", client));
	}

	private static String connection(SseClient stream) {
		return Blocks.json(stream.blocks().getFirst()).get("connection").asString();
	}

	private static SseBlock awaitKick(SseClient stream) {
		return stream.awaitBlock((block) -> block.fires("push.kicked"), SOON);
	}

	@ParameterizedTest
	@MethodSource("nodes")
	void theNewerPageTakesOver(List<TestNode> nodes) {
		try (SseClient older = open(nodes.getFirst(), "older")) {
			String last = this.backend.publish(ChannelName.user(this.user), "for the older");
			older.awaitBlock(Blocks::isMessage, SOON);
			long before = System.currentTimeMillis();
			try (SseClient newer = open(nodes.getLast(), "newer")) {
				SseBlock kicked = awaitKick(older);
				Presence.Owner owner = this.backend.owner(this.user);
				assertThat(owner.connection()).isEqualTo(connection(newer));
				assertThat(owner.node()).isEqualTo(nodes.getLast().identity());
				assertThat(kicked.id()).isEqualTo("k." + MessageId.format(owner.generation()));
				JsonNode data = Blocks.json(kicked);
				assertThat(data.propertyNames()).containsExactly("reason", "cursor", "at");
				assertThat(data.get("reason").asString()).isEqualTo("takeover");
				assertThat(MessageId.parse(data.get("cursor").asString()))
					.isGreaterThanOrEqualTo(MessageId.parse(last));
				assertThat(data.get("at").asLong()).isBetween(before, System.currentTimeMillis());
				assertThat(older.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
				Blocks.assertSound(older.blocks());

				// The browser's own reconnect carries what the kick left it, and ends
				// there.
				assertThat(nodes.getFirst().stream(this.user).lastEventId(older.lastEventId()).fetch().status())
					.isEqualTo(204);

				// The same page by another way, without that cursor.
				for (TestNode node : nodes) {
					try (SseClient back = node.stream(this.user).query("client", "older").lastEventId(last).open()) {
						assertThat(back.status()).isEqualTo(200);
						SseBlock again = back.nextBlock(SOON);
						assertThat(again.event()).isEqualTo("push.kicked");
						assertThat(again.id()).isEqualTo(kicked.id());
						assertThat(Blocks.json(again).get("cursor").asString()).isEqualTo(last);
						assertThat(back.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
						assertThat(back.lastEventId()).startsWith("k.");
					}
				}
				assertThat(this.backend.owner(this.user)).isEqualTo(owner);

				String next = this.backend.publish(ChannelName.user(this.user), "for the newer");
				assertThat(newer.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(next);
				newer.expectNone((block) -> block.type().startsWith("push."), A_WHILE);

				// A fresh page of the same person takes over again.
				try (SseClient fresh = open(nodes.getFirst(), "fresh")) {
					assertThat(awaitKick(newer).id()).startsWith("k.");
					assertThat(this.backend.owner(this.user).connection()).isEqualTo(connection(fresh));
				}
			}
		}
		await().atMost(SOON).until(() -> this.backend.presenceField(this.user) == null);
	}

	@ParameterizedTest
	@MethodSource("nodes")
	void aReconnectOfTheSamePageReplacesWithoutAWord(List<TestNode> nodes) {
		try (SseClient older = open(nodes.getFirst(), "page")) {
			String last = this.backend.publish(ChannelName.user(this.user), "one");
			older.awaitBlock(Blocks::isMessage, SOON);
			try (SseClient newer = opened(
					nodes.getLast().stream(this.user).query("client", "page").lastEventId(last))) {
				assertThat(older.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
				assertThat(older.blocks()).noneMatch((block) -> block.type().matches("push\\.(kicked|goaway|busy)"));
				assertThat(this.backend.owner(this.user).connection()).isEqualTo(connection(newer));
				String next = this.backend.publish(ChannelName.user(this.user), "two");
				assertThat(newer.awaitBlock(Blocks::isMessage, SOON).id()).isEqualTo(next);
			}
		}
	}

	@ParameterizedTest
	@MethodSource("nodes")
	void twinsByMistakeDoNotFightForEver(List<TestNode> nodes) {
		SseClient present = open(nodes.getFirst(), "twin");
		for (int replaced = 1; replaced < 10; replaced++) {
			SseClient newer = open(nodes.get(replaced % 2), "twin");
			assertThat(present.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(present.blocks()).as("replacement %d", replaced)
				.noneMatch((block) -> block.type().equals("push.kicked"));
			present = newer;
		}
		try (SseClient tenth = open(nodes.getLast(), "twin")) {
			assertThat(Blocks.json(awaitKick(present)).get("reason").asString()).isEqualTo("takeover");
			assertThat(present.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			// No tombstone: it would hit the winner too.
			assertThat(this.backend.owner(this.user).connection()).isEqualTo(connection(tenth));
		}
	}

	@Test
	void streamsThatOpenAtOnceLeaveOne() {
		List<SseClient> streams = Stream.iterate(0, (i) -> i + 1)
			.limit(20)
			.map((i) -> (i % 2 == 0 ? Cluster.first() : Cluster.second()).stream(this.user)
				.query("client", "c" + i)
				.open())
			.toList();
		await().atMost(SOON)
			.untilAsserted(() -> assertThat(streams).filteredOn((stream) -> stream.end() == null).hasSize(1));
		SseClient left = streams.stream().filter((stream) -> stream.end() == null).findFirst().orElseThrow();
		assertThat(this.backend.owner(this.user).connection()).isEqualTo(connection(left));
		List<String> ends = streams.stream()
			.filter((stream) -> stream != left)
			.map((stream) -> stream.blocks().getLast().event())
			.toList();
		// One found nobody, ten took over; for more it was one minute.
		assertThat(ends).containsOnly("push.kicked", "push.busy");
		assertThat(ends).filteredOn("push.kicked"::equals).hasSize(10);
		streams.forEach(SseClient::close);
	}

	@Test
	void aReleaseThatComesLateRemovesNoNewerClaim() {
		try (SseClient older = open(Cluster.first(), "page")) {
			Presence.Owner first = this.backend.owner(this.user);
			try (SseClient newer = open(Cluster.second(), "page")) {
				older.awaitEnd(SOON);
				long removed = this.backend.presence()
					.release(List.of(new Presence.Field(this.user, first.connection(), first.generation()),
							new Presence.Field(this.user, first.connection(), MessageId.ZERO),
							new Presence.Field(this.user, connection(newer), first.generation())))
					.join();
				assertThat(removed).isZero();
				assertThat(this.backend.owner(this.user).connection()).isEqualTo(connection(newer));
			}
		}
	}

	@Test
	void closingRemovesPresence() {
		try (SseClient stream = open(Cluster.first(), "page")) {
			Presence.Owner owner = this.backend.owner(this.user);
			assertThat(owner.client()).isEqualTo("page");
			assertThat(owner.openedAt()).isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());
			assertThat(stream.end()).isNull();
		}
		await().atMost(SOON).until(() -> this.backend.presenceField(this.user) == null);
	}

	@Test
	void aDisconnectTellsTheReasonAndKeepsThePageAway() {
		double kicks = Cluster.first().meter("sse.kicks", "reason", "logout");
		try (SseClient stream = open(Cluster.first(), "page")) {
			String connection = this.backend.presence()
				.disconnect(this.user, CloseReason.LOGOUT, Duration.ZERO, null)
				.join();
			assertThat(connection).isEqualTo(connection(stream));
			SseBlock kicked = awaitKick(stream);
			assertThat(Blocks.json(kicked).get("reason").asString()).isEqualTo("logout");
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(this.backend.presenceField(this.user)).isNull();
			await().atMost(SOON).until(() -> Cluster.first().meter("sse.kicks", "reason", "logout") == kicks + 1);
			try (SseClient back = Cluster.second().stream(this.user).query("client", "page").open()) {
				assertThat(back.nextBlock(SOON).event()).isEqualTo("push.kicked");
			}
			open(Cluster.second(), "fresh").close();
			assertThat(this.backend.presence().disconnect(newUser(), CloseReason.LOGOUT, Duration.ZERO, null).join())
				.isNull();
		}
	}

	@Test
	void aDisconnectWithGraceTellsAtOnceAndClosesLater() {
		double closed = Cluster.first().meter("sse.connections.closed", "reason", "revoked");
		double kicks = Cluster.first().meter("sse.kicks", "reason", "revoked");
		try (SseClient stream = opened(Cluster.first().stream(this.user).query("heartbeat", "event"))) {
			this.backend.presence().disconnect(this.user, CloseReason.REVOKED, Duration.ofSeconds(3), null).join();
			SseBlock kicked = awaitKick(stream);
			assertThat(Blocks.json(kicked).get("reason").asString()).isEqualTo("revoked");
			this.backend.publish(ChannelName.ALL, "not for whom was disconnected");
			// Nothing that follows may wipe the cursor of the kick.
			stream.expectNone((block) -> true, Duration.ofMillis(2200));
			assertThat(stream.end()).isNull();
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(stream.lastEventId()).isEqualTo(kicked.id());
		}
		await().atMost(SOON)
			.untilAsserted(() -> assertThat(Cluster.first().meter("sse.connections.closed", "reason", "revoked"))
				.isEqualTo(closed + 1));
		assertThat(Cluster.first().meter("sse.kicks", "reason", "revoked")).isEqualTo(kicks + 1);
	}

}
