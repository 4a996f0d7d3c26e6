package io.fanfare.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.fanfare.node.observability.NodeHealth;
import io.fanfare.redis.CommandLink;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/** With what a node does not start, and what it says then. */
@ExtendWith(OutputCaptureExtension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StartIT {

	private static final String LAYOUT = "The layout in Redis, fanfare:layout, is 2; this version of Fanfare expects 1";

	private RedisProcess redis;

	@BeforeAll
	void startRedis() {
		this.redis = TestRedis.start();
		try (RedisClient client = RedisClient.create(this.redis.uri());
				StatefulRedisConnection<String, String> connection = client.connect()) {
			connection.sync().set("fanfare:layout", "2");
		}
		this.redis.save();
		allowTheOtherPrefix();
	}

	private void allowTheOtherPrefix() {
		this.redis.ask((commands) -> commands.aclSetuser(RedisUser.NODE.login(),
				AclSetuserArgs.Builder.keyPattern("other:*").channelPattern("other:*")));
	}

	@AfterAll
	void stopRedis() {
		this.redis.close();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "Shop", "shop@3" })
	void anImpossiblePrefixIsOneLineWithPropertyAndVariable(String prefix, CapturedOutput output) {
		assertRefused(output, "A setting is wrong: fanfare.redis.prefix (FANFARE_REDIS_PREFIX) must be 1 to 32 of"
				+ " a-z, 0-9 and -", "--fanfare.redis.prefix=" + prefix);
	}

	@Test
	void aLeaseThatIsTooLongIsOneLineToo(CapturedOutput output) {
		assertRefused(output,
				"A setting is wrong: fanfare.redis.lease (FANFARE_REDIS_LEASE) must be from 100ms to 50s," + " is PT1M",
				"--fanfare.redis.lease=60s");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"fanfare.history.length=0 | fanfare.history.length (FANFARE_HISTORY_LENGTH) must be greater than or equal to 1, is 0",
			"fanfare.stream.max-channels=0 | fanfare.stream.max-channels (FANFARE_STREAM_MAXCHANNELS) must be greater than"
					+ " or equal to 1, is 0",
			"fanfare.stream.idle-timeout=0 | fanfare.stream.idle-timeout (FANFARE_STREAM_IDLETIMEOUT) must be from"
					+ " 100ms to 1h, is PT0S",
			"fanfare.connections.max=0 | fanfare.connections.max (FANFARE_CONNECTIONS_MAX) must be greater than or equal to"
					+ " 1, is 0",
			"fanfare.connections.max=many | fanfare.connections.max (FANFARE_CONNECTIONS_MAX) must be a whole number",
			"fanfare.stream.max-channels=5000000 | fanfare.stream.max-channels (FANFARE_STREAM_MAXCHANNELS) must be less"
					+ " than or equal to 1000, is 5000000",
			"fanfare.connections.heartbeat=-5s | fanfare.connections.heartbeat (FANFARE_CONNECTIONS_HEARTBEAT) must be"
					+ " longer than or equal to 100 millis, is PT-5S",
			"fanfare.connections.heartbeat=15 | fanfare.connections.heartbeat (FANFARE_CONNECTIONS_HEARTBEAT) needs a unit,"
					+ " such as 15s or 500ms",
			"fanfare.connections.idle-after=1000000000d | fanfare.connections.idle-after (FANFARE_CONNECTIONS_IDLEAFTER) must"
					+ " be shorter than or equal to 30 days, is PT24000000000H",
			"fanfare.connections.max-retry=1s | fanfare.connections.max-retry (FANFARE_CONNECTIONS_MAXRETRY) must not be"
					+ " below fanfare.connections.min-retry",
			"fanfare.stream.heartbeet=15s | fanfare.stream.heartbeet (FANFARE_STREAM_HEARTBEET) is no setting; the nearest is"
					+ " fanfare.connections.heartbeat (FANFARE_CONNECTIONS_HEARTBEAT)",
			"fanfare.redis.url=redis:/:secret@h | fanfare.redis.url (FANFARE_REDIS_URL) must be a URL such as"
					+ " redis://localhost:6379",
			"fanfare.stream.port=http | fanfare.stream.port (FANFARE_STREAM_PORT) must be a port from 0 to 65535",
			"fanfare.twins.within=9223372036854775807s | fanfare.twins.within (FANFARE_TWINS_WITHIN) must be shorter"
					+ " than or equal to 24 hours, is PT2562047788015215H30M7S" })
	void aSettingOutOfItsBoundsIsOneLineToo(String setting, String reason, CapturedOutput output) {
		// Under a prefix whose layout fits, for the layout is looked at before most
		// settings.
		assertRefused(output, "A setting is wrong: " + reason, "--" + setting, "--fanfare.redis.prefix=other");
	}

	@Test
	void aSettingOfTheWrongTypeIsOneLineToo(CapturedOutput output) {
		assertRefused(output,
				"A setting is wrong: fanfare.connections.lifetime (FANFARE_CONNECTIONS_LIFETIME) must be a duration",
				"--fanfare.connections.lifetime=soon", "--fanfare.redis.prefix=other");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					--fanfare.stream.address=203.0.113.7                     | fanfare.stream.address (FANFARE_STREAM_ADDRESS) must be
					--fanfare.control.address=203.0.113.7                    | fanfare.control.address (FANFARE_CONTROL_ADDRESS) must be
					--spring.data.redis.ssl.bundle=nope                      | spring.data.redis.ssl.bundle (SPRING_DATA_REDIS_SSL_BUNDLE) must
					--spring.data.redis.sentinel.nodes=h:1                   | spring.data.redis.sentinel.master (SPRING_DATA_REDIS_SENTINEL_MASTER)
					--spring.data.redis.cluster.nodes=h:1                    | spring.data.redis.cluster.nodes (SPRING_DATA_REDIS_CLUSTER_NODES)
					--spring.application.json={S3CRET                        | spring.application.json (SPRING_APPLICATION_JSON) is no JSON
					--spring.config.additional-location=none.yml             | spring.config.additional-location (SPRING_CONFIG_ADDITIONALLOCATION)
					--management.server.port=abc                             | management.server.port (MANAGEMENT_SERVER_PORT) must be a whole number
					--spring.profiles.active=S3CRET(                         | spring.profiles.active (SPRING_PROFILES_ACTIVE)
					--management.endpoints.web.base-path=S3CRET              | management.endpoints.web (MANAGEMENT_ENDPOINTS_WEB)
					fanfare.jwt.secret=S3CRET                                | the argument fanfare.jwt.secret does not begin with --
					-fanfare.jwt.secret=S3CRET                               | the argument -fanfare.jwt.secret does not begin with --
					""")
	void aStartThatFailsIsOneLine(String arguments, String reason, CapturedOutput output) {
		String[] all = (arguments + " --fanfare.redis.prefix=other").split(" ");
		Throwable failure = catchThrowable(() -> TestNode.launch(this.redis, "refused", all).close());
		assertThat(failure).isNotNull();
		assertThat(output.getAll().lines().filter((line) -> line.contains("ERROR"))).singleElement()
			.asString()
			.contains("start=failed ", reason);
		assertThat(output.getAll()).doesNotContain("\tat ", "S3CRET");
	}

	@Test
	void aPlaceholderWithoutAValueIsOneLineWithoutTheRestOfTheValue(CapturedOutput output) {
		assertRefused(output,
				"A setting is wrong: spring.data.redis.password (SPRING_DATA_REDIS_PASSWORD) holds a placeholder",
				"--spring.data.redis.password=S3CRET${x}");
		assertThat(output.getAll()).doesNotContain("S3CRET");
	}

	@Test
	void aFileThatIsNoYamlIsOneLineWithoutWhatItHolds(@TempDir Path directory, CapturedOutput output)
			throws IOException {
		Path file = Files.writeString(directory.resolve("more.yml"), "fanfare:\n  jwt:\n    secret: @S3CRET\n");
		assertRefused(output, "A setting is wrong: a configuration file is no YAML, line 3, column 13",
				"--spring.config.additional-location=" + file.toUri());
		assertThat(output.getAll()).doesNotContain("S3CRET");
	}

	@Test
	void anotherLayoutIsOneLine(CapturedOutput output) {
		assertRefused(output, LAYOUT);
	}

	@Test
	void anotherPrefixIsAnotherLayout() {
		try (TestNode node = TestNode.start(this.redis, "other", "--fanfare.redis.prefix=other")) {
			assertThat(node.bean(CommandLink.class).isUp()).isTrue();
		}
	}

	@Test
	void anotherLayoutThatComesLaterIsNotServed(CapturedOutput output) {
		this.redis.stop();
		try (TestNode node = TestNode.launch(this.redis, "early")) {
			this.redis.start();
			await().atMost(TestNode.SOON).until(() -> output.getOut().contains("reason=\"") && said(output) > 0);
			assertThat(node.bean(NodeHealth.class).isReady()).isFalse();
			assertThat(node.control("/actuator/health/readiness").fetch().status()).isEqualTo(503);
			assertThat(node.bean(CommandLink.class).isUp()).isFalse();
			assertThat(said(output)).isEqualTo(1);
		}
		allowTheOtherPrefix();
	}

	private static long said(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains(LAYOUT)).count();
	}

	private void assertRefused(CapturedOutput output, String description, String... settings) {
		Throwable failure = catchThrowable(() -> TestNode.launch(this.redis, "refused", settings).close());
		assertThat(failure).isNotNull();
		assertThat(output.getOut().lines()).anyMatch((line) -> line.contains("start=failed " + description));
		assertThat(output.getOut()).doesNotContain("\tat ");
	}

}
