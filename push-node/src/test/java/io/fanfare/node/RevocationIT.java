package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallName;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.Revocation.OfToken;
import io.fanfare.redis.revocation.Revocation.OfTopic;
import io.fanfare.redis.revocation.Revocation.OfUser;
import io.fanfare.redis.revocation.Revocation.Target;
import io.fanfare.redis.revocation.Revocations.Outcome;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static io.fanfare.node.TestNode.A_WHILE;
import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;

/** What clients notice of a revocation, which ends streams on whichever node they are. */
class RevocationIT {

	private static final Logger log = LoggerFactory.getLogger(RevocationIT.class);

	private static final Duration LEASE = Duration.ofSeconds(15);

	private static TestNode first;

	private static TestNode second;

	private static TestNode third;

	private final Backend backend = Cluster.backend();

	private final String user = newUser();

	@BeforeAll
	static void startNodes() {
		first = node("one");
		second = node("two");
		third = node("three");
	}

	@AfterAll
	static void stopNodes() {
		Stream.of(first, second, third).filter(Objects::nonNull).forEach(TestNode::close);
	}

	/** A token that was issued a minute ago. */
	private static String token(String user, String id, String... channels) {
		return tokenOf(user, id, Instant.now().minusSeconds(60), channels);
	}

	private static String tokenOf(String user, String id, Instant issued, String... channels) {
		return Tokens.sign(Tokens.claims(user, channels).issueTime(Date.from(issued)).jwtID(id));
	}

	private static SseRequest stream(TestNode node, String token) {
		return node.request("/events").bearer(token);
	}

	private Outcome.Stored store(Target target) {
		return (Outcome.Stored) this.backend.revocations().put(target, null, "why").join();
	}

	/** What the API does. Returns how many streams ended. */
	private int revoke(Target target) {
		Outcome.Stored stored = store(target);
		String what = switch (target) {
			case OfUser(String name) -> "\"user\":\"" + name + "\"";
			case OfTopic(String name, String topic) -> "\"user\":\"" + name + "\",\"channel\":\"" + topic + "\"";
			case OfToken(String hash) -> "\"token\":\"" + hash + "\"";
		};
		String call = "{" + what + ",\"issuedBeforeMs\":" + stored.revocation().issuedBefore() + ",\"id\":\""
				+ MessageId.format(stored.id()) + "\",\"reason\":\"why\"}";
		return Stream.of(first, second, third)
			.mapToInt((node) -> this.backend.ask(node.identity(), CallName.REVOKE, call).get("connections").asInt())
			.sum();
	}

	private static void assertKicked(SseClient stream, Duration within) {
		SseBlock kicked = stream.awaitBlock((block) -> block.fires("push.kicked"), within);
		assertThat(kicked.id()).startsWith("k.");
		assertThat(Blocks.json(kicked).get("reason").asString()).isEqualTo("revoked");
		assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
	}

	@Test
	void aUserIsOutAtOnceAndDoesNotReturnButWithANewToken() {
		String old = token(this.user, "t");
		try (SseClient stream = opened(stream(second, old).query("client", "a"))) {
			assertThat(revoke(new OfUser(this.user))).isEqualTo(1);
			assertKicked(stream, SOON);
			assertThat(stream(first, old).lastEventId(stream.lastEventId()).fetch().status()).isEqualTo(204);
		}
		double refused = first.meter("fanfare.refusals", "reason", "token-revoked");
		for (int i = 0; i < 40; i++) {
			try (SseClient back = stream((i % 2 == 0) ? first : second, old).query("client", "page-" + i).open()) {
				assertThat(back.status()).isEqualTo(200);
				assertKicked(back, SOON);
				assertThat(back.blocks()).hasSize(1);
			}
		}
		assertThat(this.backend.presenceField(this.user)).isNull();
		assertThat(first.meter("fanfare.refusals", "reason", "token-revoked")).isEqualTo(refused + 20);
		Answer strict = stream(first, old).query("strict", "1").fetch();
		assertThat(strict.status()).isEqualTo(401);
		assertThat(strict.text()).contains("invalid-token", "revoked");
		assertThat(strict.header("WWW-Authenticate")).contains("invalid_token");
		long next = this.backend.revocations().ofUser(this.user).join().getFirst().validFrom();
		opened(stream(first, tokenOf(this.user, "t", Instant.ofEpochMilli(next)))).close();
		assertThat(this.backend.revocations().lift(new OfUser(this.user)).join()).isTrue();
		opened(stream(first, old)).close();
	}

	@Test
	void aTokenIsOutAndAnotherOfTheSameUserIsNot() {
		String other = newUser();
		String id = "id-" + this.user;
		try (SseClient stream = opened(stream(first, token(this.user, id)));
				SseClient others = opened(stream(second, token(other, "id-" + other)))) {
			assertThat(revoke(new OfToken(IssuedToken.hash(id)))).isEqualTo(1);
			assertKicked(stream, SOON);
			others.expectNone((block) -> block.fires("push.kicked"), A_WHILE);
			opened(stream(second, token(this.user, "new"))).close();
		}
	}

