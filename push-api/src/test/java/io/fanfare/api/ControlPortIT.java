package io.fanfare.api;

import java.util.List;

import io.fanfare.api.TestApi.Answer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ControlPortIT {

	private final TestApi api = TestApi.shared();

	@Test
	void healthIsToldOnBothPorts() {
		assertThat(control("/actuator/health/liveness").json().toString()).isEqualTo("{\"status\":\"UP\"}");
		assertThat(control("/actuator/health/readiness").json().toString()).contains("\"status\":\"UP\"")
			.contains("\"redisLink\":{\"status\":\"UP\"}");
		assertThat(this.api.send("GET", "/livez", null).status()).isEqualTo(200);
		assertThat(this.api.send("GET", "/readyz", null).status()).isEqualTo(200);
	}

	@Test
	void metricsNameNoUserChannelOrKey() {
		this.api.post("/v1/messages", "{\"to\":{\"user\":\"secretuser\"},\"data\":1}");
		this.api.post("/v1/messages", "{\"to\":{\"channel\":\"secrettopic\"},\"data\":1}", "Idempotency-Key",
				"secretkey");
		this.api.get("/v1/users/secretuser");
		String metrics = control("/actuator/prometheus").body();
		assertThat(metrics)
			.contains("fanfare_publish_total{outcome=\"stored\"}", "fanfare_publish_duration_seconds_count")
			.doesNotContain("secret");
	}

	@Test
	void whatIsInTheJarIsServed() {
		Answer sbom = control("/actuator/sbom/application");
		assertThat(sbom.status()).isEqualTo(200);
		assertThat(sbom.header("Content-Type")).startsWith("application/vnd.cyclonedx+json");
		assertThat(sbom.json().get("bomFormat").asString()).isEqualTo("CycloneDX");
		assertThat(sbom.json().get("components").valueStream().map((one) -> one.get("name").asString()))
			.contains("lettuce-core", "spring-web")
			.doesNotContain("push-test", "junit-jupiter");
	}

	@Test
	void nothingElseIsThere() {
		assertThat(control("/actuator/info").status()).isEqualTo(200);
		for (String path : List.of("/actuator", "/actuator/env", "/actuator/beans", "/actuator/loggers",
				"/actuator/heapdump", "/actuator/threaddump", "/actuator/shutdown", "/v1/nodes", "/", "/v3/api-docs")) {
			assertThat(control(path).status()).as(path).isNotEqualTo(200);
		}
	}

	@Test
	void thePageIsServedUnderAStrictPolicy() {
		Answer page = this.api.send("GET", "/", null);
		assertThat(page.status()).isEqualTo(200);
		assertThat(page.header("Content-Type")).startsWith("text/html");
		assertThat(page.header("Content-Security-Policy"))
			.contains("default-src 'none'", "script-src 'self';", "connect-src 'self';", "frame-ancestors 'none'")
			.doesNotContain("unsafe", "*", "http");
		assertThat(page.body()).doesNotContain("style=", "onclick=", "http://", "https://")
			.containsPattern("<script type=\"module\" src=\"console.js\"></script>");
		assertThat(this.api.send("GET", "/console.js", null).header("Content-Type")).contains("javascript");
		assertThat(this.api.send("GET", "/console.js", null).body()).doesNotContain("innerHTML");
		Answer streams = this.api.send("GET", "/streams.js", null);
		assertThat(streams.header("Content-Type")).startsWith("text/javascript");
		assertThat(streams.body()).isEqualTo("export default [\"/events\"];\n");
		assertThat(this.api.send("GET", "/console.css", null).header("Content-Type")).startsWith("text/css");
	}

	private Answer control(String path) {
		return this.api.sendTo(this.api.controlPort(), "GET", path, null);
	}

}
