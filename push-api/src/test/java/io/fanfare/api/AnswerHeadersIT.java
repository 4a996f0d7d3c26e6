package io.fanfare.api;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What each answer of each port carries, also those that Tomcat makes by itself. */
class AnswerHeadersIT {

	private static final String HOST = "Host: x\r\n";

	private final TestApi api = TestApi.shared();

	@Test
	void everyAnswerForbidsGuessingItsTypeAndSendsNoReferrer() throws IOException {
		List<String> requests = List.of("GET / HTTP/1.1\r\n" + HOST, "GET /console.js HTTP/1.1\r\n" + HOST,
				"GET /streams.js HTTP/1.1\r\n" + HOST, "GET /nothing HTTP/1.1\r\n" + HOST,
				"GET /v1/cursor HTTP/1.1\r\n" + HOST, "GET /v1/cursor HTTP/1.1\r\nAuthorization: Bearer x\r\n" + HOST,
				"OPTIONS /v1/cursor HTTP/1.1\r\n" + HOST, "POST / HTTP/1.1\r\nContent-Length: 0\r\n" + HOST,
				"TRACE / HTTP/1.1\r\n" + HOST, "GET /livez HTTP/1.1\r\n" + HOST, "GET /error HTTP/1.1\r\n" + HOST,
				"GET /actuator/health/liveness HTTP/1.1\r\n" + HOST, "GET /actuator/prometheus HTTP/1.1\r\n" + HOST,
				"GET /swagger-ui.html HTTP/1.1\r\n" + HOST, "GET /a;b HTTP/1.1\r\n" + HOST,
				"GET /%zz HTTP/1.1\r\n" + HOST, "GET /\u0001 HTTP/1.1\r\n" + HOST, "GARBAGE\r\n",
				"GET / HTTP/9.9\r\n" + HOST, "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
				"GET / HTTP/1.1\r\nHost: ::\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n" + HOST,
				"GET / HTTP/1.1\r\nX Y: z\r\n" + HOST, "GET / HTTP/1.1\r\nContent-Length: 5\r\n" + HOST,
				"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n" + HOST,
				"GET /" + "/a".repeat(80) + " HTTP/1.1\r\n" + HOST,
				"GET /" + "a".repeat(60_000) + " HTTP/1.1\r\n" + HOST,
				"GET / HTTP/1.1\r\nX: " + "a".repeat(60_000) + "\r\n" + HOST,
				"POST /v1/messages HTTP/1.1\r\nContent-Length: 99999999999\r\n" + HOST,
				"POST /v1/messages HTTP/1.1\r\nExpect: nonsense\r\nContent-Length: 0\r\n" + HOST);
		for (int port : new int[] { this.api.port(), this.api.controlPort() }) {
			for (String request : requests) {
				String head = head(port, request);
				assertThat(head).as(request.substring(0, Math.min(60, request.length()))).startsWith("HTTP/1.1 ");
				assertThat(values(head, "X-Content-Type-Options")).as(head).containsExactly("nosniff");
				assertThat(values(head, "Referrer-Policy")).as(head).containsExactly("no-referrer");
			}
		}
	}

	private static List<String> values(String head, String name) {
		return head.lines()
			.filter((line) -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
			.map((line) -> line.substring(name.length() + 1).strip())
			.toList();
	}

	private static String head(int port, String request) throws IOException {
		try (Socket socket = new Socket("localhost", port)) {
			socket.setSoTimeout(10_000);
			socket.getOutputStream()
				.write((request + "Connection: close\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
			StringBuilder head = new StringBuilder();
			for (int c = socket.getInputStream().read(); c >= 0
					&& head.indexOf("\r\n\r\n") < 0; c = socket.getInputStream().read()) {
				head.append((char) c);
			}
			return head.toString();
		}
	}

}
