package io.fanfare.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import io.fanfare.boot.StartFailureAnalyzer;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.env.StandardEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

@ExtendWith(OutputCaptureExtension.class)
class SettingsIT {

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			fanfare.api.port              | 99999                | FANFARE_API_PORT
			fanfare.api.port              | http                 | FANFARE_API_PORT
			fanfare.api.warm-up           | 1h                   | FANFARE_API_WARMUP
			fanfare.api.idle-timeout      | 0s                   | FANFARE_API_IDLETIMEOUT
			fanfare.control.port          | http                 | FANFARE_CONTROL_PORT
			fanfare.control.address       | no such host         | FANFARE_CONTROL_ADDRESS
			fanfare.api.keys              | dev:secretsecret     | FANFARE_API_KEYS
			fanfare.api.limits.callers    | dev:secretsecret     | FANFARE_API_LIMITS_CALLERS
			fanfare.api.limits.callers    | nosuchkey:0:0:0      | FANFARE_API_LIMITS_CALLERS
			fanfare.api.streams           | javascript:x         | FANFARE_API_STREAMS
			fanfare.trusted-proxies       | proxy.example        | FANFARE_TRUSTEDPROXIES
			fanfare.jwt.secret            | secretsecret         | FANFARE_JWT_SECRET
			fanfare.jwt.secret            | ''                   | FANFARE_JWT_SECRET
			fanfare.api.jwt.clock-skew    | 1h                   | FANFARE_API_JWT_CLOCKSKEW
			fanfare.api.jwt.clock-skew    | soon                 | FANFARE_API_JWT_CLOCKSKEW
			fanfare.api.jwt.max-life      | 0s                   | FANFARE_API_JWT_MAXLIFE
			fanfare.api.jwt.jwks-uri      | http://192.0.2.1/x   | FANFARE_API_JWT_JWKSURI
			fanfare.api.jwt.keys[0].secret | secretsecret        | FANFARE_API_JWT_KEYS_0_SECRET
			fanfare.api.keys              | dev:dev-secret:read  | FANFARE_API_KEYS
			fanfare.jwt.secret            | for-development-only-known-to-everybody | FANFARE_JWT_SECRET
			fanfare.tokens.max-ttl        | 25h                  | FANFARE_STREAM_JWT_MAXLIFE
			fanfare.revocations.keep      | 24h                  | FANFARE_STREAM_JWT_MAXLIFE
			fanfare.development           | perhaps              | FANFARE_DEVELOPMENT
			fanfare.history.length        | 0                    | FANFARE_HISTORY_LENGTH
			fanfare.history.age           | soon                 | FANFARE_HISTORY_AGE
			fanfare.history.age           | 8d                   | FANFARE_HISTORY_AGE
			fanfare.redis.command-timeout | 5s                   | FANFARE_REDIS_COMMANDTIMEOUT
			fanfare.redis.url             | nonsense             | FANFARE_REDIS_URL
			fanfare.redis.url             | redis://:secretsecret${x}@h | FANFARE_REDIS_URL
			fanfare.redis.prefix          | ''                   | FANFARE_REDIS_PREFIX
			fanfare.redis.prefix          | fanfare:{1}          | FANFARE_REDIS_PREFIX
			fanfare.redis.prefix          | Shop                 | FANFARE_REDIS_PREFIX
			fanfare.publish.data          | much                 | FANFARE_PUBLISH_DATA
			fanfare.publish.data          | 9MB                  | FANFARE_PUBLISH_DATA
			fanfare.publish.batch         | -1                   | FANFARE_PUBLISH_BATCH
			fanfare.tokens.max-ttl        | 0s                   | FANFARE_TOKENS_MAXTTL
			fanfare.body.max              | 5GB                  | FANFARE_BODY_MAX
			""")
	void aWrongSettingEndsTheStartAndNamesPropertyAndVariable(String property, String value, String variable) {
		Throwable failure = catchThrowable(
				() -> TestApi.start(TestRedis.shared(), "--" + property + "=" + value).close());
		assertThat(failure).isNotNull();
		FailureAnalysis analysis = new StartFailureAnalyzer(new StandardEnvironment()).analyze(failure);
		assertThat(analysis).as(String.valueOf(failure)).isNotNull();
		assertThat(analysis.getDescription()).contains(property, variable).doesNotContain("secretsecret");
	}

	@Test
	void aKeyOfBothKindsOfTokensEndsTheStart() {
		Throwable failure = catchThrowable(
				() -> TestApi.start(TestRedis.shared(), "--fanfare.api.jwt.keys[0].secret=" + TestApi.JWT_SECRET)
					.close());
		FailureAnalysis analysis = new StartFailureAnalyzer(new StandardEnvironment()).analyze(failure);
		assertThat(analysis).as(String.valueOf(failure)).isNotNull();
		assertThat(analysis.getDescription()).contains("fanfare.api.jwt.keys[0] (", "the two never share a key")
			.doesNotContain(TestApi.JWT_SECRET);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					--fanfare.api.port=7 --fanfare.control.port=7            | fanfare.control.port (FANFARE_CONTROL_PORT) must not be
					--fanfare.control.address=203.0.113.7                    | fanfare.control.address (FANFARE_CONTROL_ADDRESS) must be
					--spring.data.redis.ssl.bundle=nope                      | spring.data.redis.ssl.bundle (SPRING_DATA_REDIS_SSL_BUNDLE) must
					--spring.data.redis.sentinel.nodes=h:1                   | spring.data.redis.sentinel.master (SPRING_DATA_REDIS_SENTINEL_MASTER)
					--spring.data.redis.cluster.nodes=h:1                    | spring.data.redis.cluster.nodes (SPRING_DATA_REDIS_CLUSTER_NODES)
					--spring.application.json={secretsecret                  | spring.application.json (SPRING_APPLICATION_JSON) is no JSON
					--spring.config.additional-location=none.yml             | spring.config.additional-location (SPRING_CONFIG_ADDITIONALLOCATION)
					--management.server.port=abc                             | management.server.port (MANAGEMENT_SERVER_PORT) must be a whole number
					--spring.profiles.active=secretsecret(                   | spring.profiles.active (SPRING_PROFILES_ACTIVE)
					--management.endpoints.web.base-path=secretsecret        | management.endpoints.web (MANAGEMENT_ENDPOINTS_WEB)
					fanfare.jwt.secret=secretsecret                          | the argument fanfare.jwt.secret does not begin with --
					-fanfare.jwt.secret=secretsecret                         | the argument -fanfare.jwt.secret does not begin with --
					""")
	void aStartThatFailsIsOneLine(String arguments, String reason, CapturedOutput output) {
		Throwable failure = catchThrowable(() -> TestApi.start(TestRedis.shared(), arguments.split(" ")).close());
		assertThat(failure).isNotNull();
		assertThat(output.getAll().lines().filter((line) -> line.contains("ERROR"))).singleElement()
			.asString()
			.contains("start=failed ", reason);
		assertThat(output.getAll()).doesNotContain("\tat ", "secretsecret");
	}

	@Test
	void aFileThatIsNoYamlEndsTheStartWithoutWhatItHolds(@TempDir Path directory) throws IOException {
		Path file = Files.writeString(directory.resolve("more.yml"),
				"fanfare:\n  redis:\n    url: redis://x: S3CRET\n");
		Throwable failure = catchThrowable(
				() -> TestApi.start(TestRedis.shared(), "--spring.config.additional-location=" + file.toUri()).close());
		FailureAnalysis analysis = new StartFailureAnalyzer(new StandardEnvironment()).analyze(failure);
		assertThat(analysis).as(String.valueOf(failure)).isNotNull();
		assertThat(analysis.getDescription()).contains("is no YAML, line 3").doesNotContain("S3CRET");
	}

}
