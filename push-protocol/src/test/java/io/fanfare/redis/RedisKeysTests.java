package io.fanfare.redis;

import java.nio.charset.StandardCharsets;

import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class RedisKeysTests {

	@Test
	void thePrefixBeginsEveryName() {
		RedisKeys keys = new RedisKeys("shop-2", 0);
		assertThat(text(keys.keyPrefix())).isEqualTo("shop-2:{0}:");
		assertThat(text(keys.presence())).isEqualTo("shop-2:{0}:presence");
		assertThat(text(keys.stream(ChannelName.user("bob")))).isEqualTo("shop-2:{0}:ch:user:bob");
		assertThat(text(keys.nodes())).isEqualTo("shop-2:nodes");
		assertThat(text(keys.rollout())).isEqualTo("shop-2:drain");
		assertThat(text(keys.lastRollout())).isEqualTo("shop-2:drain:last");
		assertThat(text(keys.nodeChannel("n.1"))).isEqualTo("shop-2:{0}:node:n.1");
		assertThat(text(keys.topicChannel(ChannelName.ALL))).isEqualTo("shop-2:{0}:ch:all");
		assertThat(text(keys.answerChannel("api.1"))).isEqualTo("shop-2:{0}:answers:api.1");
	}

	@Test
	void channelsNameADatabaseAboveZeroAndKeysDoNot() {
		RedisKeys keys = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 3);
		assertThat(text(keys.channelPrefix())).isEqualTo("fanfare@3:{0}:");
		assertThat(text(keys.nodeChannel("n.1"))).isEqualTo("fanfare@3:{0}:node:n.1");
		assertThat(text(keys.topicChannel(ChannelName.ALL))).isEqualTo("fanfare@3:{0}:ch:all");
		assertThat(text(keys.answerChannel("api.1"))).isEqualTo("fanfare@3:{0}:answers:api.1");
		assertThat(text(keys.keyPrefix())).isEqualTo("fanfare:{0}:");
		assertThat(text(keys.nodes())).isEqualTo("fanfare:nodes");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "Fanfare", "fan fare", "fan:fare", "fan@3", "fan_fare", "{0}", "fanfare\n", "fänfare",
			"a23456789-123456789-123456789-123" })
	void anotherPrefixIsRefused(String prefix) {
		assertThatIllegalArgumentException().isThrownBy(() -> new RedisKeys(prefix, 0))
			.withMessageContaining("[a-z0-9-]{1,32}");
	}

	private static String text(byte[] name) {
		return new String(name, StandardCharsets.UTF_8);
	}

}
