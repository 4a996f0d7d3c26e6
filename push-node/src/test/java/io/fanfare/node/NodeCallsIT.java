package io.fanfare.node;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What a node answers when it is asked over Redis. */
class NodeCallsIT {

	private static TestNode node;

	private final String user = newUser();

	@BeforeAll
	static void startNode() {
		node = TestNode.start(Cluster.redis(), "asked", "--fanfare.stream.loops=2",
				"--fanfare.connections.ack-timeout=1s", "--fanfare.connections.idle-after=2s");
	}

	@AfterAll
	static void stopNode() {
		if (node != null) {
			node.close();
		}
	}

	private static JsonNode ask(CallName name, String body) {
		return Cluster.backend().ask(node.identity(), name, body);
	}

	private static JsonNode show(SseClient stream) {
		String connection = Blocks.json(stream.blocks().getFirst()).get("connection").asString();
		return ask(CallName.SHOW_CONNECTION, "{\"connection\":\"" + connection + "\"}").get("connection");
	}

	private static List<JsonNode> list(String body) {
		List<JsonNode> found = new ArrayList<>();
		ask(CallName.LIST_CONNECTIONS, body).get("connections").forEach(found::add);
		return found;
	}

	// ---- the state of a connection

	@Test
	void aConnectionIsToldAsItIs() {
		Instant before = Instant.now().minusMillis(10);
		try (SseClient stream = opened(node.stream(this.user).query("client", "page-1").query("ack", "1"))) {
			Cluster.backend().publish(ChannelName.user(this.user), "one");
			stream.awaitBlock(Blocks::isMessage, SOON);
			JsonNode told = show(stream);
			assertThat(told.get("user").asString()).isEqualTo(this.user);
			assertThat(told.get("client").asString()).isEqualTo("page-1");
			assertThat(told.get("tier").asString()).isEqualTo("normal");
			assertThat(told.get("address").asString()).isEqualTo("127.0.0.1");
			assertThat(told.get("node").asString()).isEqualTo(node.identity());
			assertThat(told.get("state").asString()).isEqualTo("active");
			assertThat(told.get("messagesSent").asInt()).isEqualTo(1);
			assertThat(told.get("bytesSent").asInt()).isBetween(200, 2_000);
			assertThat(Instant.ofEpochMilli(told.get("createdAt").asLong())).isBetween(before, Instant.now());
			SseBlock probe = stream.awaitBlock((block) -> block.fires("push.probe"), SOON);
			assertThat(show(stream).get("state").asString()).isEqualTo("error");
			assertThat(show(stream).get("errors").asInt()).isEqualTo(1);
			node.request("/events/ack")
				.method("POST")
				.body("text/plain",
						"{\"key\":\"" + Blocks.json(stream.blocks().getFirst()).get("key").asString()
								+ "\",\"nonces\":[\"" + Blocks.json(probe).get("nonce").asString() + "\"]}")
				.fetch();
			await().atMost(SOON).until(() -> !show(stream).get("state").asString().equals("error"));
			assertThat(show(stream).get("roundTripMicros").asLong()).isPositive();
			assertThat(show(stream).get("lastAcknowledgedAt").asLong())
				.isGreaterThanOrEqualTo(told.get("createdAt").asLong());
		}
	}

	@Test
	void aConnectionThatIsNotThereIsNone() {
		assertThat(ask(CallName.SHOW_CONNECTION, "{\"connection\":\"" + node.identity() + ".x\"}").get("connection")
			.isNull()).isTrue();
	}

	@Test
	void aStreamWithoutMessagesIsIdle() {
		try (SseClient stream = node.open(this.user)) {
			await().atMost(SOON).until(() -> show(stream).get("state").asString().equals("idle"));
			assertThat(list("{\"state\":\"idle\",\"user\":\"" + this.user + "\"}")).hasSize(1);
			assertThat(list("{\"state\":\"active\",\"user\":\"" + this.user + "\"}")).isEmpty();
		}
	}

