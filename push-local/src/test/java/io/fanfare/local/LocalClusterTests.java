package io.fanfare.local;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class LocalClusterTests {

	@Test
	void thePrefixIsToldToNodesAndApi() {
		MockEnvironment environment = new MockEnvironment().withProperty("fanfare.redis.prefix", "shop");
		assertThat(LocalCluster.common(environment)).contains("--fanfare.redis.prefix=shop");
		assertThat(LocalCluster.common(new MockEnvironment()))
			.noneMatch((argument) -> argument.contains("fanfare.redis.prefix"));
	}

	@ParameterizedTest
	@CsvSource({ "stream-ports, '8081,8082,8083'", "stream-ports, '8081,65536'", "stream-ports, '-1,8082'",
			"control-ports, 9081", "control-ports, '9081,many'", "api-port, 70000", "api-port, http",
			"api-control-port, -1", "api-key, ''", "api-key, a:b", "api-key, 'a,b'", "api-key, ä", "jwt-secret, short",
			"jwt-secret, ' only-for-the-local-cluster-never-in-production'", "redis-url, localhost:6379",
			"redis-url, 'redis://local host'", "end-with-parent, perhaps" })
	void aWrongSettingEndsTheStartWithOneLineThatNamesIt(String name, String value) {
		MockEnvironment environment = new MockEnvironment().withProperty("fanfare.local." + name, value);
		assertThatExceptionOfType(StartException.class).isThrownBy(() -> LocalSettings.from(environment))
			.withMessageContaining("FANFARE_LOCAL_")
			.withMessageNotContaining("\n")
			.withMessageStartingWith("A setting is wrong: fanfare.local.");
	}

	@Test
	void theDefaultsAndTheBoundsAreWithin() {
		assertThat(LocalSettings.from(new MockEnvironment()).nodes()).isEqualTo(2);
		MockEnvironment environment = new MockEnvironment().withProperty("fanfare.local.stream-ports", "0")
			.withProperty("fanfare.local.control-ports", "65535")
			.withProperty("fanfare.local.api-key", "!~")
			.withProperty("fanfare.local.jwt-secret", "x".repeat(32));
		assertThat(LocalSettings.from(environment).nodes()).isOne();
	}

}
