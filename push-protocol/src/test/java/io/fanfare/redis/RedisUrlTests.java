package io.fanfare.redis;

import java.util.HashMap;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class RedisUrlTests {

	@Test
	void aUrlAloneIsWhereRedisIs() {
		assertThat(merge("fanfare.redis.url", "redis://h")).isEqualTo("redis://h:6379/0");
		assertThat(merge("fanfare.redis.url", "rediss://u:p@h:1/3")).isEqualTo("rediss://u:p@h:1/3");
		assertThat(merge("fanfare.redis.url", "redis://p@h:1")).isEqualTo("redis://:p@h:1/0");
		assertThat(merge("fanfare.redis.url", "redis://h:1", "spring.data.redis.url", "redis://other:2"))
			.isEqualTo("redis://other:2/0");
		assertThat(merge()).isNull();
	}

	@Test
	void whatIsSetByItselfWinsOverItsPartOfTheUrl() {
		String url = "redis://u:p@h:1/3";
		assertThat(merge("fanfare.redis.url", url, "spring.data.redis.password", "p@ss/w:rd"))
			.isEqualTo("redis://u:p%40ss%2Fw:rd@h:1/3");
		assertThat(merge("fanfare.redis.url", url, "spring.data.redis.username", "bob"))
			.isEqualTo("redis://bob:p@h:1/3");
		assertThat(merge("fanfare.redis.url", url, "spring.data.redis.host", "::1", "spring.data.redis.port", "9"))
			.isEqualTo("redis://u:p@[::1]:9/3");
		assertThat(merge("fanfare.redis.url", url, "spring.data.redis.database", "0")).isEqualTo("redis://u:p@h:1/0");
		assertThat(merge("fanfare.redis.url", url, "spring.data.redis.ssl.enabled", "true"))
			.isEqualTo("rediss://u:p@h:1/3");
		assertThat(merge("spring.data.redis.url", url, "spring.data.redis.password", "other"))
			.isEqualTo("redis://u:other@h:1/3");
	}

	@Test
	void whatIsEmptyIsNotSet() {
		assertThat(merge("fanfare.redis.url", "redis://u:p@h", "spring.data.redis.password", "",
				"spring.data.redis.url", " "))
			.isEqualTo("redis://u:p@h:6379/0");
	}

	@Test
	void whatIsWrongIsNamedWithoutItsValue() {
		assertWrong("fanfare.redis.url (FANFARE_REDIS_URL)", "fanfare.redis.url", "http://u:secret@h");
		assertWrong("fanfare.redis.url (FANFARE_REDIS_URL)", "fanfare.redis.url", "redis://u:secret@h/three");
		assertWrong("fanfare.redis.url (FANFARE_REDIS_URL)", "fanfare.redis.url", "redis://u:secret@h:65536");
		assertWrong("spring.data.redis.port (SPRING_DATA_REDIS_PORT)", "fanfare.redis.url", "redis://u:secret@h",
				"spring.data.redis.port", "http");
		assertWrong("spring.data.redis.database", "fanfare.redis.url", "redis://u:secret@h",
				"spring.data.redis.database", "-1");
		assertWrong("spring.data.redis.database (SPRING_DATA_REDIS_DATABASE)", "fanfare.redis.url",
				"redis://u:secret@h/3", "spring.data.redis.database", "x");
	}

	private static void assertWrong(String expected, String... settings) {
		assertThatThrownBy(() -> merge(settings)).isInstanceOf(UnfitRedisException.class)
			.hasMessageContaining(expected)
			.message()
			.doesNotContain("secret");
	}

	private static String merge(String... settings) {
		Map<String, String> values = new HashMap<>();
		for (int i = 0; i < settings.length; i += 2) {
			values.put(settings[i], settings[i + 1]);
		}
		return RedisUrl.merge(values::get);
	}

}
