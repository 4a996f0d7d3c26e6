package io.fanfare.api.problem;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class ProblemIT {

	private static final String[] AUTH = { "Authorization", "Bearer " + TestApi.KEY };

	private final TestApi api = TestApi.shared();

	@ParameterizedTest
	@CsvSource(textBlock = """
			GET,    /nothing,            404, not-found
			GET,    /v1/nothing,         404, not-found
			GET,    /error,              404, not-found
			GET,    //v1/nodes,          404, not-found
			GET,    /actuator/health,    404, not-found
			DELETE, /v1/messages,        405, method-not-allowed
			PROPFIND, /v1/messages,      405, method-not-allowed
			POST,   /v1/nodes,           405, method-not-allowed
			POST,   /v1/messages,        415, unsupported-media-type
			""")
	void whatIsNotThereIsAProblem(String method, String path, int status, String type) {
		Answer answer = this.api.send(method, path, null, AUTH);
		assertThat(answer.status()).isEqualTo(status);
		assertThat(answer.problem()).isEqualTo(type);
		assertThat(answer.json().get("status").intValue()).isEqualTo(status);
		assertThat(answer.json().get("title").stringValue()).isNotEmpty();
	}

	@Test
	void aWrongMethodTellsTheRightOnes() {
		assertThat(this.api.send("PUT", "/v1/messages", "{}", AUTH).header("Allow")).isEqualTo("POST,OPTIONS");
		assertThat(this.api.send("PUT", "/v1/nodes", "{}", AUTH).header("Allow")).isEqualTo("GET,HEAD,OPTIONS");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			/                          | GET,HEAD,OPTIONS
			/console.js                | GET,HEAD,OPTIONS
			/livez                     | GET,HEAD,OPTIONS
			/v3/api-docs               | GET,HEAD,OPTIONS
			/swagger-ui/index.html     | GET,HEAD,OPTIONS
			/v1/messages               | POST,OPTIONS
			/v1/messages/batch         | POST,OPTIONS
			/v1/users/a%2Fb            | GET,HEAD,OPTIONS
			/v1/users/alice/disconnect | POST,OPTIONS
			/v1/drain                  | GET,HEAD,POST,OPTIONS
			""")
	void optionsTellsTheMethodsOfAnAddress(String path, String allowed) {
		Answer answer = this.api.send("OPTIONS", path, null, AUTH);
		assertThat(answer.status()).isEqualTo(204);
		assertThat(answer.body()).isEmpty();
		assertThat(answer.header("Allow").split(",")).containsExactlyInAnyOrder(allowed.split(","));
		Answer limited = this.api.send("OPTIONS", path, null, "Authorization", "Bearer " + TestApi.READ_KEY);
		assertThat(limited.status()).isEqualTo(204);
		String preflight = raw("OPTIONS " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "
				+ AUTH[1] + "\r\nOrigin: http://x.example\r\nAccess-Control-Request-Method: DELETE\r\n\r\n");
		assertThat(preflight).startsWith("HTTP/1.1 204").contains("Allow: " + answer.header("Allow"));
	}

	@ParameterizedTest
	@ValueSource(strings = { "/nothing", "/v1", "/v1/", "/v1/nothing", "/error", "/v1/messages/", "/actuator/health" })
	void optionsOfWhatIsNotThereIs404(String path) {
		Answer answer = this.api.send("OPTIONS", path, null, AUTH);
		assertThat(answer.status()).isEqualTo(404);
		assertThat(answer.problem()).isEqualTo("not-found");
		assertThat(raw("OPTIONS " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + AUTH[1]
				+ "\r\nOrigin: http://x.example\r\nAccess-Control-Request-Method: GET\r\n\r\n"))
			.startsWith("HTTP/1.1 404");
	}

	@Test
	void optionsNeedsAKeyLikeAnyCall() {
		assertThat(this.api.send("OPTIONS", "/v1/messages", null).status()).isEqualTo(401);
		assertThat(this.api.send("OPTIONS", "/v1/messages", null, "Authorization", "Bearer x").status()).isEqualTo(401);
	}

	/** All answers but those of Expect and of a known call are refusals, none a fault. */
	@ParameterizedTest
	@ValueSource(strings = { "Content-Type: multipart/form-data", "Content-Type: multipart/form-data; boundary=x",
			"Content-Type: application/x-www-form-urlencoded", "Content-Type: nonsense", "Content-Type: ",
			"Content-Type: application/json; charset=nope", "Accept: ", "Accept: */*;q=x", "Accept: text/html",
			"Accept-Language: x;;;q", "Accept-Encoding: x;;q=9", "Accept-Charset: nope", "Range: bytes=9-1", "Range: x",
			"If-Modified-Since: x", "Origin: ::", "Cookie: ;;==", "Forwarded: for=;;", "Upgrade: websocket",
			"X-HTTP-Method-Override: DELETE" })
	void noRequestIsAFault(String header) {
		for (String path : List.of("/", "/console.js", "/nothing", "/error", "/v1", "/v1/messages",
				"/v1/messages/batch", "/v1/users/alice", "/v1/users/%00", "/v1/cursor?x=%zz",
				"/v1/channels/news/messages?limit=%ff", "/v1/channels/news/messages?%",
				"/v1/nodes/n/connections?state=%c3%28", "/v1/tokens", "/v3/api-docs", "/swagger-ui.html", "/livez")) {
			for (String method : List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND",
					"get")) {
				String body = method.startsWith("P") ? "a=%zz&b" : "";
				String answer = raw(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "
						+ AUTH[1] + "\r\n" + header + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
				assertThat(answer).as("%s %s, %s", method, path, header).matches("(?s)HTTP/1\\.1 [234].*");
			}
		}
	}

	/** Also without a key, on both ports. */
	@Test
	void whatIsCostlyOrAmbiguousIsRefusedBeforeTheKeyIsLookedAt() {
		for (String port : List.of("api", "control")) {
			int number = port.equals("api") ? this.api.port() : this.api.controlPort();
			String path = port.equals("api") ? "/livez" : "/actuator/health/liveness";
			String more = "Accept-Language: " + "a,".repeat(20_000) + "\r\nConnection: close\r\n";
			assertThat(raw(number, "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n")).as(port)
				.startsWith("HTTP/1.1 200");
			for (String request : List.of("GET /" + ";".repeat(47_000) + " HTTP/1.1\r\nHost: x\r\n\r\n",
					"s3cret " + path + " HTTP/1.1\r\nHost: x\r\n\r\n",
					"A".repeat(21) + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n",
					"GET " + path + " HTTP/1.1\r\nHost: x\r\nAccept: a/b" + ",a/b".repeat(11_000) + "\r\n\r\n",
					"GET " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")) {
				assertThat(raw(number, request)).as(port)
					.startsWith("HTTP/1.1 400")
					.contains("application/problem+json", "/problems/refused");
			}
		}
	}

	@Test
	void aQueryThatCannotBeDecodedIsAProblem() {
		for (String query : List.of("limit=%ff", "limit=%zz", "%")) {
			assertThat(raw("GET /v1/channels/news/messages?" + query
					+ " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + AUTH[1] + "\r\n\r\n"))
				.startsWith("HTTP/1.1 400")
				.contains("/problems/invalid-request");
		}
	}

	@Test
	void nobodyIsChallengedAndAWrongKeyIsToldSo() {
		Answer nobody = this.api.send("GET", "/v1/nodes", null);
		assertThat(nobody.status()).isEqualTo(401);
		assertThat(nobody.problem()).isEqualTo("unauthorized");
		assertThat(nobody.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"fanfare\"");
		for (String value : List.of("Bearer wrong", "Bearer ", "Bearer a.b.c")) {
			Answer wrong = this.api.send("GET", "/v1/nodes", null, "Authorization", value);
			assertThat(wrong.problem()).as(value).isEqualTo("unauthorized");
			assertThat(wrong.header("WWW-Authenticate")).contains("error=\"invalid_token\"");
		}
		assertThat(this.api.send("GET", "/v1/nodes", null, "Authorization", "Basic ZGV2OmRldg==").status())
			.isEqualTo(401);
		assertThat(this.api
			.send("GET", "/v1/nodes", null, "Authorization", "Bearer " + TestApi.KEY, "Authorization", "Bearer x")
			.status()).isEqualTo(401);
	}

	@Test
	void whoMayNotIsToldWhichScopeIsMissing() {
		Answer answer = this.api.send("GET", "/v1/nodes", null, "Authorization", "Bearer " + TestApi.SHOP_KEY);
		assertThat(answer.problem()).isEqualTo("insufficient-scope");
		assertThat(answer.header("WWW-Authenticate"))
			.isEqualTo("Bearer realm=\"fanfare\", error=\"insufficient_scope\", scope=\"read\"");
	}

	@ParameterizedTest
	@ValueSource(strings = { "text/html", "application/xml", "nonsense", "text/event-stream" })
	void whoAcceptsNoJsonIsToldSoInJson(String accept) {
		Answer answer = this.api.send("GET", "/v1/nodes", null, AUTH[0], AUTH[1], "Accept", accept);
		assertThat(answer.status()).isEqualTo(406);
		assertThat(answer.problem()).isEqualTo("not-acceptable");
	}

	@Test
	void aBodyThatIsNoJsonIsAProblem() {
		assertThat(this.api.post("/v1/messages", "{\"to\":").problem()).isEqualTo("malformed-json");
		assertThat(this.api.post("/v1/messages", "").problem()).isEqualTo("malformed-json");
		assertThat(this.api.post("/v1/messages", "[]").problem()).isEqualTo("invalid-request");
	}

	@Test
	void aByteOrderMarkBeforeABodyIsIgnored() {
		assertThat(this.api.post("/v1/messages", "\uFEFF{\"to\":{\"channel\":\"news\"},\"data\":1}").status())
			.isEqualTo(200);
		assertThat(this.api.post("/v1/messages", "\uFEFF").problem()).isEqualTo("malformed-json");
	}

	@ParameterizedTest
	@ValueSource(strings = { "gzip", "br", "deflate, gzip", "GZIP" })
	void aBodyInACodingThatIsNotUnderstoodIs415(String coding) {
		for (String path : List.of("/v1/messages", "/v1/messages/batch", "/v1/tokens")) {
			Answer answer = this.api.post(path, "{}", "Content-Encoding", coding);
			assertThat(answer.status()).isEqualTo(415);
			assertThat(answer.problem()).isEqualTo("unsupported-media-type");
			assertThat(answer.header("Accept-Encoding")).isEqualTo("identity");
			assertThat(answer.json().get("errors").findValuesAsString("header")).containsExactly("Content-Encoding");
		}
		assertThat(this.api
			.post("/v1/messages", "{\"to\":{\"channel\":\"news\"},\"data\":1}", "Content-Encoding", "identity")
			.status()).isEqualTo(200);
	}

	@Test
	void aBodyMayBeOneMegabyteAndNotAByteMore() {
		String message = "{\"to\":{\"channel\":\"news\"},\"data\":1}";
		String padding = " ".repeat(1024 * 1024 - message.length());
		assertThat(this.api.post("/v1/messages", message + padding).status()).isEqualTo(200);
		Answer answer = this.api.post("/v1/messages", message + padding + " ");
		assertThat(answer.status()).isEqualTo(413);
		assertThat(answer.problem()).isEqualTo("content-too-large");
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET /a|b HTTP/1.1\r\nHost: x\r\n", "GET /%00 HTTP/1.1\r\nHost: x\r\n",
			"GET / HTTP/1.1\r\n", "GET / HTTP/9.9\r\nHost: x\r\n", "nonsense\r\n", "TRACE / HTTP/1.1\r\nHost: x\r\n",
			"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n",
			"GET /v1/nodes HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n", "GET /v1/users/a\u00e9 HTTP/1.1\r\nHost: x\r\n",
			"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n",
			"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n" })
	void whatIsNoRequestIsAProblemWithoutATrace(String head) {
		String answer = raw(head + "Connection: close\r\n\r\n");
		assertThat(answer).startsWith("HTTP/1.1 ").doesNotContain("<html", "Exception", "Tomcat", "org.apache");
		assertThat(answer.substring(9, 10)).isIn("4", "5");
		assertThat(answer).contains("application/problem+json");
	}

	@Test
	void headersThatAreTooLongAreAProblem() {
		String answer = raw("GET /v1/nodes HTTP/1.1\r\nHost: x\r\nX-Long: " + "x".repeat(60_000) + "\r\n\r\n");
		assertThat(answer).startsWith("HTTP/1.1 4").contains("application/problem+json");
	}

	private String raw(String request) {
		return raw(this.api.port(), request);
	}

	private static String raw(int port, String request) {
		try (Socket socket = new Socket("localhost", port)) {
			socket.setSoTimeout(20_000);
			socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
			socket.shutdownOutput();
			return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