	@Test
	void whatEndedIsToldWithItsReasonAndHowLongItWas() {
		try (SseClient stream = node.open(this.user)) {
			Cluster.backend()
				.presence()
				.disconnect(this.user, io.fanfare.protocol.CloseReason.REVOKED, Duration.ZERO, null)
				.join();
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
		}
		// The client sees the end before the loop notes it.
		List<JsonNode> ended = await().atMost(SOON)
			.until(() -> list("{\"state\":\"closed\",\"user\":\"" + this.user + "\"}"), (found) -> !found.isEmpty());
		assertThat(ended).hasSize(1);
		assertThat(ended.getFirst().get("reason").asString()).isEqualTo("revoked");
		assertThat(ended.getFirst().get("durationMs").asLong()).isBetween(0L, SOON.toMillis());
		assertThat(ended.getFirst().get("state").asString()).isEqualTo("closed");
	}

	// ---- subscribers

	@Test
	void theSubscribersOfATopicAreCountedOnAllLoops() {
		String topic = newTopic();
		assertThat(subscribers(topic)).isZero();
		List<SseClient> streams = new ArrayList<>();
		try {
			IntStream.range(0, 7).forEach((i) -> streams.add(node.open(newUser(), topic)));
			streams.add(node.open(this.user));
			assertThat(subscribers(topic)).isEqualTo(7);
			assertThat(subscribers("user:" + this.user)).isEqualTo(1);
			assertThat(subscribers("all")).isGreaterThanOrEqualTo(8);
			streams.getFirst().close();
			await().atMost(SOON).until(() -> subscribers(topic) == 6);
		}
		finally {
			streams.forEach(SseClient::close);
		}
	}

	private static int subscribers(String channel) {
		return ask(CallName.COUNT_SUBSCRIBERS, "{\"channel\":\"" + channel + "\"}").get("subscribers").asInt();
	}

	// ---- pages

	@Test
	void aWalkOverPagesSeesEachThatStaysOnceWhileOthersComeAndGo() throws InterruptedException {
		String mark = "walk-" + this.user + "-";
		AtomicBoolean over = new AtomicBoolean();
		List<SseClient> staying = new ArrayList<>();
		Thread churn = Thread.ofPlatform().start(() -> {
			for (int i = 0; !over.get(); i++) {
				try (SseClient passing = node.open("passing-" + mark + i);
						SseClient other = node.open("p2-" + mark + i)) {
					passing.close();
				}
			}
		});
		try {
			IntStream.range(0, 310).forEach((i) -> staying.add(node.open(mark + i)));
			List<String> seen = new ArrayList<>();
			String after = "";
			int pages = 0;
			do {
				JsonNode page = ask(CallName.LIST_CONNECTIONS,
						"{\"limit\":23" + (after.isEmpty() ? "" : ",\"after\":\"" + after + "\"") + "}");
				page.get("connections").forEach((one) -> seen.add(one.get("user").asString()));
				after = page.get("next").asString("");
				pages++;
			}
			while (!after.isEmpty());
			assertThat(pages).isGreaterThan(13);
			assertThat(seen).doesNotHaveDuplicates();
			Set<String> expected = new HashSet<>();
			IntStream.range(0, 310).forEach((i) -> expected.add(mark + i));
			assertThat(seen.stream().filter((one) -> one.startsWith(mark)))
				.containsExactlyInAnyOrderElementsOf(expected);
		}
		finally {
			over.set(true);
			churn.join();
			staying.forEach(SseClient::close);
		}
	}

	// ---- disconnecting

