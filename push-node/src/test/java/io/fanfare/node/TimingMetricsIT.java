package io.fanfare.node;

import java.time.Duration;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static io.fanfare.node.TestNode.opened;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What a node measures of what really happens. */
class TimingMetricsIT {

	private static TestNode node;

	private final String user = newUser();

	@BeforeAll
	static void startNode() {
		node = TestNode.start(Cluster.redis(), "timed", "--fanfare.connections.ack-timeout=500ms");
	}

	@AfterAll
	static void stopNode() {
		if (node != null) {
			node.close();
		}
	}

	@Test
	void theWayOfAMessageIsMeasuredFromTheLinkToTheSocket() {
		try (SseClient stream = node.open(this.user)) {
			await().atMost(SOON).untilAsserted(() -> {
				Cluster.backend().publish(ChannelName.user(this.user), "one");
				stream.awaitBlock(Blocks::isMessage, SOON);
				for (String stage : new String[] { "received", "taken", "written" }) {
					assertThat(node.meter("sse.delivery.stage", "stage", stage)).as(stage).isPositive();
				}
			});
			await().atMost(SOON).until(() -> node.meter("sse.bytes.sent") > 200);
		}
	}

	@Test
	void aStreamThatComesBackIsCountedWithWhatItReplayed() {
		String cursor;
		try (SseClient stream = node.open(this.user)) {
			Cluster.backend().publish(ChannelName.user(this.user), "one");
			cursor = stream.awaitBlock(Blocks::isMessage, SOON).id();
		}
		Cluster.backend().publish(ChannelName.user(this.user), "two");
		double complete = node.meter("sse.resumes", "outcome", "complete");
		double gaps = node.meter("sse.resumes", "outcome", "gap");
		double replays = node.meter("sse.replay.messages");
		try (SseClient stream = opened(node.stream(this.user).header("Last-Event-ID", cursor))) {
			stream.awaitBlock(Blocks::isMessage, SOON);
			await().atMost(SOON).until(() -> node.meter("sse.resumes", "outcome", "complete") > complete);
			assertThat(node.meter("sse.replay.messages")).isGreaterThan(replays);
			assertThat(node.meter("sse.resumes", "outcome", "gap")).isEqualTo(gaps);
		}
		try (SseClient stream = opened(node.stream(this.user).header("Last-Event-ID", "not-a-cursor"))) {
			stream.awaitBlock((block) -> block.fires("push.gap"), SOON);
			await().atMost(SOON).until(() -> node.meter("sse.resumes", "outcome", "gap") > gaps);
		}
	}

	@Test
	void kicksAreTimedByReason() {
		double takeovers = node.meter("sse.kick.latency", "reason", "takeover");
		double logouts = node.meter("sse.kick.latency", "reason", "logout");
		try (SseClient first = opened(node.stream(this.user).query("client", "first"))) {
			try (SseClient second = opened(node.stream(this.user).query("client", "second"))) {
				first.awaitBlock((block) -> block.fires("push.kicked"), SOON);
				await().atMost(SOON).until(() -> node.meter("sse.kick.latency", "reason", "takeover") > takeovers);
				Cluster.backend().presence().disconnect(this.user, CloseReason.LOGOUT, Duration.ZERO, null).join();
				second.awaitBlock((block) -> block.fires("push.kicked"), SOON);
				await().atMost(SOON).until(() -> node.meter("sse.kick.latency", "reason", "logout") > logouts);
			}
		}
	}

	@Test
	void answersOfClientsTheLinkAndRedisAreTimed() {
		try (SseClient stream = opened(node.stream(this.user).query("client", "page").query("ack", "1"))) {
			SseBlock probe = stream.awaitBlock((block) -> block.fires("push.probe"), SOON);
			node.request("/events/ack")
				.method("POST")
				.body("text/plain",
						"{\"key\":\"" + Blocks.json(stream.blocks().getFirst()).get("key").asString()
								+ "\",\"nonces\":[\"" + Blocks.json(probe).get("nonce").asString() + "\"]}")
				.fetch();
			await().atMost(SOON).until(() -> node.meter("sse.probe.round.trip") > 0);
		}
		await().atMost(SOON).until(() -> node.meter("fanfare.probe.round.trip") > 0);
		assertThat(node.meter("fanfare.redis.command", "call", "claim-user")).isPositive();
		assertThat(node.meter("fanfare.redis.command", "call", "probe-node")).isPositive();
		assertThat(node.meter("fanfare.memory.direct")).isPositive();
		assertThat(node.meter("fanfare.memory.direct.limit")).isGreaterThan(node.meter("fanfare.memory.direct"));
		assertThat(node.meter("fanfare.draining")).isZero();
	}

}
