package io.fanfare.api;

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
			fanfare.api.keys=a:MARKER:read
			fanfare.api.keys[0].name=a ; fanfare.api.keys[0].secret=MARKER ; fanfare.api.keys[0].scopes=read
			fanfare.api.keys[0].name=a ; fanfare.api.keys[0].sha256=MARKER ; fanfare.api.keys[0].scopes=read
			fanfare.api.keys[0].name=a ; fanfare.api.keys[0].secret=MARKERMARKERMARKER ; fanfare.api.keys[0].scopes=MARKER
			fanfare.api.jwt.keys[0].algorithm=HS256 ; fanfare.api.jwt.keys[0].secret=MARKER
			fanfare.api.jwt.keys[0].algorithm=RS256 ; fanfare.api.jwt.keys[0].public-key=MARKER
			server.ssl.key-store-password=MARKER ; server.ssl.key-password=MARKER ; server.ssl.key-store=MARKER
			server.ssl.certificate=MARKER ; server.ssl.certificate-private-key=MARKER ; server.ssl.key-password=MARKER
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

	/** For all malformed requests together, with their log. */
	private static final Duration CPU = Duration.ofMillis(250);

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
		try (ChildProcess process = ChildProcess.start("TERM", log, List.of(ChildProcess.jdk("java"),
				"-XX:TieredStopAtLevel=1", "-jar", "target/push-api.jar", "--logging.level.root=debug", format,
				"--fanfare.control.port=" + control, "--fanfare.api.port=" + port, "--fanfare.api.warm-up=0",
				"--fanfare.jwt.secret=" + MARKER.repeat(4), "--fanfare.api.keys=name:" + MARKER.repeat(4) + ":read",
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
		List<String> arguments = new ArrayList<>(List.of("--logging.config=" + logs.toUri(),
				"--logging.structured.format.console=ecs", "--logging.level.root=debug",
				"--spring.config.name=push-api", "--fanfare.api.warm-up=0", "--fanfare.api.port=0",
				"--fanfare.control.port=0", "--fanfare.jwt.secret=" + TestApi.JWT_SECRET,
				"--spring.data.redis.url=" + TestRedis.shared().url(RedisUser.API)));
		arguments.removeIf((usual) -> told.stream().anyMatch((name) -> usual.startsWith("--" + name)));
		arguments.addAll(start.arguments());
		Map<String, Object> variables = new HashMap<>(System.getenv());
		variables.putAll(start.variables());
		StandardEnvironment environment = new StandardEnvironment();
		String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
		environment.getPropertySources().replace(name, new SystemEnvironmentPropertySource(name, variables));
		new SpringApplicationBuilder(ApiApplication.class).environment(environment)
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
