package io.fanfare.node;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.fanfare.protocol.TokenLimits;
import io.fanfare.test.sse.Answer;
import io.fanfare.test.sse.End;
import io.fanfare.test.sse.SseClient;
import io.fanfare.test.sse.SseRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.node.TestNode.SOON;
import static io.fanfare.node.TestNode.newUser;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Whatever a client sends gets a status or a close, and no trace in the log. */
class MalformedRequestsIT {

	/** Less a bit, for the clock of the event loop. */
	private static final Duration REQUEST_TIMEOUT = Duration.ofMillis(690);

	@RegisterExtension
	private final LogWatch log = new LogWatch();

	private final TestNode node = Cluster.first();

	private final String user = newUser();

	private String get(String target, String... headers) {
		StringBuilder request = new StringBuilder("GET ").append(target).append(" HTTP/1.1\r\n");
		for (String header : headers) {
			request.append(header).append("\r\n");
		}
		return request.append("\r\n").toString();
	}

	private int statusOf(String request) {
		return statusOf(request.getBytes(StandardCharsets.ISO_8859_1));
	}

	/** The status, or 0 where the connection was closed without one. */
	private int statusOf(byte[] request) {
		try (SseClient client = this.node.connect()) {
			client.send(request);
			await().atMost(SOON).until(() -> client.hasAnswered() || client.end() != null);
			return client.hasAnswered() ? client.status() : 0;
		}
	}

