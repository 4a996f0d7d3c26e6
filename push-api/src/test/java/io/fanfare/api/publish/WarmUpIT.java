package io.fanfare.api.publish;

import java.time.Duration;
import java.util.List;

import io.fanfare.api.TestApi;
import io.fanfare.api.auth.ApiKeys;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(OutputCaptureExtension.class)
class WarmUpIT {

	private static List<String> keys(TestRedis redis) {
		try (RedisClient client = RedisClient.create(redis.uri())) {
			return client.connect().sync().keys("*");
		}
	}

	@Test
	void theApiCallsItselfAndLeavesNoTrace(CapturedOutput output) {
		try (RedisProcess redis = TestRedis.start(); TestApi api = TestApi.start(redis, "--fanfare.api.warm-up=1s")) {
			assertThat(output).contains("warm-up=done requests=").doesNotContain("warm-up=failed");
			MeterRegistry meters = api.bean(MeterRegistry.class);
			assertThat(meters.get("http.server.requests").tag("uri", "warm-up").timer().count()).isGreaterThan(20);
			assertThat(meters.find("http.server.requests").tag("uri", "/v1/messages").timer()).isNull();
			assertThat(meters.find("fanfare.publish").counter()).isNull();
			assertThat(meters.get("fanfare.publish.duration").timer()).extracting(Timer::count).isEqualTo(0L);
			assertThat(keys(redis)).containsExactlyInAnyOrder("fanfare:layout", "fanfare:{0}:clock", "fanfare:{0}:run",
					"fanfare:{0}:since");
			assertThat(api.post("/v1/messages", "{\"to\":{\"user\":\"warm-up\"},\"data\":1}").status()).isEqualTo(200);
			assertThat(meters.get("fanfare.publish").tag("outcome", "stored").counter().count()).isEqualTo(1);
		}
	}

	@Test
	void itNeedsNoRedis(CapturedOutput output) {
		long began = System.nanoTime();
		try (RedisProcess redis = TestRedis.start()) {
			redis.stop();
			try (TestApi api = TestApi.start(redis, "--fanfare.api.warm-up=500ms")) {
				assertThat(output).contains("warm-up=done requests=").doesNotContain("warm-up=failed");
				assertThat(api.post("/v1/messages", "{\"to\":{\"all\":true},\"data\":1}").status()).isEqualTo(503);
			}
		}
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(30));
	}

	@Test
	void itsKeyEndsWithIt() {
		try (RedisProcess redis = TestRedis.start(); TestApi api = TestApi.start(redis)) {
			ApiKeys keys = api.bean(ApiKeys.class);
			String secret = keys.beginRehearsal();
			String body = "{\"to\":{\"user\":\"alice\"},\"data\":1}";
			assertThat(api.postAs(secret, "/v1/messages", body).json().get("id").asString()).isEqualTo("0-0");
			keys.endRehearsal();
			assertThat(api.postAs(secret, "/v1/messages", body).status()).isEqualTo(401);
		}
	}

}
