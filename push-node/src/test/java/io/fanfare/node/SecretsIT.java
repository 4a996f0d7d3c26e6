package io.fanfare.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.FailedStart;
import io.fanfare.test.process.MalformedRequests;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.SettingSource;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** Nothing that clients or operators keep secret is in any log, whatever fails. */
@ExtendWith(OutputCaptureExtension.class)
class SecretsIT {

	private static final String MARKER = "mArKeR5ecret";

	/** Settings of which one is wrong, and that hold secrets. */
	private static final String SECRETS = """
			fanfare.stream.jwt.keys[0].algorithm=RS256 ; fanfare.stream.jwt.keys[0].public-key=MARKER
			fanfare.stream.jwt.keys[0].algorithm=MARKER ; fanfare.stream.jwt.keys[0].secret=MARKERMARKERMARKER
			fanfare.stream.jwt.jwks-uri=https://u:MARKER@h/x
			server.ssl.key-store-password=MARKER ; server.ssl.key-password=MARKER ; server.ssl.key-store=MARKER
			fanfare.jwt.secret=MARKER
			fanfare.stream.jwt.keys[0].algorithm=HS512 ; fanfare.stream.jwt.keys[0].secret=MARKER
			fanfare.redis.url=redis://u:MARKER@h:port
			spring.data.redis.url=redis://u:MARKER%zz@h
			spring.data.redis.password=MARKER${none}
			spring.data.redis.sentinel.password=MARKER ; spring.data.redis.sentinel.nodes=MARKER
			spring.ssl.bundle.pem.r.keystore.private-key-password=MARKER ; spring.ssl.bundle.pem.r.keystore.certificate=MARKER ; spring.data.redis.ssl.bundle=r
			spring.ssl.bundle.jks.r.keystore.password=MARKER ; spring.ssl.bundle.jks.r.keystore.location=MARKER ; spring.data.redis.ssl.bundle=r
			""";

	/** As without a configuration, which tests have. */
	private static final String LOGS = """
			<configuration>
				<include resource="org/springframework/boot/logging/logback/defaults.xml"/>
				<include resource="org/springframework/boot/logging/logback/structured-console-appender.xml"/>
				<root level="INFO"><appender-ref ref="CONSOLE"/></root>
			</configuration>
			""";

	private static final Duration START = Duration.ofMinutes(1);

	@TempDir
	private Path directory;

	/**
	 * At DEBUG, where Tomcat, Spring and Netty say what they read; as text and as JSON.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "--logging.level.web=debug", "--logging.structured.format.console=ecs" })
	void malformedRequestsLeaveNoSecretInTheLog(String format) throws IOException {
		int port = Ports.free();
		int control = Ports.free();
		Path log = this.directory.resolve("log");
		TestRedis redis = TestRedis.shared();
		try (ChildProcess process = ChildProcess.start("TERM", log,
				List.of(ChildProcess.jdk("java"), "-XX:TieredStopAtLevel=1", "-jar", "target/push-node.jar",
						"--logging.level.root=debug", format, "--fanfare.control.port=" + control,
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
				"--spring.data.redis.url=" + TestRedis.shared().url(RedisUser.NODE))) {
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

	/** At DEBUG, and as JSON, which has the traces of exceptions in fields. */
	@ParameterizedTest
	@MethodSource
	void secretsThatAreWrongAreInNoLineWhereverTheyAreSet(String settings, SettingSource source,
			CapturedOutput output) {
		Map<String, String> values = FailedStart.settings(settings.replace("MARKER", MARKER));
		SettingSource.Start start = source.start(values, this.directory);
		assertThat(catchThrowable(() -> launch(values.keySet(), start))).isNotNull();
		FailedStart.assertHides(output.getAll(), values, MARKER);
	}

	/** Arguments are tried above. */
	static Stream<Arguments> secretsThatAreWrongAreInNoLineWhereverTheyAreSet() {
		return SECRETS.lines()
			.flatMap((settings) -> Stream.of(Arguments.of(settings, SettingSource.VARIABLE),
					Arguments.of(settings, SettingSource.FILE)));
	}

	private void launch(Set<String> told, SettingSource.Start start) throws IOException {
		Path logs = Files.writeString(this.directory.resolve("logs.xml"), LOGS);
		List<String> arguments = new ArrayList<>(
				List.of("--logging.config=" + logs.toUri(), "--logging.structured.format.console=ecs",
						"--logging.level.root=debug", "--spring.config.name=push-node", "--fanfare.stream.warm-up=0",
						"--fanfare.stream.port=0", "--fanfare.control.port=0", "--fanfare.jwt.secret=" + Tokens.SECRET,
						"--spring.data.redis.url=" + TestRedis.shared().url(RedisUser.NODE)));
		arguments.removeIf((usual) -> told.stream().anyMatch((name) -> usual.startsWith("--" + name)));
		arguments.addAll(start.arguments());
		Map<String, Object> variables = new HashMap<>(System.getenv());
		variables.putAll(start.variables());
		StandardEnvironment environment = new StandardEnvironment();
		String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
		environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, variables));
		new SpringApplicationBuilder(NodeApplication.class).environment(environment)
			.registerShutdownHook(false)
			.run(arguments.toArray(String[]::new))
			.close();
	}

	/** Boot keeps it for the next start. */
	@AfterEach
	void forgetTheFormat() {
		System.clearProperty("CONSOLE_LOG_STRUCTURED_FORMAT");
	}

	private static String variable(String setting) {
		return setting.substring(0, setting.indexOf('='))
			.replace('.', '_')
			.replace("-", "")
			.toUpperCase(java.util.Locale.ROOT);
	}

}
