package io.fanfare.test.redis;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Launch;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.RequiredTool;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.sync.RedisCommands;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/** {@code redis/start} with {@code redis/users.acl}, as containers run it. */
class ShippedRedisIT {

	private static final Map<String, String> PASSWORDS = Map.of("FANFARE_REDIS_NODE_PASSWORD", "node-0123456789abc",
			"FANFARE_REDIS_API_PASSWORD", "api-0123456789abcd", "FANFARE_REDIS_OPERATOR_PASSWORD", "operator-01234567");

	private static final Duration START = Duration.ofSeconds(20);

	@TempDir
	private Path directory;

	private final int port = Ports.free();

	private Path server;

	@BeforeEach
	void find() {
		this.server = Assume.installed(RequiredTool.REDIS_SERVER);
	}

	private Launch launch(Map<String, String> passwords) {
		return ChildProcess.command("sh", root().resolve("redis/start").toString(), "--bind", "127.0.0.1", "--port",
				Integer.toString(this.port), "--dir", this.directory.toString(), "--appendonly", "yes", "--save", "")
			.environment((all) -> {
				all.putAll(passwords);
				all.put("FANFARE_REDIS_USERS", this.directory.toString());
				all.put("PATH", this.server.getParent() + ":" + all.get("PATH"));
			});
	}

	private static Path root() {
		Path folder = Path.of("").toAbsolutePath();
		while (!Files.exists(folder.resolve("redis/start"))) {
			folder = folder.getParent();
		}
		return folder;
	}

	private <T> T as(String user, String password, Function<RedisCommands<String, String>, T> question) {
		RedisURI uri = RedisURI.builder().withHost("127.0.0.1").withPort(this.port).build();
		if (!user.isEmpty()) {
			uri = RedisURI.builder(uri).withAuthentication(user, password.toCharArray()).build();
		}
		RedisClient client = RedisClient.create(uri);
		try {
			return question.apply(client.connect().sync());
		}
		finally {
			client.shutdown(0, 1, TimeUnit.SECONDS);
		}
	}

	/** A script's writes are in the append-only file as a transaction. */
	@Test
	void whatScriptsWroteIsThereAfterARestart() {
		String script = "redis.call('SET', KEYS[1], 'a') redis.call('HSET', KEYS[2], 'b', 'c') return 'OK'";
		String[] keys = { "fanfare:{0}:clock", "fanfare:{0}:last" };
		String password = PASSWORDS.get("FANFARE_REDIS_API_PASSWORD");
		String operator = PASSWORDS.get("FANFARE_REDIS_OPERATOR_PASSWORD");
		try (ChildProcess redis = launch(PASSWORDS).start().awaitPort(this.port, START)) {
			assertThat(this.<String>as("fanfare-api", password,
					(commands) -> commands.eval(script, ScriptOutputType.STATUS, keys)))
				.isEqualTo("OK");
			redis.stop();
		}
		try (ChildProcess redis = launch(PASSWORDS).start().awaitPort(this.port, START)) {
			assertThat(redis.isAlive()).isTrue();
			assertThat(this.<String>as("fanfare-api", password, (commands) -> commands.get(keys[0]))).isEqualTo("a");
			assertThat(this.<String>as("fanfare-api", password, (commands) -> commands.hget(keys[1], "b")))
				.isEqualTo("c");
			assertThat(this.<List<?>>as("fanfare-operator", operator, RedisCommands::aclLog)).isEmpty();
		}
	}

	@Test
	void nobodyElseIsLetIn() {
		try (ChildProcess redis = launch(PASSWORDS).start().awaitPort(this.port, START)) {
			assertThat(redis.isAlive()).isTrue();
			assertThatThrownBy(() -> as("", "", RedisCommands::ping)).hasStackTraceContaining("NOAUTH");
			assertThatThrownBy(() -> as("default", "", RedisCommands::ping)).hasStackTraceContaining("WRONGPASS");
			assertThatThrownBy(
					() -> as("fanfare-node", PASSWORDS.get("FANFARE_REDIS_API_PASSWORD"), RedisCommands::ping))
				.hasStackTraceContaining("WRONGPASS");
			assertThat(this.<String>as("fanfare-health", "any", RedisCommands::ping)).isEqualTo("PONG");
			assertThatThrownBy(() -> as("fanfare-health", "any", (commands) -> commands.get("fanfare:{0}:clock")))
				.isInstanceOf(RedisCommandExecutionException.class)
				.hasMessageContaining("NOPERM");
		}
	}

	@ParameterizedTest
	@CsvSource({ "'', is not set", "0123456789, is shorter than 16 characters",
			"0123456789abcdef&, 'may hold letters, digits, _ and - only'" })
	void aPasswordThatDoesNotFitEndsTheStart(String password, String reason) {
		Map<String, String> passwords = new HashMap<>(PASSWORDS);
		passwords.put("FANFARE_REDIS_API_PASSWORD", password);
		Launch.Completed ended = launch(passwords).run(START);
		assertThat(ended.status()).isEqualTo(1);
		assertThat(ended.output()).contains("redis/start: FANFARE_REDIS_API_PASSWORD " + reason)
			.doesNotContain("0123456789");
	}

}
