package io.fanfare.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** What a cluster logs as JSON, at the finest level. */
@Execution(ExecutionMode.CONCURRENT)
class JsonLogsIT {

	/** In each payload, and nowhere else. */
	private static final String MARK = "payload5c1f";

	/** As without a configuration, which this module has. */
	private static final String CONFIGURATION = """
			<configuration>
				<include resource="org/springframework/boot/logging/logback/defaults.xml"/>
				<include resource="org/springframework/boot/logging/logback/structured-console-appender.xml"/>
				<root level="INFO"><appender-ref ref="CONSOLE"/></root>
			</configuration>
			""";

	private static final Duration SOON = Duration.ofSeconds(20);

	@TempDir
	Path directory;

	@Test
	void everyLineIsAnObjectAndNoneHasAPayload() throws Exception {
		Path configuration = Files.writeString(this.directory.resolve("logback.xml"), CONFIGURATION);
		try (TestRedis redis = TestRedis.start();
				ClusterProcess cluster = ClusterProcess.start(redis.url(RedisUser.BOTH), this.directory,
						"logging.config=" + configuration.toUri(), "logging.structured.format.console=ecs",
						"logging.level.root=debug", "logging.level.io.fanfare=trace", "fanfare.log.streams=true")) {
			use(cluster);
			await().atMost(SOON)
				.until(() -> lines().stream().anyMatch((line) -> line.at("/stream/kind").asString().equals("ended")));
		}
		String log = Files.readString(this.directory.resolve("cluster.log"));
		assertThat(log.contains("\"DEBUG\"") && log.contains("\"TRACE\"")).isTrue();
		assertThat(log.lines().filter((line) -> line.contains(MARK))).isEmpty();
		assertThat(lines()).anySatisfy((line) -> {
			assertThat(line.at("/log/logger").asString()).isEqualTo("io.fanfare.streams");
			assertThat(line.at("/stream/kind").asString()).isEqualTo("began");
			assertThat(line.at("/stream/user").asString()).matches("[0-9a-f]{16}");
		}).anySatisfy((line) -> {
			assertThat(line.at("/log/logger").asString()).isEqualTo("io.fanfare.audit");
			assertThat(line.at("/audit/operation").asString()).isEqualTo("disconnectUser");
			assertThat(line.at("/audit/request").asString()).isEqualTo("request-7")
				.isEqualTo(line.at("/http/request/id").asString());
		}).anySatisfy((line) -> assertThat(line.at("/audit/kind").asString()).isEqualTo("refused"));
	}

	/**
	 * Payloads that are stored, refused, replayed, received, listed, erased and copied.
	 */
	private static void use(ClusterProcess cluster) {
		ApiClient backend = cluster.backend();
		backend.toUser("alice", MARK);
		try (SseClient stream = SseClient.request("127.0.0.1", cluster.streamPort(0), "/events")
			.bearer(backend.token("alice"))
			.query("channel", "news")
			.query("lastEventId", "1-0")
			.open()) {
			stream.awaitBlock((block) -> MARK.equals(block.data()), SOON);
			String id = backend.toChannel("news", MARK);
			stream.awaitBlock((block) -> id.equals(block.id()), SOON);
			backend.publish(Map.of("to", Map.of("users", List.of("alice", "bob")), "data", Map.of("m", MARK)));
			backend.publish(Map.of("to", Map.of("all", true), "data", MARK, "ephemeral", true));
			backend.publish(Map.of("to", Map.of("all", true), "data", MARK, "event", "push." + MARK));
			backend.post("/v1/messages/batch",
					Map.of("messages", List.of(Map.of("to", Map.of("user", "alice"), "data", List.of(MARK)))), "key-1");
			backend.get("/v1/channels/news/messages");
			SseClient.request("127.0.0.1", cluster.apiPort(), "/v1/messages").bearer("no-such-key").fetch();
			assertThat(SseClient.request("127.0.0.1", cluster.apiPort(), "/v1/users/alice/disconnect")
				.method("POST")
				.bearer(TestCluster.apiKey())
				.header("Accept", "application/json")
				.header("X-Request-Id", "request-7")
				.body("application/json", "{\"mode\":\"now\"}")
				.fetch()
				.status()).isEqualTo(202);
			stream.awaitEnd(SOON);
		}
	}

	/** All but what the local cluster itself says, which is for people. */
	private List<JsonNode> lines() throws Exception {
		return Files.readAllLines(this.directory.resolve("cluster.log"))
			.stream()
			.filter((line) -> line.startsWith("{"))
			.map(JsonMapper.shared()::readTree)
			.toList();
	}

}
