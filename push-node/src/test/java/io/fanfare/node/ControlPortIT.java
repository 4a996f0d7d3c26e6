package io.fanfare.node;

import io.fanfare.test.sse.Answer;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/** Whatever comes to the control port is answered by a problem document. */
class ControlPortIT {

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final TestNode node = Cluster.first();

	@ParameterizedTest
	@CsvSource({ "GET, /error, 404, not-found", "POST, /error, 404, not-found", "OPTIONS, /error, 404, not-found",
			"GET, /error?status=200, 404, not-found", "GET, /actuator/health/../env, 400, refused",
			"GET, /actuator/../error, 400, refused", "GET, /actuator/health/./x, 400, refused",
			"GET, /actuator/health/%2e%2e/env, 400, refused", "GET, /actuator//health, 400, refused",
			"GET, /actuator;x=1/health, 400, refused", "GET, /actuator/health/.., 400, refused",
			"POST, /actuator/health/../env, 400, refused" })
	void whatIsNotThereIsAProblemDocument(String method, String path, int status, String type) {
		Answer answer = this.node.control(path).method(method).fetch();
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
		JsonNode problem = JsonMapper.shared().readTree(answer.text());
		assertThat(problem.required("type").asString()).isEqualTo("https://fanfare.io/problems/" + type);
		assertThat(problem.required("status").asInt()).isEqualTo(status);
		assertThat(problem.propertyNames()).contains("type", "title", "status")
			.isSubsetOf("type", "title", "status", "detail");
	}

	@ParameterizedTest
	@CsvSource({ "/actuator/env, 404", "/nothing, 404", "/actuator/health/nothing, 404",
			"/actuator/health/liveness, 200", "/actuator/health?x=/../%2F, 200" })
	void whatIsPlainIsAsItWas(String path, int status) {
		assertThat(this.node.control(path).fetch().status()).isEqualTo(status);
	}

}
