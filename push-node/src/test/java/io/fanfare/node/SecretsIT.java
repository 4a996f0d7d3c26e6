package io.fanfare.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.MalformedRequests;
import io.fanfare.test.process.Ports;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** Nothing that clients or operators keep secret is in any log, whatever fails. */
@ExtendWith(OutputCaptureExtension.class)
class SecretsIT {

	private static final String MARKER = "mArKeR5ecret";

	private static final Duration START = Duration.ofMinutes(1);

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
				List.of(ChildProcess.jdk("java"), "-XX:TieredStopAtLevel=1", "-jar", "target/push-node.jar",
						"--logging.level.root=debug", "--fanfare.control.port=" + control,
						"--fanfare.stream.port=" + port, "--fanfare.stream.address=127.0.0.1",
						"--fanfare.stream.warm-up=0", "--fanfare.connections.drain-window=0",
						"--fanfare.jwt.secret=" + MARKER.repeat(4),
						"--fanfare.redis.url=" + redis.url().replace("://", "://:" + MARKER + "@")))) {
			process.awaitPort(port, START).awaitPort(control, START);
			assertThat(MalformedRequests.send(port, MARKER)).isGreaterThan(10);
			assertThat(MalformedRequests.send(control, MARKER)).isGreaterThan(10);
		}
		String written = Files.readString(log);
		assertThat(written).contains("DEBUG");
		assertThat(written.lines().filter((line) -> line.contains(MARKER))).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "fanfare.redis.url=redis://:MARKER%zz@h", "fanfare.redis.url=redis:/:MARKER@h",
			"fanfare.redis.url=MARKER", "fanfare.redis.url=redis://u:MARKER@h:port", "fanfare.jwt.secret=MARKER",
			"fanfare.jwt.secret=MARKERMARKERMARKERMARKER\\n", "fanfare.history.age=MARKER",
			"fanfare.history.length=MARKER", "fanfare.redis.prefix=MARKER", "fanfare.redis.durable=MARKER",
			"fanfare.control.port=MARKER", "spring.data.redis.sentinel.nodes=MARKER", "fanfare.node.name=MARKER MARKER",
			"fanfare.connections.max=MARKER", "fanfare.connections.heartbeat=MARKER",
			"fanfare.stream.send-buffer=MARKER", "fanfare.admission.when-full=MARKER", "fanfare.allowed-origins=MARKER",
			"fanfare.allowed-headers=MARKER x", "fanfare.trusted-proxies=MARKER", "fanfare.limits.exempt=MARKER",
			"fanfare.memory.heap=MARKER", "fanfare.stream.gzip=MARKER",
			"fanfare.stream.jwt.jwks-uri=https://u:MARKER@h/x", "fanfare.stream.jwt.max-life=MARKER" })
	void failedStartsLeaveNoSecretInTheLog(String setting, CapturedOutput output) {
		String told = setting.replace("MARKER", MARKER).replace("\\n", "\n");
		assertThat(catchThrowable(() -> launch("--" + told))).isNotNull();
		assertThat(output.getAll()).doesNotContain(MARKER)
			.contains("A setting is wrong: ", "(" + variable(told) + ") ");
		assertThat(output.getAll()).doesNotContain("\tat ");
	}

	@ParameterizedTest
	@CsvSource({ "HS512, secret, is too short", "ES256, public-key, is neither a public key in PEM",
			"EdDSA, secret, is set", "MARKER, secret, must be one of" })
	void aKeyThatIsWrongLeavesNoSecretInTheLog(String algorithm, String part, String reason, CapturedOutput output) {
		String prefix = "--fanfare.stream.jwt.keys[0].";
		assertThat(catchThrowable(() -> launch(prefix + part + "=" + MARKER,
				prefix + "algorithm=" + algorithm.replace("MARKER", MARKER))))
			.isNotNull();
		assertThat(output.getAll()).doesNotContain(MARKER)
			.contains("A setting is wrong: fanfare.stream.jwt.keys[0].", "(FANFARE_STREAM_JWT_KEYS_0_", reason);
	}

	/** A setting that is told twice would be a list. */
	private static void launch(String... settings) {
		List<String> arguments = new ArrayList<>(
				List.of("--spring.config.name=push-node", "--fanfare.stream.warm-up=0"));
		for (String usual : List.of("--fanfare.control.port=0", "--fanfare.jwt.secret=" + Tokens.SECRET,
				"--spring.data.redis.url=" + TestRedis.shared().url())) {
			String start = usual.substring(0, usual.indexOf('=') + 1);
			if (List.of(settings).stream().noneMatch((setting) -> setting.startsWith(start))) {
				arguments.add(usual);
			}
		}
		arguments.addAll(List.of(settings));
		new SpringApplicationBuilder(NodeApplication.class).registerShutdownHook(false)
			.run(arguments.toArray(String[]::new))
			.close();
	}

	private static String variable(String setting) {
		return setting.substring(0, setting.indexOf('='))
			.replace('.', '_')
			.replace("-", "")
			.toUpperCase(java.util.Locale.ROOT);
	}

}
