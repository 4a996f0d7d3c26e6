package io.fanfare.node.stream;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class CorsTests {

	private static final String NAMED = "https://app.example";

	@Test
	void whereAllAreAllowedNoneMaySendCookies() {
		Cors cors = new Cors(List.of("*"), List.of());
		assertThat(cors.headers(NAMED)).isEqualTo("Access-Control-Allow-Origin: *\r\nVary: Origin\r\n");
		assertThat(cors.headers("null")).contains("Access-Control-Allow-Origin: *").doesNotContain("Credentials");
	}

	@Test
	void anOriginThatIsNamedIsRepeatedAndMaySendCookies() {
		for (Cors cors : List.of(new Cors(List.of(NAMED), List.of()), new Cors(List.of("*", NAMED), List.of()))) {
			assertThat(cors.headers(NAMED)).isEqualTo("Access-Control-Allow-Origin: " + NAMED
					+ "\r\nAccess-Control-Allow-Credentials: true\r\nVary: Origin\r\n");
		}
	}

	@Test
	void anOriginThatIsNotNamedIsNotAllowed() {
		Cors cors = new Cors(List.of(NAMED), List.of());
		for (String origin : List.of("https://app.example.evil", "http://app.example", "null", "", "*",
				"https://app.example:443", "https://APP.example")) {
			assertThat(cors.headers(origin)).isEqualTo("Vary: Origin\r\n");
		}
		assertThat(cors.headers(null)).isEqualTo("Vary: Origin\r\n");
	}

	@Test
	void pagesOfThisMachineMayHaveAnyPort() {
		Cors cors = new Cors(List.of("http://localhost:*"), List.of());
		for (String origin : List.of("http://localhost", "http://localhost:1", "http://localhost:65535")) {
			assertThat(cors.headers(origin)).contains("Access-Control-Allow-Origin: " + origin + "\r\n");
		}
		for (String origin : List.of("http://localhost:", "http://localhost:*", "http://localhost:1.evil.example",
				"http://localhost.evil.example", "https://localhost:1", "http://127.0.0.1:1")) {
			assertThat(cors.headers(origin)).isEqualTo("Vary: Origin\r\n");
		}
	}

	@Test
	void whenToComeBackIsReadByWhoMayReadTheAnswer() {
		Cors cors = new Cors(List.of(NAMED), List.of());
		assertThat(Cors.exposing(cors.headers(NAMED))).isEqualTo(
				cors.headers(NAMED) + "Access-Control-Expose-Headers: RateLimit, RateLimit-Policy, Retry-After\r\n");
		assertThat(Cors.exposing(cors.headers("https://other.example"))).isEqualTo("Vary: Origin\r\n");
		assertThat(Cors.exposing(new Cors(List.of("*"), List.of()).headers(null))).isEmpty();
	}

	@Test
	void eachProblemThatSaysWhenToComeBackLetsItBeRead() {
		Answers answers = new Answers(InstantSource.system());
		String cors = new Cors(List.of(NAMED), List.of()).headers(NAMED);
		assertThat(answers.problem(Problem.unavailable("redis-unavailable", Duration.ofSeconds(2)), cors, false, true)
			.toString(StandardCharsets.UTF_8)).contains("\r\nRetry-After: 2\r\n").contains(Cors.exposing(cors));
		assertThat(answers.problem(Problem.notOpen(), cors, false, true).toString(StandardCharsets.UTF_8))
			.contains(cors)
			.doesNotContain("Expose");
	}

	@Test
	void aPreflightNamesMethodsAndHeaders() {
		assertThat(new Cors(List.of(), List.of()).preflight()).isEqualTo("Access-Control-Allow-Methods: GET, POST\r\n"
				+ "Access-Control-Allow-Headers: Authorization, Cache-Control, Last-Event-ID, Content-Type\r\n"
				+ "Access-Control-Max-Age: 7200\r\n");
	}

	@Test
	void moreHeadersAreNamedOnceWhateverTheirCase() {
		assertThat(new Cors(List.of(), List.of("traceparent", "last-event-id", "X-Mine")).preflight())
			.contains("\r\nAccess-Control-Allow-Headers: Authorization, Cache-Control, Last-Event-ID, Content-Type,"
					+ " traceparent, X-Mine\r\n");
	}

}
