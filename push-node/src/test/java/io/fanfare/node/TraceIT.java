package io.fanfare.node;

import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallName;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newTopic;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What two nodes say of messages to one user. */
class TraceIT {

	private final String user = newUser();

	private final ChannelName own = ChannelName.user(this.user);

	private final String topic = newTopic();

	private JsonNode ask(TestNode node, ChannelName channel, String id, String stored) {
		return Cluster.backend()
			.ask(node.identity(), CallName.TRACE, "{\"user\":\"" + this.user + "\",\"channel\":\"" + channel.value()
					+ "\",\"id\":\"" + id + "\",\"stored\":\"" + stored + "\",\"expiresAt\":0}");
	}

	private List<String> steps(TestNode node, ChannelName channel, String id) {
		return ask(node, channel, id, "stored").get("streams")
			.valueStream()
			.map((stream) -> stream.get("step").asString())
			.toList();
	}

	private String send(SseClient stream, ChannelName channel, String data) {
		String id = Cluster.backend().publish(channel, data);
		stream.awaitBlock((block) -> data.equals(block.data()), SOON);
		return id;
	}

	@Test
	void aMessageIsFollowedOverTwoNodesAndTheStreamsOfItsUser() {
		String first;
		String second;
		try (SseClient stream = opened(Cluster.first().stream(this.user).query("client", "page-1"), this.topic)) {
			first = send(stream, this.own, "one");
			second = send(stream, ChannelName.topic(this.topic), "two");
			assertThat(steps(Cluster.first(), this.own, first)).containsExactly("written");
			assertThat(steps(Cluster.first(), ChannelName.topic(this.topic), second)).containsExactly("written");
			assertThat(steps(Cluster.first(), ChannelName.topic("other"), second)).containsExactly("no-right");
			JsonNode told = ask(Cluster.first(), this.own, first, "stored");
			assertThat(told.at("/route/named").asBoolean()).isTrue();
			assertThat(told.at("/route/held").asBoolean()).isTrue();
			assertThat(told.at("/streams/0/at").asLong()).isBetween(MessageId.timestamp(MessageId.parse(first)) - 1000,
					System.currentTimeMillis());
			assertThat(ask(Cluster.second(), this.own, first, "stored").get("route").isNull()).isTrue();
			// The client says that it has the first.
			Cluster.first()
				.request("/events/ack")
				.method("POST")
				.body("text/plain",
						"{\"key\":\"" + Blocks.json(stream.blocks().getFirst()).get("key").asString()
								+ "\",\"cursor\":\"" + first + "\"}")
				.fetch();
			await().atMost(SOON)
				.until(() -> ask(Cluster.first(), this.own, first, "stored").at("/streams/0/acknowledgedAt").asLong(),
						(at) -> at > 0);
			try (SseClient other = opened(Cluster.second().stream(this.user).query("client", "page-2"))) {
				stream.awaitEnd(SOON);
				String third = send(other, this.own, "three");
				await().atMost(SOON).until(() -> steps(Cluster.first(), this.own, third), List.of("missed")::equals);
				JsonNode past = ask(Cluster.first(), this.own, first, "stored").get("streams");
				assertThat(past.size()).isEqualTo(1);
				assertThat(past.at("/0/ending").asString()).isEqualTo("takeover");
				assertThat(past.at("/0/step").asString()).isEqualTo("written");
				assertThat(past.at("/0/acknowledgedAt").asLong()).isPositive();
				assertThat(steps(Cluster.second(), this.own, third)).containsExactly("written");
				assertThat(steps(Cluster.second(), this.own, first)).containsExactly("before");
			}
		}
		String offline = Cluster.backend().publish(this.own, "four");
		try (SseClient back = opened(Cluster.first().stream(this.user).query("client", "page-2").lastEventId(second))) {
			back.awaitBlock((block) -> "four".equals(block.data()), SOON);
			await().atMost(SOON)
				.until(() -> steps(Cluster.first(), this.own, offline), List.of("missed", "replayed")::equals);
		}
	}

	@Test
	void whatIsNeitherStoredNorCameWasNotForTheStream() {
		try (SseClient stream = Cluster.first().open(this.user)) {
			String id = send(stream, this.own, "one");
			String never = MessageId.format(MessageId.parse(id) - 1);
			assertThat(ask(Cluster.first(), this.own, never, "absent").at("/streams/0/step").asString()).isIn("before",
					"missed");
		}
	}

}
