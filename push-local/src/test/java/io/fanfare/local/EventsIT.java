package io.fanfare.local;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.redis.CommandLink;
import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A backend is told who comes and who leaves, also of a node that is killed. */
@Execution(ExecutionMode.CONCURRENT)
class EventsIT {

	private static final Duration SOON = Duration.ofSeconds(30);

	private static final String SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

	private final RecordingReceiver backend = new RecordingReceiver();

	@Test
	void aBackendIsToldWhoComesAndWhoLeaves() {
		try (this.backend;
				RedisProcess redis = TestRedis.start();
				Cluster cluster = TestCluster.start(redis, "--fanfare.redis.lease=4s",
						"--fanfare.redis.renew-interval=500ms", "--fanfare.events.presence=true",
						"--fanfare.events.stream-closed=true", "--fanfare.events.offline-delay=3s",
						"--fanfare.webhook.url=" + this.backend.url() + "/fanfare",
						"--fanfare.webhook.secret=" + SECRET, "--fanfare.webhook.allow-private=true")) {
			await().atMost(SOON).until(() -> told("").contains("presence.reset"));
			ApiClient api = TestCluster.backend(cluster);
			SseClient bob = open(cluster, 1, api.token("bob"), "page");
			String token = api.token("alice");
			SseClient first = open(cluster, 0, token, "page");
			await().atMost(SOON).until(() -> told("alice").equals(List.of("user.online")));
			first.close();
			await().atMost(SOON).until(() -> told("alice").contains("stream.closed client"));
			SseClient second = open(cluster, 1, token, "page");
			SseClient third = open(cluster, 0, token, "other");
			await().atMost(SOON).until(() -> told("alice").contains("stream.closed takeover"));
			// Redis does not hear of the node any more, as if it had been killed.
			cluster.node(0).getBean(CommandLink.class).close();
			await().atMost(SOON).until(() -> told("alice").contains("user.offline"));
			assertThat(told("alice")).containsExactly("user.online", "stream.closed client", "stream.closed takeover",
					"stream.closed node-lost", "user.offline");
			api.post("/v1/users/bob/disconnect", Map.of()).ok();
			await().atMost(SOON).until(() -> told("bob").contains("user.offline"));
			assertThat(told("bob")).containsExactly("user.online", "stream.closed logout", "user.offline");
			List.of(bob, second, third).forEach(SseClient::close);
		}
	}

	private static SseClient open(Cluster cluster, int node, String token, String client) {
		SseClient stream = TestCluster.stream(cluster, node, token).query("client", client).open();
		stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return stream;
	}

	/** What was told of a user, with reasons; "" for what concerns all. */
	private List<String> told(String user) {
		return this.backend.requests("/fanfare")
			.stream()
			.map((request) -> JsonMapper.shared().readTree(request.body()))
			.filter((event) -> event.required("data").path("user").asString("").equals(user))
			.map((event) -> event.required("type").asString() + reason(event.required("data")))
			.toList();
	}

	private static String reason(JsonNode data) {
		return data.has("reason") ? " " + data.required("reason").asString() : "";
	}

}
