package io.fanfare.api.console;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class ClientScriptsIT {

	private final TestApi api = TestApi.shared();

	@ParameterizedTest
	@ValueSource(strings = { "/client/fanfare.js", "/client/fanfare-worker.js", "/client/fanfare-doctor.js",
			"/client/fanfare-doctor-findings.js" })
	void pagesOfAnyOriginLoadTheLibrary(String path) {
		Answer answer = this.api.send("GET", path, null, "Origin", "https://app.example");
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.header("Content-Type")).startsWith("text/javascript");
		assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
		assertThat(answer.header("Access-Control-Allow-Origin")).isEqualTo("*");
		assertThat(answer.header("Cross-Origin-Resource-Policy")).isEqualTo("cross-origin");
		assertThat(answer.body()).contains("export ");
	}

	@Test
	void cachesAskWhetherItHasChanged() {
		Answer first = this.api.send("GET", "/client/fanfare.js", null);
		assertThat(first.header("Cache-Control")).contains("no-cache").doesNotContain("no-store");
		assertThat(first.header("Last-Modified")).isEmpty();
		String tag = first.header("ETag");
		assertThat(tag).matches("\"[0-9a-f]{32}\"");
		Answer again = this.api.send("GET", "/client/fanfare.js", null, "If-None-Match", tag, "Origin",
				"https://app.example");
		assertThat(again.status()).isEqualTo(304);
		assertThat(again.body()).isEmpty();
		assertThat(this.api.send("GET", "/client/fanfare.js", null, "If-None-Match", "\"other\"").status())
			.isEqualTo(200);
	}

	@ParameterizedTest
	@ValueSource(strings = { "/client", "/client/", "/client/fanfare.test.js", "/client/package.json" })
	void nothingElseIsThere(String path) {
		assertThat(this.api.send("GET", path, null).status()).isBetween(400, 404);
	}

	@Test
	void otherAnswersHaveNoCors() {
		assertThat(this.api.send("GET", "/console.js", null, "Origin", "https://app.example")
			.header("Access-Control-Allow-Origin")).isEmpty();
	}

}
