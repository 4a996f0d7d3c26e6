package io.fanfare.api.audit;

import java.util.List;

import io.fanfare.api.TestApi;
import io.fanfare.test.redis.RedisExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class RequestIdIT {

	private final TestApi api = TestApi.shared();

	@Test
	void theIdOfAProxyIsAnswered() {
		assertThat(id("/v1/cursor", "4f2a9c0d1e")).isEqualTo("4f2a9c0d1e");
		assertThat(id("/v1/none", "4f2a9c0d1e")).isEqualTo("4f2a9c0d1e");
	}

	@Test
	void withoutOneAndWithOneThatIsNoneTheApiMakesItsOwn() {
		for (String sent : List.of("", "a b", "a\"b", "x".repeat(65), "\u00e9")) {
			assertThat(id("/v1/cursor", sent)).as(sent).matches("[0-9a-f]{32}");
		}
		assertThat(id("/v1/cursor", "")).isNotEqualTo(id("/v1/cursor", ""));
	}

	private String id(String path, String sent) {
		return this.api.send("GET", path, null, "Authorization", "Bearer " + TestApi.KEY, "X-Request-Id", sent)
			.header("X-Request-Id");
	}

}
