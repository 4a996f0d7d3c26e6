package io.fanfare.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * The shipped {@code docker-compose.yml}: up by one command, and each container restarted
 * and made anew. Needs a Docker engine and minutes, so it runs where it is asked for:
 * {@code -Dfanfare.test.compose=true}. Builds the images where they are missing, and uses
 * the ports that the file publishes.
 */
@EnabledIfSystemProperty(named = "fanfare.test.compose", matches = "true")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ComposeIT {

	private static final Duration START = Duration.ofMinutes(3);

	/** With images to build. */
	private static final Duration TIME = Duration.ofMinutes(20);

	private static final Duration SOON = Duration.ofSeconds(60);

	private static final String API_SECRET = "api-" + UUID.randomUUID();

	private static final String OPERATOR = "operator-" + UUID.randomUUID();

	/** What the file demands; compose prefers it to what stands in a {@code .env}. */
	private static final Map<String, String> SECRETS = Map.of("FANFARE_JWT_SECRET", "jwt-" + UUID.randomUUID(),
			"FANFARE_API_KEYS", "backend:" + API_SECRET + ":publish+read+admin+tokens", "FANFARE_REDIS_NODE_PASSWORD",
			"node-" + UUID.randomUUID(), "FANFARE_REDIS_API_PASSWORD", "redis-" + UUID.randomUUID(),
			"FANFARE_REDIS_OPERATOR_PASSWORD", OPERATOR);

	private final ApiClient backend = new ApiClient("http://localhost:8080", API_SECRET);

	@BeforeAll
	void up() {
		compose("up", "-d");
		await().atMost(START).until(() -> compose("logs", "welcome").contains("http://localhost:8080/#key="));
	}

	/** What the rules of Redis's users deny is a line of its log. */
	@AfterAll
	void nothingWasDenied() {
		String denied;
		try {
			denied = compose("exec", "-T", "redis", "redis-cli", "--user", "fanfare-operator", "--pass", OPERATOR,
					"--no-auth-warning", "acl", "log");
		}
		finally {
			down();
		}
		assertThat(denied).doesNotContain("fanfare-node", "fanfare-api");
	}

	private static void down() {
		compose("down", "--volumes");
	}

	@ParameterizedTest
	@ValueSource(strings = { "nginx", "node-1", "node-2", "api", "redis" })
	void aContainerMayBeRestartedTwice(String container) {
		String user = "user-" + UUID.randomUUID();
		String token = await().atMost(SOON).ignoreExceptions().until(() -> this.backend.token(user), (made) -> true);
		String cursor = await().atMost(SOON)
			.ignoreExceptions()
			.until(() -> this.backend.toUser(user, "before"), (id) -> true);
		try (SseClient before = open(token, cursor)) {
			before.awaitBlock((block) -> block.fires("push.connected"), SOON);
			compose("restart", container);
			compose("restart", container);
		}
		List<String> sent = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			String data = "after " + i;
			await().atMost(SOON).ignoreExceptions().until(() -> this.backend.toUser(user, data), (id) -> true);
			sent.add(data);
		}
		await().atMost(SOON).ignoreExceptions().untilAsserted(() -> {
			try (SseClient after = open(token, cursor)) {
				after.awaitBlock((block) -> "after 2".equals(block.data()), Duration.ofSeconds(5));
				assertThat(after.blocks()
					.stream()
					.filter((block) -> block.fires("message"))
					.map((block) -> String.valueOf(block.data()))
					.distinct()).containsExactlyElementsOf(sent);
			}
		});
	}

	/** Its policy lets it connect to what the API names alone. */
	@Test
	void thePageIsToldOfStreamsThatItMayOpen() {
		Answer page = SseClient.request("localhost", 8080, "/").fetch();
		Answer streams = SseClient.request("localhost", 8080, "/streams.js").fetch();
		for (int port : List.of(8081, 8082)) {
			assertThat(page.header("Content-Security-Policy")).contains("http://localhost:" + port);
			assertThat(streams.text()).contains("\"http://localhost:" + port + "/events\"");
			Answer probe = SseClient.request("localhost", port, "/events")
				.header("Origin", "http://localhost:8080")
				.fetch();
			assertThat(probe.status()).isEqualTo(401);
			assertThat(probe.header("Access-Control-Allow-Origin")).isEqualTo("http://localhost:8080");
		}
	}

	@Test
	void redisIsReachedByNodesAndTheApiAlone() {
		assertThat(inside("node-1", "getent hosts redis")).isNotBlank();
		assertThat(inside("api", "getent hosts redis")).isNotBlank();
		assertThat(inside("nginx", "getent hosts redis || echo none")).contains("none");
		assertThat(inside("redis", "redis-cli ping")).contains("NOAUTH");
	}

	@ParameterizedTest
	@ValueSource(strings = { "nginx", "node-1", "node-2", "api", "redis" })
	void aContainerHasNoRights(String container) {
		assertThat(inside(container, "id -u")).doesNotStartWith("0");
		assertThat(inside(container, "grep -E 'CapEff|NoNewPrivs' /proc/1/status")).containsPattern("CapEff:\\s+0+\n")
			.containsPattern("NoNewPrivs:\\s+1");
		assertThat(inside(container, "touch /etc/written 2>&1 || true")).contains("Read-only file system");
	}

	private static String inside(String container, String command) {
		return compose("exec", "-T", container, "sh", "-c", command);
	}

	@ParameterizedTest
	@ValueSource(strings = { "FANFARE_JWT_SECRET", "FANFARE_API_KEYS", "FANFARE_REDIS_NODE_PASSWORD",
			"FANFARE_REDIS_API_PASSWORD", "FANFARE_REDIS_OPERATOR_PASSWORD" })
	void withoutASecretNothingStarts(String variable) {
		Map<String, String> others = new HashMap<>(SECRETS);
		others.put(variable, "");
		assertThatThrownBy(() -> run(command("config"), others)).hasMessageContaining(variable)
			.hasMessageContaining("is not set, see .env.example");
	}

	private static SseClient open(String token, String cursor) {
		return SseClient.request("localhost", 8000, "/events")
			.query("client", "compose")
			.bearer(token)
			.lastEventId(cursor)
			.open();
	}

	private static String compose(String... words) {
		return run(command(words), SECRETS);
	}

	private static List<String> command(String... words) {
		List<String> command = new ArrayList<>(isPlugin() ? List.of("docker", "compose") : List.of("docker-compose"));
		command.addAll(List.of("-p", "fanfare-test"));
		command.addAll(List.of(words));
		return command;
	}

	private static boolean isPlugin() {
		return Stream
			.of("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins",
					System.getProperty("user.home") + "/.docker/cli-plugins")
			.anyMatch((folder) -> Files.exists(Path.of(folder, "docker-compose")));
	}

	private static String run(List<String> command, Map<String, String> environment) {
		return ChildProcess.command(command)
			.directory(root())
			.environment((all) -> all.putAll(environment))
			.run(TIME)
			.orThrow();
	}

	private static Path root() {
		Path folder = Path.of("").toAbsolutePath();
		while (!Files.exists(folder.resolve("docker-compose.yml"))) {
			folder = folder.getParent();
		}
		return folder;
	}

}