	@Test
	void aTopicIsTakenAndTheStreamGoesOn() {
		String news = newTopic();
		String sport = newTopic();
		String token = token(this.user, "t", "*");
		try (SseClient stream = opened(stream(first, token), news, sport)) {
			String last = this.backend.publish(ChannelName.topic(news), "before");
			stream.awaitBlock((block) -> "before".equals(block.data()), SOON);
			assertThat(revoke(new OfTopic(this.user, news))).isEqualTo(1);
			SseBlock told = stream.awaitBlock((block) -> block.fires("push.unsubscribed"), SOON);
			assertThat(Blocks.json(told).get("channel").asString()).isEqualTo(news);
			assertThat(Blocks.json(told).get("reason").asString()).isEqualTo("why");
			assertThat(MessageId.parse(told.id())).isGreaterThanOrEqualTo(MessageId.parse(last));
			this.backend.publish(ChannelName.topic(news), "hidden");
			this.backend.publish(ChannelName.topic(sport), "seen");
			stream.awaitBlock((block) -> "seen".equals(block.data()), SOON);
			assertThat(stream.blocks()).noneMatch((block) -> "hidden".equals(block.data()));
		}
		try (SseClient back = opened(stream(second, token).query("history", "10"), news, sport)) {
			assertThat(back.nextBlock(SOON).event()).isEqualTo("push.unsubscribed");
			back.awaitBlock((block) -> "seen".equals(block.data()), SOON);
			assertThat(back.blocks()).noneMatch((block) -> "hidden".equals(block.data()));
		}
		try (SseClient strict = stream(first, token).query("channel", news).query("strict", "1").open()) {
			assertThat(strict.status()).isEqualTo(200);
		}
	}

	/** As where a node is not reached by the call. */
	@Test
	void aNodeThatMissedTheCallEndsItsStreamsWithinALease() {
		String topic = newTopic();
		String[] users = { newUser(), newUser(), newUser() };
		try (SseClient byUser = opened(stream(first, token(users[0], "t0")));
				SseClient byToken = opened(stream(second, token(users[1], "t-" + users[1])));
				SseClient byTopic = opened(stream(first, token(users[2], "t2", "*")), topic)) {
			store(new OfUser(users[0]));
			store(new OfToken(IssuedToken.hash("t-" + users[1])));
			store(new OfTopic(users[2], topic));
			store(new OfUser(newUser()));
			assertKicked(byUser, LEASE);
			assertKicked(byToken, LEASE);
			byTopic.awaitBlock((block) -> block.fires("push.unsubscribed"), LEASE);
		}
	}

	/**
	 * The time from the answer to the last byte, while all streams receive messages. The
	 * fault suite has it at full size.
	 */
	@Test
	void theLastByteComesWithinASecondOfTheAnswer() throws Exception {
		int streams = 80;
		int revoked = 20;
		List<SseClient> open = new ArrayList<>();
		List<String> users = IntStream.range(0, streams).mapToObj((i) -> newUser()).toList();
		AtomicBoolean over = new AtomicBoolean();
		List<TestNode> nodes = List.of(first, second, third);
		try {
			for (int i = 0; i < streams; i++) {
				open.add(opened(stream(nodes.get(i % 3), token(users.get(i), "t"))));
			}
			Thread publisher = Thread.ofVirtual().start(() -> {
				while (!over.get()) {
					this.backend.publish(ChannelName.ALL, "tick");
				}
			});
			long[] late = new long[revoked];
			for (int i = 0; i < revoked; i++) {
				Outcome.Stored stored = store(new OfUser(users.get(i)));
				String call = "{\"user\":\"" + users.get(i) + "\",\"issuedBeforeMs\":"
						+ stored.revocation().issuedBefore() + ",\"id\":\"" + MessageId.format(stored.id()) + "\"}";
				int ended = 0;
				for (TestNode node : nodes) {
					ended += this.backend.ask(node.identity(), CallName.REVOKE, call).get("connections").asInt();
				}
				assertThat(ended).isEqualTo(1);
				long answered = System.nanoTime();
				open.get(i).awaitEnd(SOON);
				late[i] = System.nanoTime() - answered;
				assertThat(open.get(i).blocks().getLast().event()).isEqualTo("push.kicked");
			}
			over.set(true);
			publisher.join();
			Arrays.sort(late);
			log.info("revocations={} streams={} last-byte-after-answer p50={} us p99={} us", revoked, streams,
					late[revoked / 2] / 1000, late[revoked * 99 / 100] / 1000);
			assertThat(late[revoked * 99 / 100]).isLessThan(1_000_000_000L);
			assertThat(open.subList(revoked, streams)).allMatch((stream) -> stream.end() == null);
		}
		finally {
			over.set(true);
			open.forEach(SseClient::close);
		}
	}

	private static TestNode node(String name) {
		return TestNode.start(Cluster.redis(), name, "--fanfare.stream.loops=2",
				"--fanfare.limits.connections-per-address=0", "--fanfare.limits.opens-per-minute=0");
	}

}
