package io.fanfare.api.redis;

import java.time.Duration;

import io.fanfare.api.TestApi;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.AclSetuserArgs;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.protocol.CommandType;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/** A Redis that another version of Fanfare uses. */
@ExtendWith(OutputCaptureExtension.class)
class LayoutIT {

	private static final String REASON = "The layout in Redis, fanfare:layout, is 2; this version of Fanfare expects 1";

	private RedisProcess redis;

	@BeforeEach
	void startRedis() {
		this.redis = TestRedis.start();
		try (RedisClient client = RedisClient.create(this.redis.uri());
				StatefulRedisConnection<String, String> connection = client.connect()) {
			connection.sync().set("fanfare:layout", "2");
		}
		this.redis.save();
	}

	@AfterEach
	void stopRedis() {
		this.redis.close();
	}

	@Test
	void theApiDoesNotStartAndSaysWhyInOneLine(CapturedOutput output) {
		assertThat(catchThrowable(() -> TestApi.start(this.redis).close())).isNotNull();
		assertThat(output.getOut().lines()).filteredOn((line) -> line.contains("start=failed"))
			.singleElement(InstanceOfAssertFactories.STRING)
			.contains("start=failed " + REASON);
		assertThat(output.getOut()).doesNotContain("\tat ");
		this.redis.ask((commands) -> commands.aclSetuser(RedisUser.API.login(),
				AclSetuserArgs.Builder.keyPattern("other:*")
					.channelPattern("other:*")
					.addCommand(CommandType.SUBSCRIBE)));
		try (TestApi api = TestApi.start(this.redis, "--fanfare.redis.prefix=other")) {
			assertThat(api.get("/readyz").status()).isEqualTo(200);
		}
	}

	@Test
	void itIsNotServedWhereItComesLater(CapturedOutput output) {
		this.redis.stop();
		try (TestApi api = TestApi.start(this.redis)) {
			this.redis.start();
			Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> said(output) > 0);
			assertThat(api.get("/readyz").status()).isEqualTo(503);
			assertThat(api.post("/v1/messages", "{\"to\":{\"all\":true},\"data\":1}").status()).isEqualTo(503);
			assertThat(said(output)).isEqualTo(1);
		}
	}

	private static long said(CapturedOutput output) {
		return output.getOut().lines().filter((line) -> line.contains(REASON)).count();
	}

}
