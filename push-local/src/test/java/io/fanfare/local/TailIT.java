package io.fanfare.local;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/** Tails of users whose streams are on real nodes. */
class TailIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final Duration FAST = Duration.ofMillis(200);

	private static final int MESSAGES = 21;

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	private SseClient tail(String user) {
		SseClient tail = SseClient.request("127.0.0.1", this.cluster.apiPort(), "/v1/users/" + user + "/tail")
			.bearer(TestCluster.apiKey())
			.open();
		tail.awaitBlock((block) -> block.fires("tail.begin"), SOON);
		return tail;
	}

	private static JsonNode next(SseClient tail, String event, String text) {
		SseBlock block = tail.awaitBlock((one) -> one.fires(event) && one.data().contains(text), SOON);
		return JsonMapper.shared().readTree(block.data());
	}

	@Test
	void whatAStreamIsSentIsCopiedFromItsFirstBlockOnWithinMoments() {
		String user = "tailed";
		try (SseClient tail = tail(user)) {
			// The nodes were asked: a tail of an open stream says so.
			try (SseClient other = TestCluster.stream(this.cluster, 1, this.backend.token(user)).open()) {
				next(tail, "tail.stream", "node-2.");
				other.awaitBlock((block) -> block.fires("push.connected"), SOON);
			}
			next(tail, "tail.closed", "\"reason\":\"client\"");
			try (SseClient stream = TestCluster.stream(this.cluster, 0, this.backend.token(user)).open()) {
				SseBlock connected = stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
				JsonNode copy = next(tail, "tail.sent", "node-1");
				JsonNode own = JsonMapper.shared().readTree(connected.data());
				assertThat(copy.get("event").stringValue()).isEqualTo("push.connected");
				assertThat(copy.get("id").stringValue()).isEqualTo(connected.id());
				assertThat(own.get("key").stringValue()).isNotEmpty();
				JsonNode shown = JsonMapper.shared().readTree(copy.get("data").stringValue());
				assertThat(shown.get("connection")).isEqualTo(own.get("connection"));
				assertThat(shown.get("key").stringValue()).isEmpty();

				List<Duration> took = new ArrayList<>();
				for (int i = 0; i < MESSAGES; i++) {
					String id = this.backend.toUser(user, "number " + i + ".");
					long published = System.nanoTime();
					JsonNode sent = next(tail, "tail.sent", "number " + i + ".");
					took.add(Duration.ofNanos(System.nanoTime() - published));
					assertThat(sent.get("id").stringValue()).isEqualTo(id);
					assertThat(sent.get("data").stringValue()).isEqualTo("number " + i + ".");
				}
				took.sort(null);
				assertThat(took.get(MESSAGES / 2)).isLessThan(FAST);
			}
		}
	}

	@Test
	void aTailFollowsItsUserToAnotherNode() {
		String user = "tailed-away";
		String token = this.backend.token(user);
		try (SseClient first = TestCluster.stream(this.cluster, 0, token).query("client", "a").open()) {
			first.awaitBlock((block) -> block.fires("push.connected"), SOON);
			try (SseClient tail = tail(user)) {
				next(tail, "tail.stream", "node-1");
				try (SseClient second = TestCluster.stream(this.cluster, 1, token).query("client", "b").open()) {
					second.awaitBlock((block) -> block.fires("push.connected"), SOON);
					assertThat(next(tail, "tail.sent", "push.kicked").get("data").stringValue()).contains("takeover");
					next(tail, "tail.closed", "\"reason\":\"takeover\"");
					this.backend.toUser(user, "for the second");
					assertThat(next(tail, "tail.sent", "for the second").get("connection").stringValue())
						.startsWith("node-2");
					this.backend.publish(Map.of("to", Map.of("all", true), "data", "for tailed and others"));
					next(tail, "tail.sent", "for tailed and others");
				}
			}
		}
	}

	/** The tail reads nothing for a while; the stream goes on. */
	@Test
	void aTailThatDoesNotReadLosesCopiesAndSlowsNothing() {
		String user = "tailed-slowly";
		String data = "x".repeat(60_000);
		try (SseClient stream = TestCluster.stream(this.cluster, 0, this.backend.token(user)).open();
				SseClient tail = tail(user)) {
			next(tail, "tail.stream", "node-1");
			for (int i = 0; i < 60; i++) {
				this.backend.toUser(user, "number " + i + "." + data);
				int number = i;
				stream.awaitBlock((block) -> block.data() != null && block.data().startsWith("number " + number + "."),
						SOON);
			}
			// More than half a MiB per second is not copied: what was dropped is counted.
			JsonNode dropped = next(tail, "tail.dropped", "blocks");
			assertThat(dropped.get("blocks").asInt()).isPositive();
			next(tail, "tail.sent", "number 59.");
		}
	}

}
