package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.audit.RefusalReason;
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
		Problem full = Problem.unavailable("full", Duration.ofMillis(6_001));
		assertThat(full.headers()).containsEntry("Retry-After", "7");
		assertThat(new String(full.body(), StandardCharsets.UTF_8)).contains("\"status\":503")
			.contains("/unavailable\"")
			.contains("\"title\":\"Service Unavailable\"");
		Problem elsewhere = Problem.unavailable(404, "full", Duration.ofSeconds(1));
		assertThat(new String(elsewhere.body(), StandardCharsets.UTF_8)).contains("\"status\":404")
			.contains("\"title\":\"Service Unavailable\"");
	}

	@Test
	void aQuotaThatIsUsedUpIsToldAsTheDraftHasIt() {
		Problem opens = Problem.quotaExceeded(new Quota("opens", 60, Duration.ofMinutes(1), Duration.ofMillis(29_001)),
				Duration.ofSeconds(33));
		assertThat(opens.status()).isEqualTo(429);
		assertThat(opens.headers()).containsOnly(Map.entry("RateLimit-Policy", "\"opens\";q=60;w=60"),
				Map.entry("RateLimit", "\"opens\";r=0;t=30"), Map.entry("Retry-After", "33"));
		assertThat(new String(opens.body(), StandardCharsets.UTF_8))
			.isEqualTo("{\"type\":\"https://iana.org/assignments/http-problem-types#quota-exceeded\","
					+ "\"title\":\"Request cannot be satisfied as assigned quota has been exceeded\","
					+ "\"status\":429,\"detail\":\"rate-limited\",\"violated-policies\":[\"opens\"]}");
		Problem connections = Problem.quotaExceeded(new Quota("connections", 50, null, null), Duration.ofSeconds(3));
		assertThat(connections.headers()).containsOnly(
				Map.entry("RateLimit-Policy", "\"connections\";q=50;qu=\"concurrent-requests\""),
				Map.entry("RateLimit", "\"connections\";r=0"), Map.entry("Retry-After", "3"));
	}

	@Test
	void aTokenThatWasGivenIsCalledInvalidAndOneThatWasNotIsAskedFor() {
		assertThat(Problem.credentialMissing("why").headers()).containsEntry("WWW-Authenticate", "Bearer");
		assertThat(Problem.invalidToken(RefusalReason.TOKEN_CLAIMS, "why").headers().get("WWW-Authenticate"))
			.isEqualTo("Bearer error=\"invalid_token\", error_description=\"why\"");
	}

}
