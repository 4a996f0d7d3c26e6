package io.fanfare.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.MalformedRequests;
import io.fanfare.test.process.Ports;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** Nothing that clients or operators keep secret is in any log, whatever fails. */
@ExtendWith(OutputCaptureExtension.class)
class SecretsIT {

	private static final String MARKER = "mArKeR5ecret";

	private static final Duration START = Duration.ofMinutes(1);

	/** For all malformed requests together, with their log. */
	private static final Duration CPU = Duration.ofMillis(250);

	@TempDir
	private Path directory;

	/** At DEBUG, where Tomcat, Spring and Netty say what they read. */
	@Test
	void malformedRequestsLeaveNoSecretInTheLog() throws IOException {
		int port = Ports.free();
		int control = Ports.free();
		Path log = this.directory.resolve("log");
		TestRedis redis = TestRedis.shared();
		try (ChildProcess process = ChildProcess.start("TERM", log,
				List.of(ChildProcess.jdk("java"), "-XX:TieredStopAtLevel=1", "-jar", "target/push-api.jar",
						"--logging.level.root=debug", "--fanfare.control.port=" + control, "--fanfare.api.port=" + port,
						"--fanfare.api.warm-up=0", "--fanfare.jwt.secret=" + MARKER.repeat(4),
						"--fanfare.api.keys=name:" + MARKER.repeat(4) + ":read",
						"--fanfare.redis.url=" + redis.url().replace("://", "://:" + MARKER + "@")))) {
			process.awaitPort(port, START).awaitPort(control, START);
			assertThat(MalformedRequests.send(port, MARKER)).isGreaterThan(10);
			assertThat(MalformedRequests.send(control, MARKER)).isGreaterThan(10);
			assertThat(cpuOfMalformedRequests(process, port)).isLessThan(CPU);
		}
		String written = Files.readString(log);
		assertThat(written).contains("DEBUG");
		assertThat(written.lines().filter((line) -> line.contains(MARKER))).isEmpty();
	}

	/** The least of three rounds: others use the machine as well. */
	private static Duration cpuOfMalformedRequests(ChildProcess process, int port) {
		Duration least = CPU;
		for (int i = 0; i < 3 && least.compareTo(CPU) >= 0; i++) {
			Duration before = process.cpuTime();
			MalformedRequests.send(port, MARKER);
			least = process.cpuTime().minus(before);
		}
		return least;
	}

	@ParameterizedTest
	@ValueSource(strings = { "fanfare.redis.url=redis://:MARKER%zz@h", "fanfare.redis.url=redis:/:MARKER@h",
			"fanfare.redis.url=MARKER", "fanfare.redis.url=redis://u:MARKER@h:port", "fanfare.jwt.secret=MARKER",
			"fanfare.jwt.secret=MARKERMARKERMARKERMARKER\\n", "fanfare.history.age=MARKER",
			"fanfare.history.length=MARKER", "fanfare.redis.prefix=MARKER", "fanfare.redis.durable=MARKER",
			"fanfare.control.port=MARKER", "spring.data.redis.sentinel.nodes=MARKER", "fanfare.api.keys=MARKER",
			"fanfare.api.keys=a:MARKER", "fanfare.api.keys=a:x:MARKER:read",
			"fanfare.api.keys=a:MARKERMARKERMARKER:read:push.y", "fanfare.api.keys=a:sha256$MARKER:read",
			"fanfare.api.keys=a:MARKER:read", "fanfare.api.keys=a:MARKERMARKERMARKER:nothing",
			"fanfare.api.keys=a:MARKERMARKERMARKER:read,b:MARKERMARKERMARKER:read", "fanfare.api.idle-timeout=MARKER",
			"fanfare.body.max=MARKER", "fanfare.tokens.enabled=MARKER" })
	void failedStartsLeaveNoSecretInTheLog(String setting, CapturedOutput output) {
		String told = setting.replace("MARKER", MARKER).replace("\\n", "\n");
		assertThat(catchThrowable(() -> TestApi.start(TestRedis.shared(), "--" + told).close())).isNotNull();
		assertThat(output.getAll()).doesNotContain(MARKER)
			.contains("A setting is wrong: ", "(" + variable(told) + ") ");
		assertThat(output.getAll()).doesNotContain("\tat ");
	}

	private static String variable(String setting) {
		return setting.substring(0, setting.indexOf('='))
			.replace('.', '_')
			.replace("-", "")
			.toUpperCase(java.util.Locale.ROOT);
	}

}
