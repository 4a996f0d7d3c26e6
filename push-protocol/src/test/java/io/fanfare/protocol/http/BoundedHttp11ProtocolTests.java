package io.fanfare.protocol.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

import io.fanfare.protocol.guard.Errors;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class BoundedHttp11ProtocolTests {

	private static final BoundedHttp11Protocol PROTOCOL = new BoundedHttp11Protocol();

	private static final List<String> NOTED = new CopyOnWriteArrayList<>();

	private static final Tomcat TOMCAT = new Tomcat();

	@BeforeAll
	static void start() throws Exception {
		PROTOCOL.setPort(0);
		PROTOCOL.setAddress(InetAddress.getLoopbackAddress());
		PROTOCOL.setMaxHttpRequestHeaderSize(48 * 1024);
		PROTOCOL.setErrors(new Errors(System::nanoTime, NOTED::add, (fatal) -> {
		}));
		TOMCAT.setConnector(new Connector(PROTOCOL));
		TOMCAT.setBaseDir(System.getProperty("java.io.tmpdir"));
		Tomcat.addServlet(TOMCAT.addContext("", null), "all", new Eager()).addMapping("/");
		TOMCAT.start();
	}

	@AfterAll
	static void stop() throws Exception {
		TOMCAT.stop();
		TOMCAT.destroy();
	}

	/** Asks for all that Tomcat parses late. */
	private static final class Eager extends HttpServlet {

		@Override
		protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
			List<?> locales = Collections.list(request.getLocales());
			int cookies = (request.getCookies() != null) ? request.getCookies().length : 0;
			response.getWriter().print("locales=" + locales.size() + " cookies=" + cookies);
		}

	}

	private static String ask(String request) throws IOException {
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), PROTOCOL.getLocalPort())) {
			socket.setSoTimeout(10_000);
			socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
			return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
		}
	}

	private static String get(String path, String headers) throws IOException {
		return ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
	}

	/** Connections are looked at while others answer on them. */
	@Test
	void aLookAtAnyMomentOfAnAnswerClosesNothing() throws Exception {
		AtomicBoolean ended = new AtomicBoolean();
		Thread looks = Thread.ofPlatform().start(() -> {
			while (!ended.get()) {
				PROTOCOL.sweep();
			}
		});
		byte[] request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1);
		byte[] answer = new byte[4096];
		try {
			for (int i = 0; i < 100; i++) {
				try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), PROTOCOL.getLocalPort())) {
					socket.setSoTimeout(10_000);
					socket.setTcpNoDelay(true);
					for (int j = 0; j < 100; j++) {
						socket.getOutputStream().write(request);
						assertThat(socket.getInputStream().read(answer)).as("request %d", 100 * i + j).isPositive();
					}
				}
			}
		}
		finally {
			ended.set(true);
			looks.join();
		}
	}

	@Test
	void aPathOfManyParametersIsRefused() throws Exception {
		for (String one : List.of(";", ";a", "/;", ";a=b", "%3b;")) {
			assertThat(get("/" + one.repeat(46 * 1024 / one.length()), "")).as(one)
				.startsWith("HTTP/1.1 400")
				.contains("problems/refused", "parameters", "Connection: close");
		}
		assertThat(get("/;" + ";".repeat(1_000), "Content-Length: x\r\n")).startsWith("HTTP/1.1 400");
		assertThat(get("/", "Content-Length: x\r\n")).startsWith("HTTP/1.1 400").contains("Connection: close");
		assertThat(ask("nonsense\r\n\r\n")).startsWith("HTTP/1.1 400");
		assertThat(get("/a;b=c" + ";".repeat(31), "Connection: close\r\n")).startsWith("HTTP/1.1 200");
	}

	@Test
	void aPathOfManySegmentsIsRefused() throws Exception {
		for (String one : List.of("/", "/a", "/.", "/a/..")) {
			assertThat(get(one.repeat(46 * 1024 / one.length()), "")).as(one)
				.startsWith("HTTP/1.1 400")
				.contains("problems/refused", "segments");
		}
		assertThat(get("/a".repeat(64), "Connection: close\r\n")).startsWith("HTTP/1.1 200");
	}

	@Test
	void aQueryOfManyParametersIsRefused() throws Exception {
		assertThat(get("/?" + "a&".repeat(3_500), "")).startsWith("HTTP/1.1 400").contains("problems/refused", "query");
		assertThat(get("/?" + "a&".repeat(999), "Connection: close\r\n")).startsWith("HTTP/1.1 200");
	}

	@Test
	void languagesAndCookiesAreNotLookedAt() throws Exception {
		assertThat(get("/", "Connection: close\r\nAccept-Language: " + "a,".repeat(20_000) + "\r\n"))
			.startsWith("HTTP/1.1 200")
			.contains("locales=1 cookies=0");
		assertThat(get("/", "Connection: close\r\nCookie: " + "a=b;".repeat(10_000) + "\r\n"))
			.startsWith("HTTP/1.1 200")
			.contains("locales=1 cookies=0");
	}

	@ParameterizedTest
	@ValueSource(strings = { "Accept: a/b", "Accept-Charset: x", "Content-Type: a/b", "Range: bytes=0-0",
			"Forwarded: for=x", "If-None-Match: \"x\"", "Access-Control-Request-Headers: x" })
	void aHeaderOfManyElementsIsRefused(String header) throws Exception {
		String name = header.substring(0, header.indexOf(':'));
		for (String more : List.of(",a/b".repeat(5_000), ";".repeat(40_000), "\r\n" + header + ",b".repeat(64))) {
			assertThat(get("/", header + more + "\r\n")).startsWith("HTTP/1.1 400").containsIgnoringCase(name);
		}
		assertThat(get("/",
				header + ",a/b;q=1".repeat(20) + "\r\nConnection: close\r\nX-Other: " + ",".repeat(100) + "\r\n"))
			.startsWith("HTTP/1.1 200");
	}

	@ParameterizedTest
	@ValueSource(strings = { "GET", "HEAD" })
	void aBodyWhereNoneBelongsIsRefusedAndNoSecondRequest(String method) throws Exception {
		for (String body : List.of("Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")) {
			String answer = ask(
					method + " / HTTP/1.1\r\nHost: x\r\n" + body + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
			assertThat(answer).startsWith("HTTP/1.1 400").containsOnlyOnce("HTTP/1.1");
		}
		assertThat(ask(method + " / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			.startsWith("HTTP/1.1 200");
	}

	@Test
	void aTransferCodingIsChunkedOrRefused() throws Exception {
		for (String coding : List.of("chunked,", ",chunked", "chunked, chunked", "gzip, chunked", "chunked;q=1", "",
				"identity", "chunked\r\nTransfer-Encoding: chunked", "\r\n ,chunked", "\r\n chunked")) {
			String answer = ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n");
			assertThat(answer).as(coding).startsWith("HTTP/1.1 400").containsOnlyOnce("HTTP/1.1");
		}
		assertThat(
				ask("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n"))
			.startsWith("HTTP/1.1 200");
	}

	@Test
	void anOldConnectionEndsWithItsNextAnswer() throws Exception {
		PROTOCOL.maxAge(Duration.ofMillis(500));
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), PROTOCOL.getLocalPort())) {
			socket.setSoTimeout(10_000);
			StringBuilder answers = new StringBuilder();
			await().atMost(Duration.ofSeconds(10)).until(() -> {
				socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
				InputStream in = socket.getInputStream();
				byte[] some = new byte[4096];
				int count = in.read(some);
				answers.append(new String(some, 0, Math.max(count, 0), StandardCharsets.ISO_8859_1));
				return answers.indexOf("Connection: close") >= 0 && in.read() < 0;
			});
			assertThat(answers.substring(0, answers.indexOf("HTTP/1.1", 1))).startsWith("HTTP/1.1 200")
				.doesNotContain("Connection: close");
		}
		finally {
			PROTOCOL.maxAge(BoundedHttp11Protocol.MAX_AGE);
		}
		assertThat(NOTED).isEmpty();
	}

}