	@Test
	void whoeverHearsATopicIsToldToStopAndPresenceAndTombstonesAreRight() {
		String topic = newTopic();
		String other = newUser();
		try (SseClient hears = opened(node.stream(this.user).query("client", "page-1"), topic);
				SseClient deaf = node.open(other)) {
			JsonNode answer = ask(CallName.DISCONNECT,
					"{\"channel\":\"" + topic + "\",\"reason\":\"permission-change\",\"graceMs\":0}");
			assertThat(answer.get("connections").asInt()).isEqualTo(1);
			SseBlock kicked = hears.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			assertThat(Blocks.json(kicked).get("reason").asString()).isEqualTo("permission-change");
			assertThat(Cluster.backend().presenceField(this.user)).isNull();
			assertThat(Cluster.backend().presenceField(other)).isNotNull();
			assertThat(deaf.end()).isNull();
		}
		try (SseClient again = node.stream(this.user).query("client", "page-1").open()) {
			assertThat(again.nextBlock(SOON).fires("push.kicked")).isTrue();
		}
	}

	@Test
	void forMaintenanceStreamsAreSentAwayAndMayComeBack() {
		String topic = newTopic();
		List<SseClient> streams = new ArrayList<>();
		try {
			for (int i = 0; i < 40; i++) {
				streams.add(opened(node.stream("m-" + this.user + i).query("client", "page"), topic));
			}
			JsonNode answer = ask(CallName.DISCONNECT,
					"{\"channel\":\"" + topic + "\",\"reason\":\"maintenance\",\"graceMs\":0}");
			assertThat(answer.get("connections").asInt()).isEqualTo(40);
			for (SseClient stream : streams) {
				SseBlock goaway = stream.awaitBlock((block) -> block.fires("push.goaway"), SOON);
				assertThat(Blocks.json(goaway).get("reason").asString()).isEqualTo("maintenance");
				assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			}
			try (SseClient again = opened(node.stream("m-" + this.user + 0).query("client", "page"), topic)) {
				assertThat(again.end()).isNull();
			}
		}
		finally {
			streams.forEach(SseClient::close);
		}
	}

	@Test
	void manyUsersAreKickedThoughScriptsGoInBatches() {
		String topic = newTopic();
		List<SseClient> streams = new ArrayList<>();
		try {
			IntStream.range(0, 250).forEach((i) -> streams.add(node.open("k-" + this.user + i, topic)));
			assertThat(ask(CallName.DISCONNECT, "{\"channel\":\"" + topic + "\",\"reason\":\"logout\",\"graceMs\":0}")
				.get("connections")
				.asInt()).isEqualTo(250);
			streams.forEach((stream) -> assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE));
		}
		finally {
			streams.forEach(SseClient::close);
		}
	}

	// ---- what cannot be answered

	@Test
	void aNodeThatStopsMeanwhileIsSilent() {
		TestNode stopping = TestNode.start(Cluster.redis(), "stopping");
		String identity = stopping.identity();
		Cluster.backend().ask(identity, CallName.LIST_CONNECTIONS, "{}");
		stopping.close();
		assertThat(Cluster.backend().call(identity, CallName.LIST_CONNECTIONS, "{}"))
			.isInstanceOf(CallAnswer.Silence.class);
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';',
			value = { "LIST_CONNECTIONS;{\"after\":\"x\"};invalid-cursor",
					"DISCONNECT;{\"tier\":\"low\",\"graceMs\":0};not-understood",
					"DISCONNECT;{\"reason\":\"logout\"};not-understood",
					"DISCONNECT;{\"newer\":1,\"reason\":\"logout\",\"graceMs\":0};not-understood",
					"DISCONNECT;no json;not-understood", "SEND_ON;{\"windowMs\":0};not-understood",
					"SEND_ON;{\"count\":1};not-understood", "DRAIN;{\"rate\":0};not-understood",
					"SHOW_CONNECTION;{};not-understood" })
	void whatANodeDoesNotUnderstandItDoesNotDo(CallName name, String body, String error) {
		try (SseClient stream = node.open(this.user)) {
			assertThat(Cluster.backend().call(node.identity(), name, body)).isEqualTo(new CallAnswer.Refused(error));
			stream.expectNone((block) -> true, TestNode.A_WHILE);
		}
	}

	@Test
	void aCallOfALaterVersionIsRefusedByName() {
		assertThat(Cluster.backend().callByName(node.identity(), "dance")).isEqualTo("R 1 unknown-call\n");
	}

}
