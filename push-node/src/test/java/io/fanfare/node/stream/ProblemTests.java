package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

class ProblemTests {

	@Test
	void anyDetailIsEscaped() {
		String detail = IntStream.range(0, 0x2100)
			.filter((c) -> c < 0xD800)
			.mapToObj(Character::toString)
			.collect(Collectors.joining()) + "🎺";
		JsonNode problem = JsonMapper.shared().readTree(Problem.badRequest("a\"b\\", detail).body());
		assertThat(problem.get("detail").asString()).isEqualTo("a\"b\\: " + detail);
		assertThat(problem.get("type").asString()).isEqualTo("https://fanfare.io/problems/invalid-request");
		assertThat(problem.get("status").asInt()).isEqualTo(400);
		assertThat(problem.propertyNames()).containsExactly("type", "title", "status", "detail");
	}

	@Test
	void aRefusalForNowSaysWhenToComeBack() {
		Problem full = Problem.unavailable(503, "full", 7);
		assertThat(full.headers()).containsEntry("Retry-After", "7");
		assertThat(new String(full.body(), StandardCharsets.UTF_8)).contains("\"status\":503").contains("unavailable");
		assertThat(Problem.unavailable(429, "rate-limited", 1).type()).isEqualTo("too-many-requests");
	}

	@Test
	void aTokenThatWasGivenIsCalledInvalidAndOneThatWasNotIsAskedFor() {
		assertThat(Problem.unauthorized("why", false).headers()).containsEntry("WWW-Authenticate", "Bearer");
		assertThat(Problem.unauthorized("why", true).headers().get("WWW-Authenticate"))
			.isEqualTo("Bearer error=\"invalid_token\", error_description=\"why\"");
	}

}
