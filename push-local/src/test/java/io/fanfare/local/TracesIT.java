package io.fanfare.local;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseBlock;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.tracing.SpanCollector;
import io.fanfare.test.tracing.SpanCollector.Span;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What a collector is sent of a cluster that traces, and what runs in one that does not.
 */
class TracesIT {

	private static final Duration SOON = Duration.ofSeconds(20);

	private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

	private static final String OTHER_TRACE = "1bf7651916cd43dd8448eb211c80319c";

	private static final String CALLER = "b7ad6b7169203331";

	private static final String USER = "alice-5c1f";

	private final SpanCollector collector = new SpanCollector();

	@AfterEach
	void close() {
		this.collector.close();
	}

	private Cluster start(TestRedis redis, String probability) {
		return TestCluster.start(redis, "--fanfare.tracing.enabled=true",
				"--management.opentelemetry.tracing.export.otlp.endpoint=" + this.collector.endpoint(),
				"--management.opentelemetry.tracing.export.schedule-delay=100ms",
				"--management.tracing.sampling.probability=" + probability);
	}

	@Test
	void aMessageIsFollowedFromItsPublishToTheStreams() {
		try (RedisProcess redis = TestRedis.start(); Cluster cluster = start(redis, "1.0")) {
			ApiClient backend = TestCluster.backend(cluster);
			try (SseClient alice = open(cluster, 0, backend.token(USER));
					SseClient bob = open(cluster, 0, backend.token("bob"));
					SseClient carol = open(cluster, 1, backend.token("carol"))) {
				String id = publish(cluster, "{\"to\":{\"user\":\"" + USER + "\"},\"data\":\"one\"}",
						"00-" + TRACE + "-" + CALLER + "-01")
					.at("/id")
					.asString();
				alice.awaitBlock((block) -> id.equals(block.id()), SOON);
				Span publish = await().atMost(SOON).until(() -> one("publish", TRACE), (span) -> span != null);
				assertThat(publish.parentId()).isEqualTo(CALLER);
				assertThat(publish.kind()).isEqualTo(4);
				assertThat(publish.service()).isEqualTo("push-api");
				assertThat(publish.failed()).isFalse();
				assertThat(publish.attributes()).containsEntry("fanfare.message.id", id)
					.containsEntry("fanfare.messages", "1")
					.containsEntry("fanfare.stored", "1");
				Span deliver = await().atMost(SOON).until(() -> one("deliver", TRACE), (span) -> span != null);
				assertThat(deliver.parentId()).isEqualTo(publish.spanId());
				assertThat(deliver.kind()).isEqualTo(5);
				assertThat(deliver.service()).isEqualTo("push-node");
				assertThat(deliver.nanos()).isPositive();
				assertThat(deliver.attributes()).containsEntry("fanfare.message.id", id)
					.containsEntry("fanfare.streams", "1");
				String toAll = publish(cluster, "{\"to\":{\"all\":true},\"data\":\"all\"}",
						"00-" + OTHER_TRACE + "-" + CALLER + "-01")
					.at("/id")
					.asString();
				List.of(alice, bob, carol)
					.forEach((stream) -> stream.awaitBlock((block) -> toAll.equals(block.id()), SOON));
				await().atMost(SOON).until(() -> inTrace("deliver", OTHER_TRACE).size() == 2);
				assertThat(inTrace("deliver", OTHER_TRACE))
					.extracting((span) -> span.attributes().get("fanfare.streams"))
					.containsExactlyInAnyOrder("2", "1");
				await().atMost(SOON).until(() -> this.collector.spans("claim").size() == 3);
			}
			assertThat(this.collector.spans("catch-up")).isEmpty();
			try (SseClient again = SseClient.request("127.0.0.1", cluster.streamPort(1), "/events")
				.bearer(backend.token(USER))
				.query("lastEventId", "1-0")
				.open()) {
				SseBlock first = again.awaitBlock((block) -> block.fires("push.connected"), SOON);
				again.awaitBlock((block) -> "all".equals(block.data()), SOON);
				await().atMost(SOON).until(() -> this.collector.spans("catch-up").size() == 1);
				Span catchUp = this.collector.spans("catch-up").getFirst();
				String connection = JsonMapper.shared().readTree(first.data()).at("/connection").asString();
				assertThat(catchUp.attributes()).containsEntry("fanfare.connection", connection)
					.containsEntry("fanfare.messages", "2");
				assertThat(catchUp.failed()).isFalse();
				assertThat(catchUp.parentId()).isEmpty();
				await().atMost(SOON)
					.until(() -> this.collector.spans("claim")
						.stream()
						.anyMatch((span) -> connection.equals(span.attributes().get("fanfare.connection"))
								&& "owner".equals(span.attributes().get("fanfare.outcome"))));
			}
			// Neither requests, nor commands, nor reads of history make any.
			assertThat(this.collector.spans().stream().map(Span::name).collect(Collectors.toSet()))
				.isEqualTo(Set.of("publish", "deliver", "claim", "catch-up"));
			assertThat(inTrace("deliver", TRACE)).hasSize(1);
			assertThat(this.collector.spans().toString()).doesNotContain(USER, "user:", "one\"");
		}
	}

