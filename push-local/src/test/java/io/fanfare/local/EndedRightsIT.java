package io.fanfare.local;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/** What a backend takes away by a call, as far as the streams of two nodes. */
class EndedRightsIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private final Cluster cluster = TestCluster.shared();

	private final ApiClient backend = TestCluster.backend(this.cluster);

	private SseClient open(SseRequest request) {
		SseClient stream = request.open();
		stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return stream;
	}

	private SseRequest stream(int node, String token) {
		return TestCluster.stream(this.cluster, node, token);
	}

	private static JsonNode data(SseBlock block) {
		return JsonMapper.shared().readTree(block.data());
	}

	private Answer lift(String query) {
		return SseClient.request("127.0.0.1", this.cluster.apiPort(), "/v1/revocations?" + query)
			.method("DELETE")
			.bearer(TestCluster.apiKey())
			.header("Accept", "application/json")
			.fetch();
	}

	@Test
	void aUserWhoIsBlockedIsGivenNoticeAndNoTokenOpensAStream() {
		String user = "right-blocked";
		try (SseClient stream = open(stream(0, this.backend.token(user)))) {
			this.backend
				.post("/v1/users/" + user + "/disconnect",
						Map.of("reason", "permission-change", "block", "PT1H", "delay", "PT1S", "message",
								"Bye \u00e4"))
				.ok();
			SseBlock kicked = stream.awaitBlock((block) -> block.fires("push.kicked"), SOON);
			assertThat(kicked.id()).startsWith("k.");
			assertThat(data(kicked).required("reason").asString()).isEqualTo("permission-change");
			assertThat(data(kicked).required("delayMs").asInt()).isEqualTo(1_000);
			assertThat(data(kicked).required("message").asString()).isEqualTo("Bye \u00e4");
			assertThat(stream.awaitEnd(SOON)).isEqualTo(End.COMPLETE);
			assertThat(Duration.between(kicked.at(), Instant.now())).isGreaterThan(Duration.ofMillis(900));
		}
		for (int node : List.of(0, 1)) {
			SseRequest later = stream(node, this.backend.token(user)).query("client", "later");
			SseBlock refused = later.open().nextBlock(SOON);
			assertThat(refused.type()).isEqualTo("push.kicked");
			assertThat(data(refused).required("reason").asString()).isEqualTo("revoked");
			assertThat(later.query("strict", "1").fetch().status()).isEqualTo(401);
		}
		assertThat(lift("user=" + user).status()).isEqualTo(200);
		open(stream(1, this.backend.token(user)).query("client", "later")).close();
	}

	@Test
	void aTopicThatIsTakenAwayIsToldOnLiveStreamsAndOnLaterOnes() {
		String user = "right-of-topic";
		String token = this.backend
			.post("/v1/tokens", Map.of("user", user, "channels", List.of("right-taken", "right-kept")))
			.ok()
			.required("token")
			.asString();
		SseRequest request = stream(0, token).query("channel", "right-taken").query("channel", "right-kept");
		try (SseClient stream = open(request)) {
			this.backend
				.post("/v1/revocations", Map.of("user", user, "channel", "right-taken", "reason", "no longer yours"))
				.ok();
			SseBlock told = stream.awaitBlock((block) -> block.fires("push.unsubscribed"), SOON);
			assertThat(data(told).required("channel").asString()).isEqualTo("right-taken");
			assertThat(data(told).required("reason").asString()).isEqualTo("no longer yours");
			this.backend.post("/v1/messages", Map.of("to", Map.of("channel", "right-taken"), "data", "hidden")).ok();
			this.backend.post("/v1/messages", Map.of("to", Map.of("channel", "right-kept"), "data", "seen")).ok();
			stream.awaitBlock((block) -> "seen".equals(block.data()), SOON);
			assertThat(stream.blocks()).noneMatch((block) -> "hidden".equals(block.data()));
		}
		try (SseClient again = request.open()) {
			assertThat(again.status()).isEqualTo(200);
			SseBlock begun = again.nextBlock(SOON);
			assertThat(begun.type()).isEqualTo("push.connected");
			SseBlock told = again.nextBlock(SOON);
			assertThat(told.type()).isEqualTo("push.unsubscribed");
			assertThat(told.id()).isEqualTo(begun.id());
		}
	}

}
