package io.fanfare.local;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A backend is told of each message with a deadline, once, whether it arrived. */
class ReceiptsIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	/** Longer than a process of the API that has just started gives no verdict. */
	private static final Duration WITHIN = Duration.ofSeconds(8);

	/** How late a verdict may be. */
	private static final Duration LATE = Duration.ofSeconds(2);

	private static final String SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

	/** By message and user, when its verdict is due. */
	private final Map<String, Instant> deadlines = new HashMap<>();

	private final RecordingReceiver backend = new RecordingReceiver();

	@Test
	void eachMessageHasOneVerdict() {
		try (this.backend; RedisProcess redis = TestRedis.start(); Cluster cluster = start(redis)) {
			ApiClient api = TestCluster.backend(cluster);
			SseClient live = open(cluster, 0, api.token("live"), "page", null);
			SseClient silent = open(cluster, 1, api.token("silent"), "page", null);
			String toMany = publish(api, WITHIN, "live", "silent", "offline");
			assertThat(acknowledge(cluster, 0, live, received(live, toMany))).isEqualTo(204);
			received(silent, toMany);
			awaitVerdict("live", "receipt.delivered", null);

			// Another client takes the user over before the first one acknowledges.
			SseClient displaced = open(cluster, 0, api.token("moved"), "first", null);
			String early = publish(api, WITHIN, "moved");
			received(displaced, early);
			SseClient newer = open(cluster, 1, api.token("moved"), "second", early);
			assertThat(acknowledge(cluster, 1, newer, early)).isEqualTo(204);
			String later = publish(api, WITHIN, "moved");
			assertThat(acknowledge(cluster, 1, newer, received(newer, later))).isEqualTo(204);

			// The client comes back, and acknowledges only then.
			SseClient before = open(cluster, 0, api.token("back"), "page", null);
			String gone = publish(api, Duration.ofSeconds(20), "back");
			received(before, gone);
			before.close();
			await().atMost(SOON).until(() -> TestCluster.size(cluster, 0) == 1);
			SseClient after = open(cluster, 1, api.token("back"), "page", gone);
			assertThat(acknowledge(cluster, 1, after, gone)).isEqualTo(204);
			awaitVerdict("back", "receipt.delivered", null);

			// The same, where the newer stream begins before the older one ends.
			SseClient older = open(cluster, 0, api.token("swift"), "page", null);
			String swift = publish(api, Duration.ofSeconds(20), "swift");
			received(older, swift);
			SseClient swifter = open(cluster, 1, api.token("swift"), "page", swift);
			older.awaitEnd(SOON);
			await().atMost(SOON).until(() -> {
				assertThat(acknowledge(cluster, 1, swifter, swift)).isEqualTo(204);
				return !verdicts("swift").isEmpty();
			});

			awaitVerdict("silent", "receipt.undelivered", "unacknowledged");
			awaitVerdict("offline", "receipt.undelivered", "offline");
			await().atMost(SOON).until(() -> verdicts("moved").size() == 2);
			assertThat(verdict("moved", early)).isEqualTo("receipt.undelivered unacknowledged");
			assertThat(verdict("moved", later)).isEqualTo("receipt.delivered");
			assertThat(verdict("swift", swift)).isEqualTo("receipt.delivered");
			assertAllOnceAndInTime();
			List.of(live, silent, displaced, newer, after, swifter).forEach(SseClient::close);
		}
	}

	@Test
	void noVerdictIsLostWhileTheApiIsClosed() {
		try (this.backend; RedisProcess redis = TestRedis.start()) {
			Duration within = Duration.ofSeconds(25);
			String acknowledged;
			try (Cluster cluster = start(redis)) {
				ApiClient api = TestCluster.backend(cluster);
				SseClient live = open(cluster, 0, api.token("live"), "page", null);
				acknowledged = publish(api, within, "live", "offline");
				assertThat(acknowledge(cluster, 0, live, received(live, acknowledged))).isEqualTo(204);
				live.close();
			}
			try (Cluster again = start(redis)) {
				assertThat(again.apiPort()).isPositive();
				await().atMost(within.plus(SOON)).until(() -> verdicts("offline").size() == 1);
				assertThat(verdict("live", acknowledged)).isEqualTo("receipt.delivered");
				assertAllOnceAndInTime();
			}
		}
	}

	private Cluster start(TestRedis redis) {
		return TestCluster.start(redis, "--fanfare.receipts.enabled=true",
				"--fanfare.webhook.url=" + this.backend.url() + "/fanfare", "--fanfare.webhook.secret=" + SECRET,
				"--fanfare.webhook.allow-private=true");
	}

	/** Returns the id that the message has for the first user. */
	private String publish(ApiClient api, Duration within, String... users) {
		JsonNode answer = api
			.post("/v1/messages", Map.of("to", Map.of("users", List.of(users)), "data", "hello", "receipt",
					Map.of("within", within.toString())))
			.ok();
		Instant due = Instant.now().plus(within);
		for (JsonNode recipient : answer.required("recipients")) {
			this.deadlines.put(recipient.required("user").asString() + " " + recipient.required("id").asString(), due);
		}
		return answer.required("recipients").get(0).required("id").asString();
	}

	private static SseClient open(Cluster cluster, int node, String token, String client, @Nullable String cursor) {
		SseRequest request = TestCluster.stream(cluster, node, token).query("client", client);
		SseClient stream = ((cursor != null) ? request.lastEventId(cursor) : request).open();
		stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return stream;
	}

	/** Waits for the message, and returns the id that it has for this stream. */
	private static String received(SseClient stream, String id) {
		return Objects.requireNonNull(stream
			.awaitBlock((block) -> block.fires("message") && compare(Objects.requireNonNull(block.id()), id) >= 0, SOON)
			.id());
	}

	private static int compare(String one, String other) {
		String[] a = one.split("-");
		String[] b = other.split("-");
		int byMillis = Long.compare(Long.parseLong(a[0]), Long.parseLong(b[0]));
		return (byMillis != 0) ? byMillis : Long.compare(Long.parseLong(a[1]), Long.parseLong(b[1]));
	}

	/** Says that the client has received everything up to an id; returns the status. */
	private static int acknowledge(Cluster cluster, int node, SseClient stream, String cursor) {
		String key = json(stream.blocks()
			.stream()
			.filter((block) -> block.fires("push.connected"))
			.map((block) -> Objects.requireNonNull(block.data()))
			.findFirst()
			.orElseThrow()).required("key").asString();
		return SseClient.request("127.0.0.1", cluster.streamPort(node), "/events/ack")
			.method("POST")
			.body("text/plain", "{\"key\":\"" + key + "\",\"cursor\":\"" + cursor + "\"}")
			.fetch()
			.status();
	}

	private void awaitVerdict(String user, String type, @Nullable String reason) {
		String expected = (reason != null) ? type + " " + reason : type;
		await().atMost(SOON).until(() -> verdicts(user).equals(List.of(expected)));
	}

	/** What was told of a user's messages, in order. */
	private List<String> verdicts(String user) {
		return events().filter((event) -> event.required("data").required("user").asString().equals(user))
			.map(ReceiptsIT::text)
			.toList();
	}

	private String verdict(String user, String id) {
		return events().filter((event) -> message(event).equals(user + " " + id))
			.map(ReceiptsIT::text)
			.findFirst()
			.orElse("none");
	}

	private void assertAllOnceAndInTime() {
		assertThat(events().map(ReceiptsIT::message).toList())
			.containsExactlyInAnyOrderElementsOf(this.deadlines.keySet());
		events().forEach((event) -> assertThat(Instant.ofEpochMilli(event.required("at").asLong())).as(event.toString())
			.isBefore(this.deadlines.get(message(event)).plus(LATE)));
	}

	private Stream<JsonNode> events() {
		return this.backend.requests("/fanfare").stream().map((request) -> json(request.body()));
	}

	private static String message(JsonNode event) {
		return event.required("data").required("user").asString() + " "
				+ event.required("data").required("id").asString();
	}

	private static String text(JsonNode event) {
		JsonNode reason = event.required("data").path("reason");
		return event.required("type").asString() + (reason.isMissingNode() ? "" : " " + reason.asString());
	}

	private static JsonNode json(String text) {
		return JsonMapper.shared().readTree(text);
	}

}
