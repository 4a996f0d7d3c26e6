package io.fanfare.test.redis;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.ChildProcess;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.sync.RedisCommands;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

@Timeout(60)
@ExtendWith(RedisExtension.class)
class TestRedisIT {

	@Test
	void theSharedServerIsOneAndIsEmptiedOnDemand(TestRedis redis) {
		assertThat(redis).isSameAs(TestRedis.shared());
		assertThat(ask(redis.uri(), "SET", "a")).isEqualTo("OK");
		assertThat(ask(RedisURI.create(redis.url()), "GET", "a")).isEqualTo("1");
		redis.clear();
		assertThat(ask(redis.uri(), "GET", "a")).isNull();
	}

	@Test
	void theSharedServerIsEmptyForEachTest(TestRedis redis) {
		assertThat(ask(redis.uri(), "GET", "a")).isNull();
		assertThat(ask(redis.uri(), "SET", "a")).isEqualTo("OK");
	}

	@Test
	void restartsKeepOrLoseDataOnTheSamePort() {
		try (RedisProcess redis = TestRedis.start()) {
			int port = redis.port();
			long pid = redis.pid();
			ask(redis.uri(), "SET", "a");
			redis.restart(RedisProcess.Data.KEPT);
			assertThat(ask(redis.uri(), "GET", "a")).isEqualTo("1");
			assertThat(redis.pid()).isNotEqualTo(pid);
			redis.restart(RedisProcess.Data.LOST);
			assertThat(ask(redis.uri(), "GET", "a")).isNull();
			assertThat(redis.port()).isEqualTo(port);
		}
	}

	@Test
	void aStoppedServerForgetsUnlessItWasSaved() {
		try (RedisProcess redis = TestRedis.start()) {
			ask(redis.uri(), "SET", "a");
			redis.stop();
			assertThat(redis.isAlive()).isFalse();
			assertThatIllegalStateException().isThrownBy(redis::stop);
			redis.start();
			assertThat(ask(redis.uri(), "GET", "a")).isNull();
			ask(redis.uri(), "SET", "a");
			redis.save();
			ask(redis.uri(), "SET", "b");
			redis.kill();
			redis.start();
			assertThat(ask(redis.uri(), "GET", "a")).isEqualTo("1");
			assertThat(ask(redis.uri(), "GET", "b")).as("written after the snapshot").isNull();
		}
	}

	@Test
	void anAppendOnlyFileOutlivesAKill() {
		try (RedisProcess redis = TestRedis.start("appendonly yes", "appendfsync always")) {
			ask(redis.uri(), "SET", "a");
			redis.kill();
			redis.start();
			assertThat(ask(redis.uri(), "GET", "a")).isEqualTo("1");
		}
	}

	@Test
	void aFrozenServerAnswersNothingAndThenEverything() {
		try (RedisProcess redis = TestRedis.start()) {
			RedisURI impatient = redis.uri();
			impatient.setTimeout(Duration.ofMillis(200));
			redis.freeze();
			assertThat(redis.isAlive()).isTrue();
			assertThatExceptionOfType(RuntimeException.class).isThrownBy(() -> ask(impatient, "SET", "a"))
				.withStackTraceContaining(RedisCommandTimeoutException.class.getSimpleName());
			redis.thaw();
			assertThat(ask(redis.uri(), "SET", "a")).isEqualTo("OK");
			redis.freeze();
			redis.kill();
			assertThat(redis.isAlive()).isFalse();
		}
	}

	@Test
	void aShiftedClockMovesTheTimeAndTheExpiryOfKeysAndStaysOverARestart() {
		Assume.shiftableClock();
		try (RedisProcess redis = TestRedis.startShiftable("appendonly yes", "appendfsync always")) {
			redis.ask((commands) -> commands.psetex("lease", 15_000, "1"));
			redis.shiftClock(Duration.ofMillis(14_100));
			assertThat(remaining(redis)).isBetween(0L, 900L);
			redis.shiftClock(Duration.ofMillis(-20_300));
			assertThat(remaining(redis)).isBetween(16_000L, 21_200L);
			assertThat(ahead(redis)).isBetween(-6_700L, -6_100L);
			redis.kill();
			redis.start();
			assertThat(ahead(redis)).isBetween(-6_700L, -6_100L);
			redis.shiftClock(Duration.ofSeconds(40));
			assertThat(remaining(redis)).as("expired").isEqualTo(-2);
		}
	}

	@Test
	void noOtherServersClockCanBeShifted() {
		try (RedisProcess redis = TestRedis.start()) {
			assertThatIllegalStateException().isThrownBy(() -> redis.shiftClock(Duration.ofSeconds(1)));
		}
	}

	private static long remaining(RedisProcess redis) {
		return redis.ask((commands) -> commands.pttl("lease"));
	}

	private static long ahead(RedisProcess redis) {
		List<String> time = redis.ask(RedisCommands::time);
		return Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000 - System.currentTimeMillis();
	}

	@Test
	void nothingIsLeftAfterClose() {
		RedisProcess redis = TestRedis.start();
		long pid = redis.pid();
		redis.close();
		assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
	}

	@Test
	void aWrongConfigurationIsToldWithTheServersOwnWords() {
		assertThatIllegalStateException().isThrownBy(() -> TestRedis.start("no-such-setting 1"))
			.withMessageContaining("no-such-setting");
	}

	@Test
	void theServerDiesWithAJvmThatIsKilled(@TempDir Path files) throws IOException {
		try (ChildProcess jvm = ChildProcess
			.command(ChildProcess.jdk("java"), "-cp", System.getProperty("java.class.path"), "-Xmx64m",
					"-Djava.io.tmpdir=" + files, Owner.class.getName())
			.piped()
			.start();
				BufferedReader lines = new BufferedReader(
						new InputStreamReader(jvm.stdout(), StandardCharsets.UTF_8))) {
			long redis = Long.parseLong(lines.readLine());
			Optional<ProcessHandle> handle = ProcessHandle.of(redis);
			assertThat(handle).isPresent();
			jvm.kill();
			Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> !handle.get().isAlive());
		}
	}

	private static String ask(RedisURI uri, String command, String... arguments) {
		try (RedisClient client = RedisClient.create(uri); var connection = client.connect()) {
			RedisCommands<String, String> redis = connection.sync();
			return switch (command) {
				case "GET" -> redis.get(arguments[0]);
				case "SET" -> redis.set(arguments[0], "1");
				default -> throw new IllegalArgumentException(command + List.of(arguments));
			};
		}
	}

	/**
	 * A JVM that starts a server, says its pid and waits to be killed.
	 */
	static final class Owner {

		public static void main(String[] args) throws IOException {
			try (RedisProcess redis = TestRedis.start()) {
				System.out.println(redis.pid());
				System.in.read();
			}
		}

	}

}
