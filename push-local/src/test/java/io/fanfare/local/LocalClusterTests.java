package io.fanfare.local;

import org.junit.jupiter.api.Test;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

class LocalClusterTests {

	@Test
	void thePrefixIsToldToNodesAndApi() {
		MockEnvironment environment = new MockEnvironment().withProperty("fanfare.redis.prefix", "shop");
		assertThat(LocalCluster.common(environment)).contains("--fanfare.redis.prefix=shop");
		assertThat(LocalCluster.common(new MockEnvironment()))
			.noneMatch((argument) -> argument.contains("fanfare.redis.prefix"));
	}

}