	@Test
	void aRequestThatDoesNotComeIs408AndTheEnd() {
		try (SseClient client = this.node.connect()) {
			client.send("GET /events HTTP/1.1\r\nHost: x\r\n");
			assertThat(client.answer().status()).isEqualTo(408);
			assertThat(client.headers().firstValue("Connection")).contains("close");
			client.awaitDisconnect(SOON);
		}
		try (SseClient client = this.node.connect()) {
			client.send("POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
			assertThat(client.answer().status()).isEqualTo(408);
		}
	}

	/** However it comes: by itself, or in one packet with the end of the one before. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aLaterRequestThatStopsInItsMiddleIs408(boolean inOnePacket) {
		String first = get("/nothing", "Host: x");
		String second = "POST /events/close HTTP/1.1\r\nHo";
		try (SseClient client = this.node.connect()) {
			client.send(inOnePacket ? first + second : first);
			assertThat(client.answer().status()).isEqualTo(404);
			if (!inOnePacket) {
				client.send(second);
			}
			client.awaitDisconnect(SOON);
			assertThat(surplus(client)).startsWith("HTTP/1.1 408 ").contains("Connection: close");
		}
	}

	@Test
	void aRequestBehindACallToAnotherNodeIs408WhereItStops() {
		String body = "{\"key\":\"gone.12345678.abcdefghijklmnopqrstuv\"}";
		try (SseClient client = this.node.connect()) {
			client.send("POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body
					+ "POST /events/close HTTP/1.1\r\nHo");
			client.awaitDisconnect(SOON);
			assertThat(client.answer().status()).isEqualTo(204);
			assertThat(surplus(client)).startsWith("HTTP/1.1 408 ");
		}
	}

	@Test
	void aRequestThatBeginsLateHasItsWholeTime() {
		try (SseClient client = this.node.connect()) {
			client.send(get("/nothing", "Host: x"));
			assertThat(client.answer().status()).isEqualTo(404);
			await().pollDelay(TestNode.A_WHILE).until(() -> true);
			long began = System.nanoTime();
			client.send("G");
			client.awaitDisconnect(SOON);
			assertThat(surplus(client)).startsWith("HTTP/1.1 408 ");
			assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(REQUEST_TIMEOUT);
		}
	}

	@Test
	void anEmptyLineBeginsNoRequest() {
		try (SseClient client = this.node.connect()) {
			client.send(get("/nothing", "Host: x") + "\r\n");
			assertThat(client.answer().status()).isEqualTo(404);
			client.send("\r\n");
			client.awaitDisconnect(SOON);
			assertThat(surplus(client)).isEmpty();
		}
	}

	private static String surplus(SseClient client) {
		return new String(client.surplus(), StandardCharsets.UTF_8);
	}

	@Test
	void aConnectionThatStaysIdleAfterAnAnswerIsClosed() {
		try (SseClient client = this.node.connect()) {
			client.send(get("/nothing", "Host: x"));
			assertThat(client.status()).isEqualTo(404);
			client.awaitDisconnect(SOON);
		}
		try (SseClient client = this.node.connect()) {
			String body = "{\"key\":\"" + this.node.identity() + ".abcdefghijklmnopqrstuv\"}";
			client
				.send("POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
			assertThat(client.status()).isEqualTo(204);
			client.awaitDisconnect(SOON);
		}
	}

	@Test
	void aBodyOver16KiBIs413() {
		try (SseClient client = this.node.connect()) {
			client.send("POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: 16385\r\n\r\n");
			Answer answer = client.answer();
			assertThat(answer.status()).isEqualTo(413);
			client.awaitDisconnect(SOON);
		}
		try (SseClient client = this.node.connect()) {
			client.send("POST /events/close HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
			client.send("4001\r\n" + "x".repeat(0x4001) + "\r\n");
			assertThat(client.status()).isEqualTo(413);
		}
	}

	@Test
	void aBodyIsAskedForWhereTheClientWaitsToBeAsked() {
		try (SseClient client = this.node.connect()) {
			client.send("POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n"
					+ "Expect: 100-continue\r\n\r\n");
			assertThat(client.status()).isEqualTo(413);
		}
		try (SseClient client = this.node.connect()) {
			client.send("POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
			assertThat(client.status()).isEqualTo(100);
			client.send("{}");
			client.awaitText((text) -> text.startsWith("HTTP/1.1 400 "), SOON);
		}
	}

	@Test
	void aRequestLineOver36KiBIs414AndHeadersOver40KiBAre431() {
		assertThat(statusOf(get("/events?x=" + "y".repeat(36_800), "Host: x"))).isEqualTo(401);
		assertThat(statusOf(get("/events?x=" + "y".repeat(36_864), "Host: x"))).isEqualTo(414);
		assertThat(statusOf(get("/events", "Host: x", "X: " + "y".repeat(40_900)))).isEqualTo(401);
		assertThat(statusOf(get("/events", "Host: x", "X: " + "y".repeat(41_000)))).isEqualTo(431);
	}

	/**
	 * A token as long as the API makes any, and 32 topics, with all that may be escaped.
	 */
	@Test
	void theLongestLegalRequestOpensAStream() {
		String user = "\u4e2d".repeat(128 - this.user.length()) + this.user;
		List<String> topics = IntStream.range(10, 42).mapToObj((i) -> "t" + i + ":".repeat(125)).toList();
		String bare = Tokens.token(user, topics.toArray(String[]::new));
		String padding = "x".repeat((TokenLimits.MAX_LENGTH - bare.length()) * 3 / 4 - 8);
		String token = Tokens.token(user, Stream.concat(topics.stream(), Stream.of(padding)).toArray(String[]::new));
		assertThat(token.length()).isBetween(TokenLimits.MAX_LENGTH - 20, TokenLimits.MAX_LENGTH);
		for (boolean byQuery : new boolean[] { true, false }) {
			SseRequest request = this.node.request("/events").query("client", "~".repeat(64));
			topics.forEach((topic) -> request.query("channel", topic));
			try (SseClient stream = (byQuery ? request.query("access_token", token) : request.bearer(token))
				.query("lastEventId", "1763704424521-7")
				.open()) {
				assertThat(stream.status()).isEqualTo(200);
			}
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "HTTP/3.0" })
	void anotherVersionIs505(String version) {
		assertThat(statusOf("GET /events " + version + "\r\nHost: x\r\n\r\n")).isEqualTo(505);
	}

	@Test
	void aHostIsNeededAndOnlyOne() {
		assertThat(statusOf(get("/events"))).isEqualTo(400);
		assertThat(statusOf(get("/events", "Host: a", "Host: b"))).isEqualTo(400);
		assertThat(statusOf(get("/events", "Host: a"))).isEqualTo(401);
	}

	@Test
	void theAbsoluteFormOfATargetIsUnderstood() {
		assertThat(statusOf(get("http://some.host/events", "Host: some.host"))).isEqualTo(401);
		assertThat(statusOf(get("http://some.host/other", "Host: some.host"))).isEqualTo(404);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "GET /events?x=%zz HTTP/1.1", "GET /events?%=% HTTP/1.1", "GET /events?channel=%C0%80 HTTP/1.1",
					"GET /events?&&=&=&a&& HTTP/1.1", "GET ? HTTP/1.1", "GET * HTTP/1.1", "OPTIONS * HTTP/1.1",
					"GET /events?client=%00 HTTP/1.1", "GET %2 HTTP/1.1", "GET  HTTP/1.1", "GET /events#x HTTP/1.1",
					"CONNECT a:1 HTTP/1.1", "GET /events HTTP/1.1 x", "GET /events http/1.1", "GET /events", "GET",
					"G@T /events HTTP/1.1", "GET http:// HTTP/1.1", "GET http://[ HTTP/1.1" })
	void anOddRequestLineGetsARefusal(String line) {
		assertThat(statusOf(line + "\r\nHost: x\r\nAuthorization: Bearer " + Tokens.token(this.user) + "\r\n\r\n"))
			.isIn(0, 200, 400, 404, 405, 505);
	}

