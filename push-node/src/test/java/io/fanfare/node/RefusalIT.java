package io.fanfare.node;

import java.time.Duration;
import java.util.function.Consumer;

import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.UnfitRedisException;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.XAddArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.protocol.CommandType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/** A node whose Redis answers, and refuses. */
@ExtendWith(OutputCaptureExtension.class)
class RefusalIT {

	private RedisProcess redis;

	@BeforeEach
	void start() {
		this.redis = TestRedis.start();
	}

	@AfterEach
	void stop() {
		this.redis.close();
	}

	@Test
	void aNodeWhoseRedisRefusesWritesIsNotReadySaysWhyAndKeepsItsStreams() {
		try (TestNode node = TestNode.start(this.redis, "a"); SseClient stream = node.open("alice")) {
			ask((commands) -> commands.configSet("min-replicas-to-write", "1"));
			await().atMost(TestNode.SOON).untilAsserted(() -> {
				String health = node.control("/actuator/health/readiness").fetch().text();
				assertThat(health).contains("Redis refuses writes (NOREPLICAS)", "OUT_OF_SERVICE");
			});
			assertThat(node.meter("fanfare.redis.refusals", "code", "NOREPLICAS")).isPositive();
			ask((commands) -> commands.configSet("min-replicas-to-write", "0"));
			await().atMost(TestNode.SOON)
				.until(() -> node.control("/actuator/health/readiness").fetch().status() == 200);
			assertThat(stream.end()).isNull();
			try (Backend backend = new Backend(this.redis)) {
				backend.publish(ChannelName.user("alice"), "after");
				stream.awaitBlock((block) -> "after".equals(block.data()), TestNode.SOON);
			}
		}
	}

	@Test
	void aNodeWhoseRedisIsFullKeepsItsStreamsTakesNewOnesIsReadyAndTrims() {
		try (TestNode node = TestNode.start(this.redis, "a"); SseClient stream = node.open("alice")) {
			String lease = "fanfare:{0}:lease:" + node.identity();
			// Too old to be retained, not so old that the channel is forgotten.
			String old = (System.currentTimeMillis() - Duration.ofDays(2).toMillis()) + "-0";
			ask((commands) -> {
				commands.xadd("fanfare:{0}:ch:quiet", XAddArgs.Builder.maxlen(10).id(old), "p", "0-0", "m", "old");
				commands.hset("fanfare:{0}:last", "quiet", old);
				commands.configSet("maxmemory", "1");
				commands.pexpire(lease, 8_000);
			});
			await().atMost(TestNode.SOON).untilAsserted(() -> {
				String health = node.control("/actuator/health/readiness").fetch().text();
				assertThat(health).contains("Redis refuses writes (OOM)", "UP").doesNotContain("OUT_OF_SERVICE");
			});
			assertThat(node.meter("fanfare.redis.refusals", "code", "OOM")).isPositive();
			try (SseClient another = node.open("bob")) {
				assertThat(another.end()).isNull();
			}
			ask((commands) -> await().atMost(TestNode.SOON)
				.untilAsserted(() -> assertThat(commands.pttl(lease)).as("renewed").isGreaterThan(8_000)));
			ask((commands) -> await().atMost(TestNode.SOON)
				.untilAsserted(() -> assertThat(commands.exists("fanfare:{0}:ch:quiet")).as("trimmed").isZero()));
			ask((commands) -> commands.configSet("maxmemory", "0"));
			assertThat(stream.end()).isNull();
			try (Backend backend = new Backend(this.redis)) {
				backend.publish(ChannelName.user("alice"), "after");
				stream.awaitBlock((block) -> "after".equals(block.data()), TestNode.SOON);
			}
		}
	}

	@Test
	void whatTheRulesOfItsUserDenyIsNamedWithUserCallAndKeys() {
		String user = RedisUser.NODE.login();
		try (TestNode node = TestNode.start(this.redis, "a"); SseClient stream = node.open("alice")) {
			ask((commands) -> commands.aclSetuser(user, AclSetuserArgs.Builder.removeCommand(CommandType.SET)));
			await().atMost(TestNode.SOON).untilAsserted(() -> {
				String health = node.control("/actuator/health/readiness").fetch().text();
				assertThat(health).contains("OUT_OF_SERVICE")
					.containsPattern(
							"Redis refuses the command \\(NOPERM\\): user fanfare-node, [a-z-]+, keys fanfare:");
			});
			// What comes at times is denied at times: probes, renewals, the state of the
			// node
			double before = node.meter("fanfare.redis.refusals", "code", "NOPERM");
			await().atMost(TestNode.SOON)
				.until(() -> node.meter("fanfare.redis.refusals", "code", "NOPERM") >= before + 2);
			assertThat(node.meter("fanfare.redis.refusals", "code", "NOPERM")).isLessThan(before + 20);
			ask((commands) -> commands.aclSetuser(user, AclSetuserArgs.Builder.addCommand(CommandType.SET)));
			await().atMost(Duration.ofSeconds(20))
				.until(() -> node.control("/actuator/health/readiness").fetch().status() == 200);
			assertThat(stream.end()).isNull();
			ask(RedisCommands::aclLogReset);
		}
	}

	@Test
	void aNodeWhoseUserMayNotUseItsKeysIsToldSoWhenItStarts(CapturedOutput output) {
		ask((commands) -> commands.aclSetuser(RedisUser.NODE.login(),
				AclSetuserArgs.Builder.resetKeys().keyPattern("shop:*")));
		try (TestNode node = TestNode.launch(this.redis, "a")) {
			await().atMost(TestNode.SOON)
				.untilAsserted(() -> assertThat(output).contains("redis=down link=commands reason=\"user fanfare-node,"
						+ " greeting, keys fanfare:layout fanfare:{0}:clock"));
			assertThat(node.control("/actuator/health/readiness").fetch().text())
				.contains("Redis refuses the command (NOPERM): user fanfare-node, greeting, keys fanfare:layout");
		}
		ask(RedisCommands::aclLogReset);
	}

	@Test
	void aNodeTakesThePasswordThatIsSetBesideTheUrl() {
		ask((commands) -> commands.configSet("requirepass", "top-secret"));
		try (TestNode node = TestNode.start(this.redis, "a", "--spring.data.redis.username=default",
				"--spring.data.redis.password=top-secret")) {
			assertThat(node.control("/actuator/health/readiness").fetch().status()).isEqualTo(200);
		}
	}

	@Test
	void aNodeDoesNotStartOnARedisThatMayEvictAnything() {
		ask((commands) -> commands.configSet("maxmemory-policy", "allkeys-random"));
		assertThatThrownBy(() -> TestNode.start(this.redis, "a").close())
			.hasRootCauseInstanceOf(UnfitRedisException.class)
			.rootCause()
			.hasMessageContaining("allkeys-random");
	}

	private void ask(Consumer<RedisCommands<String, String>> question) {
		RedisClient client = RedisClient.create(this.redis.uri());
		try (StatefulRedisConnection<String, String> connection = client.connect()) {
			question.accept(connection.sync());
		}
		finally {
			client.shutdown(Duration.ZERO, Duration.ofSeconds(1));
		}
	}

}
