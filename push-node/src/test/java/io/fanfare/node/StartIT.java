package io.fanfare.node;

import io.fanfare.node.observability.NodeHealth;
import io.fanfare.protocol.redis.CommandLink;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
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
				"A setting is wrong: fanfare.redis.lease (FANFARE_REDIS_LEASE) must be above 0 and at most"
						+ " 50s, not PT1M",
				"--fanfare.redis.lease=60s");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', value = {
			"fanfare.history.length=0 | fanfare.history.length (FANFARE_HISTORY_LENGTH) must be greater than or equal to 1",
			"fanfare.stream.max-channels=0 | fanfare.stream.max-channels (FANFARE_STREAM_MAXCHANNELS) must be greater than"
					+ " or equal to 1",
			"fanfare.stream.idle-timeout=0 | fanfare.stream.idle-timeout (FANFARE_STREAM_IDLETIMEOUT) must be at least"
					+ " 100ms, not PT0S" })
	void aSettingOutOfItsBoundsIsOneLineToo(String setting, String reason, CapturedOutput output) {
		// Under a prefix whose layout fits, for the layout is looked at before most
		// settings.
		assertRefused(output, "A setting is wrong: " + reason, "--" + setting, "--fanfare.redis.prefix=other");
	}

	@Test
	void aSettingOfTheWrongTypeIsOneLineToo(CapturedOutput output) {
		Throwable failure = catchThrowable(
				() -> TestNode.launch(this.redis, "refused", "--fanfare.connections.lifetime=soon").close());
		assertThat(failure).isNotNull();
		assertThat(output.getOut().lines()).anyMatch((line) -> line.startsWith(
				"A setting is wrong: fanfare.connections.lifetime (FANFARE_CONNECTIONS_LIFETIME) is no Duration: "));
		assertThat(output.getOut()).doesNotContain("\tat ");
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
	}

	private static long said(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains(LAYOUT)).count();
	}

	private void assertRefused(CapturedOutput output, String description, String... settings) {
		Throwable failure = catchThrowable(() -> TestNode.launch(this.redis, "refused", settings).close());
		assertThat(failure).isNotNull();
		assertThat(output.getOut().lines()).contains(description);
		assertThat(output.getOut()).doesNotContain("\tat ");
	}

}