	@Test
	void aCallerDecidesWhetherItsTraceIsRecordedAndClientsDoNot() {
		try (RedisProcess redis = TestRedis.start(); Cluster cluster = start(redis, "0.0")) {
			ApiClient backend = TestCluster.backend(cluster);
			try (SseClient alice = TestCluster.stream(cluster, 0, backend.token(USER))
				.header("traceparent", "00-" + OTHER_TRACE + "-" + CALLER + "-01")
				.open()) {
				alice.awaitBlock((block) -> block.fires("push.connected"), SOON);
				String body = "{\"to\":{\"user\":\"" + USER + "\"},\"data\":1}";
				publish(cluster, body, "00-" + OTHER_TRACE + "-" + CALLER + "-00");
				publish(cluster, body, "00-" + OTHER_TRACE + "-" + CALLER + "-01-more");
				String last = publish(cluster, body, "00-" + TRACE + "-" + CALLER + "-01").at("/id").asString();
				alice.awaitBlock((block) -> last.equals(block.id()), SOON);
				await().atMost(SOON).until(() -> one("deliver", TRACE) != null && one("publish", TRACE) != null);
				assertThat(this.collector.spans()).hasSize(2);
			}
		}
	}

	@Test
	void nothingOfOpenTelemetryRunsWhereItIsOff() {
		Cluster cluster = TestCluster.shared();
		assertThat(cluster.node(0).getBeanDefinitionNames()).noneMatch(
				(name) -> name.toLowerCase(Locale.ROOT).matches(".{0,200}(otlp|otel|opentelemetry|zipkin).{0,200}"));
	}

	private static SseClient open(Cluster cluster, int node, String token) {
		SseClient stream = TestCluster.stream(cluster, node, token).open();
		stream.awaitBlock((block) -> block.fires("push.connected"), SOON);
		return stream;
	}

	private static JsonNode publish(Cluster cluster, String body, String traceparent) {
		Answer answer = SseClient.request("127.0.0.1", cluster.apiPort(), "/v1/messages")
			.method("POST")
			.bearer(TestCluster.apiKey())
			.header("Accept", "application/json")
			.header("traceparent", traceparent)
			.body("application/json", body)
			.fetch();
		assertThat(answer.status()).as(answer.toString()).isEqualTo(200);
		return JsonMapper.shared().readTree(answer.text());
	}

	private List<Span> inTrace(String name, String trace) {
		return this.collector.spans(name).stream().filter((span) -> span.traceId().equals(trace)).toList();
	}

	private Span one(String name, String trace) {
		return inTrace(name, trace).stream().findFirst().orElse(null);
	}

}