	@ParameterizedTest
	@ValueSource(strings = { "Content-Length: -1", "Content-Length: x", "Content-Length: 1, 2",
			"Content-Length: 1\r\nContent-Length: 2", "Content-Length: 99999999999999999999",
			"Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip",
			"Transfer-Encoding: chunked, x", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "No colon",
			": empty name", "A B: c", " folded: x", "X: a\0b", "X\0: a", "Expect: something",
			"Upgrade: websocket\r\nConnection: Upgrade", "Connection: close, keep-alive", "Accept: ;q=0", "Accept: ;;;",
			"Cookie: ;;=;fanfare", "Cookie: fanfare=\"", "Authorization: Bearer", "Authorization: Basic x",
			"Origin: a\u0001b", "Last-Event-ID: \u0001" })
	void anOddHeaderGetsARefusalAndNeverAStream(String header) {
		String body = "0\r\n\r\n";
		int status = statusOf("POST /events/close HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n" + body);
		assertThat(status).isIn(0, 400, 408, 413, 417, 501);
		assertThat(statusOf("GET /events HTTP/1.1\r\nHost: x\r\n" + header + "\r\n\r\n" + body)).isIn(0, 400, 401, 406,
				413, 417, 501);
	}

	@ParameterizedTest
	@ValueSource(strings = { "zz\r\n", "-1\r\nx\r\n", "ffffffffffffffffff\r\n", "1\r\nxx\r\n",
			"1;ext=" + "\"\r\nx\r\n0\r\n\r\n", "\r\n\r\n", "1\nx\n0\n\n", "0\r\nTrailer\r\n\r\n", "0\r\n: x\r\n\r\n" })
	void badChunkingGetsARefusal(String body) {
		assertThat(statusOf("POST /events/close HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + body))
			.isIn(0, 400, 408, 413);
	}

	@Test
	void garbageGetsARefusal() {
		Random random = new Random(20_26);
		for (int round = 0; round < 25; round++) {
			byte[] garbage = new byte[1 + random.nextInt(300)];
			random.nextBytes(garbage);
			ByteArrayOutputStream request = new ByteArrayOutputStream();
			request.writeBytes(garbage);
			request.writeBytes("\r\n\r\n\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
			assertThat(statusOf(request.toByteArray())).as("round %d", round).isIn(0, 400, 404, 408, 414, 431, 505);
		}
		assertThat(statusOf(new byte[] { 0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, '\r', '\n', '\r', '\n' }))
			.isIn(0, 400);
		assertThat(statusOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")).isIn(400, 505);
	}

	@Test
	void aMutatedRequestGetsAnAnswer() {
		byte[] good = get("/events?channel=a&client=b&lastEventId=1-1&history=3", "Host: x",
				"Accept: text/event-stream, */*;q=0.1", "Cookie: fanfare=a; b=c", "Authorization: Bearer x.y.z")
			.getBytes(StandardCharsets.ISO_8859_1);
		Random random = new Random(7);
		for (int round = 0; round < 40; round++) {
			byte[] request = good.clone();
			for (int i = 0; i <= random.nextInt(3); i++) {
				request[random.nextInt(request.length - 4)] = (byte) random.nextInt(256);
			}
			assertThat(statusOf(request)).as("round %d", round)
				.isIn(0, 400, 401, 403, 404, 405, 406, 408, 414, 431, 505);
		}
	}

	@Test
	void aConnectionServesSeveralAnswersAndThenAStream() {
		try (SseClient client = this.node.connect()) {
			client.send(get("/nothing", "Host: x"));
			assertThat(client.status()).isEqualTo(404);
			client.send(get("/events", "Host: x"));
			await().atMost(SOON)
				.untilAsserted(() -> assertThat(new String(client.surplus(), StandardCharsets.UTF_8))
					.startsWith("HTTP/1.1 401 ")
					.doesNotContain("Connection: close"));
			client.send(get("/events", "Host: x", "Authorization: Bearer " + Tokens.token(this.user)));
			await().atMost(SOON)
				.untilAsserted(() -> assertThat(new String(client.surplus(), StandardCharsets.UTF_8))
					.contains("HTTP/1.1 200 OK")
					.contains("push.connected"));
			assertThat(client.end()).isEqualTo(End.COMPLETE);
		}
	}

	@ParameterizedTest
	@CsvSource({ "413, 'POST /events/close HTTP/1.1\nHost: x\nContent-Length: 3000000\n\n'",
			"413, 'POST /events HTTP/1.1\nHost: x\nContent-Length: 3000000\n\n'",
			"431, 'GET /events HTTP/1.1\nHost: x\nX: '", "414, 'GET /events?x='" })
	void aRefusalIsHeardThoughMuchOfTheRequestIsStillOnItsWay(int status, String beginning) {
		for (int round = 0; round < 5; round++) {
			try (SseClient client = this.node.connect()) {
				client.send(beginning.replace("\n", "\r\n"));
				for (int i = 0; i < 20; i++) {
					client.send("x".repeat(20_000));
				}
				assertThat(client.answer().status()).as("round %d", round).isEqualTo(status);
				assertThat(client.headers().firstValue("Connection")).contains("close");
				client.awaitDisconnect(SOON);
			}
		}
	}

	@Test
	void nothingIsServedBehindARequestThatWasBrokenOff() {
		try (SseClient client = this.node.connect()) {
			client.send("POST /events/close HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n" + "x".repeat(20_000)
					+ get("/events", "Host: x", "Authorization: Bearer " + Tokens.token(this.user)));
			client.awaitDisconnect(SOON);
			assertThat(client.status()).isEqualTo(413);
			assertThat(client.surplus()).isEmpty();
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "Connection: keep-alive\r\n" })
	void aConnectionOfHttp10IsNotKept(String header) {
		try (SseClient client = this.node.connect()) {
			client.send("GET /events HTTP/1.0\r\nHost: x\r\n" + header + "\r\n");
			assertThat(client.answer().status()).isEqualTo(505);
			assertThat(client.headers().firstValue("Connection")).contains("close");
			client.awaitDisconnect(SOON);
		}
	}

	@Test
	void pipelinedRequestsAreAnsweredInOrder() {
		String body = "{\"key\":\"gone.12345678.abcdefghijklmnopqrstuv\"}";
		try (SseClient client = this.node.connect()) {
			client.send(get("/nothing", "Host: x") + "POST /events/ack HTTP/1.1\r\nHost: x\r\nContent-Length: "
					+ body.length() + "\r\n\r\n" + body + get("/events", "Host: x")
					+ get("/nothing", "Host: x", "Connection: close"));
			client.awaitDisconnect(SOON);
			assertThat(client.status()).isEqualTo(404);
			assertThat(new String(client.surplus(), StandardCharsets.UTF_8).lines()
				.filter((line) -> line.contains("HTTP/1.1 "))
				.map((line) -> line.substring(line.indexOf("HTTP/1.1 ") + 9).substring(0, 3)))
				.containsExactly("404", "401", "404");
			assertThat(client.text()).contains("Streams are at /events");
			assertThat(new String(client.surplus(), StandardCharsets.UTF_8).indexOf("is not open"))
				.isLessThan(new String(client.surplus(), StandardCharsets.UTF_8).indexOf("A token is needed"));
		}
	}

	@Test
	void whatAClientSendsOnAnOpenStreamDoesNoHarm() {
		try (SseClient stream = this.node.open(this.user)) {
			stream.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
			stream.send(new byte[100_000]);
			Cluster.backend().publish(io.fanfare.protocol.ChannelName.user(this.user), "still here");
			assertThat(stream.awaitBlock(Blocks::isMessage, SOON).data()).isEqualTo("still here");
			assertThat(stream.end()).isNull();
		}
		try (SseClient stream = this.node.connect()) {
			stream.send(get("/events", "Host: x", "Authorization: Bearer " + Tokens.token(this.user))
					+ get("/nothing", "Host: x"));
			assertThat(stream.status()).isEqualTo(200);
			assertThat(stream.awaitBlock((block) -> block.fires("push.connected"), Duration.ofSeconds(5))).isNotNull();
			stream.expectNone((block) -> false, TestNode.A_WHILE);
			assertThat(stream.end()).isNull();
		}
	}

}
