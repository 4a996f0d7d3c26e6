package io.fanfare.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
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

	private final ApiClient backend = new ApiClient("http://localhost:8080", "dev-secret");

	@BeforeAll
	void up() {
		compose("up", "-d");
		await().atMost(START).until(() -> compose("logs", "welcome").contains("http://localhost:8080/#key=dev-secret"));
	}

	@AfterAll
	void down() {
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

	private static SseClient open(String token, String cursor) {
		return SseClient.request("localhost", 8000, "/events")
			.query("client", "compose")
			.bearer(token)
			.lastEventId(cursor)
			.open();
	}

	private static String compose(String... words) {
		List<String> command = new ArrayList<>(isPlugin() ? List.of("docker", "compose") : List.of("docker-compose"));
		command.addAll(List.of("-p", "fanfare-test"));
		command.addAll(List.of(words));
		return run(command);
	}

	private static boolean isPlugin() {
		return Stream
			.of("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins",
					System.getProperty("user.home") + "/.docker/cli-plugins")
			.anyMatch((folder) -> Files.exists(Path.of(folder, "docker-compose")));
	}

	private static String run(List<String> command) {
		return ChildProcess.command(command).directory(root()).run(TIME).orThrow();
	}

	private static Path root() {
		Path folder = Path.of("").toAbsolutePath();
		while (!Files.exists(folder.resolve("docker-compose.yml"))) {
			folder = folder.getParent();
		}
		return folder;
	}

}
