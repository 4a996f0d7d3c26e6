package io.fanfare.api.webhook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;

import io.fanfare.api.webhook.Receiver.Received;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.ThreadScheduler;
import io.fanfare.test.network.Certificates;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

class WebhookConnectionTests {

	private static final byte[] BODY = "{}".getBytes(StandardCharsets.UTF_8);

	private static final Duration TIMEOUT = Duration.ofSeconds(20);

	/** At the end of an answer: the connection is closed behind it. */
	private static final String CUT = "\0";

	/** Nanoseconds that a test adds to the clock of connections. */
	private final AtomicLong later = new AtomicLong();

	private final ThreadScheduler scheduler = new ThreadScheduler(System::nanoTime,
			new Errors(System::nanoTime, (where) -> {
			}, (fatal) -> {
			}));

	@AfterEach
	void stop() {
		this.scheduler.close();
	}

	@Test
	void oneConnectionIsKeptAndRemadeWhereTheOtherSideClosedIt() throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket server = server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(connection.post(BODY, Map.of("a", "b"))).isEqualTo(200);
			assertThat(sockets).hasSize(1);
			sockets.getFirst().close();
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(sockets).hasSize(2);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
			"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n" })
	void aConnectionWhoseAnswerHasNoPlainEndIsNotKept(String answer) throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket server = server(answer, sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(sockets).hasSize(2);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "HTTP/1.1 100 Continue\r\n\r\n",
			"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" })
	void whatComesBeforeTheAnswerIsPassedOver(String interim) throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket server = server(interim + "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok", sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThat(connection.post(BODY, Map.of())).isEqualTo(201);
			assertThat(connection.post(BODY, Map.of())).isEqualTo(201);
			assertThat(sockets).as("it is kept").hasSize(1);
		}
	}

	@Test
	void answersThatDoNotCountEndSomeTime() throws IOException {
		try (ServerSocket server = server("HTTP/1.1 100 Continue\r\n\r\n".repeat(17), new CopyOnWriteArrayList<>());
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThatIOException().isThrownBy(() -> connection.post(BODY, Map.of())).withMessageContaining("1xx");
		}
	}

	@Test
	void aProtocolIsNotSwitched() throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket server = server("HTTP/1.1 101 Switching Protocols\r\n\r\n", sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThat(connection.post(BODY, Map.of())).isEqualTo(101);
			assertThat(connection.post(BODY, Map.of())).isEqualTo(101);
			assertThat(sockets).hasSize(2);
		}
	}

	@Test
	void anAnswerCountsThoughItsBodyDoesNotEnd() throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket server = server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), true,
						Duration.ofMillis(500))) {
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(sockets).hasSize(2);
		}
	}

	@Test
	void anAnswerCountsThoughItsBodyIsCut() throws IOException {
		try (ServerSocket server = server("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok" + CUT,
				new CopyOnWriteArrayList<>());
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
		}
	}

	/** Else the status of one post would be taken for that of the next. */
	@Test
	void aConnectionOnWhichSomethingWaitsIsNotKept() throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		String answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
		try (ServerSocket server = server(answer + "HTTP/1.1 500 Later\r\nContent-Length: 0\r\n\r\n", sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			for (int i = 0; i < 5; i++) {
				assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			}
			assertThat(sockets).hasSize(5);
		}
	}

	@Test
	void aConnectionIsKeptForSomeMinutesAlone() throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket server = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			this.later.set(WebhookConnection.MAX_AGE.minusMinutes(1).toNanos());
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(sockets).hasSize(1);
			this.later.set(WebhookConnection.MAX_AGE.toNanos());
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(connection.post(BODY, Map.of())).isEqualTo(200);
			assertThat(sockets).hasSize(2);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "LONG" })
	void whatIsNoAnswerFails(String answer) throws IOException {
		try (ServerSocket server = server(answer.replace("LONG", "HTTP/1.1 200 " + "x".repeat(17_000)),
				new CopyOnWriteArrayList<>());
				WebhookConnection connection = connection("http", server.getLocalPort(), true, TIMEOUT)) {
			assertThatIOException().isThrownBy(() -> connection.post(BODY, Map.of())).withMessageContaining("the ");
		}
	}

	@Test
	void aReceiverThatDoesNotAnswerCostsNoMoreThanTheTime() throws IOException {
		try (ServerSocket server = server("HTTP/1.1 200", new CopyOnWriteArrayList<>());
				WebhookConnection connection = connection("http", server.getLocalPort(), true,
						Duration.ofMillis(200))) {
			long begun = System.nanoTime();
			assertThatIOException().isThrownBy(() -> connection.post(BODY, Map.of()));
			assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(10));
		}
	}

	@Test
	void aPrivateAddressIsNotConnectedTo() throws IOException {
		List<Socket> sockets = new CopyOnWriteArrayList<>();
		try (ServerSocket server = server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", sockets);
				WebhookConnection connection = connection("http", server.getLocalPort(), false, TIMEOUT)) {
			assertThatIOException().isThrownBy(() -> connection.post(BODY, Map.of()))
				.withMessageEndingWith("of localhost is not public");
			assertThat(sockets).isEmpty();
		}
	}

	@Test
	void theNameOfASecureReceiverIsLookedAt(@TempDir Path directory) throws IOException {
		Certificates authority = new Certificates(directory, "authority");
		SSLContext trusting = context(authority, authority.issue("right", "DNS:localhost"));
		SSLContext other = context(authority, authority.issue("wrong", "DNS:other.example"));
		try (Receiver right = new Receiver(trusting); Receiver wrong = new Receiver(other)) {
			try (WebhookConnection connection = secure(right, trusting)) {
				assertThat(connection.post(BODY, Map.of())).isEqualTo(204);
				assertThat(connection.post(BODY, Map.of())).isEqualTo(204);
				assertThat(right.received()).extracting(Received::port).hasSize(2);
				assertThat(right.received().stream().map(Received::port).distinct()).as("it is kept").hasSize(1);
			}
			try (WebhookConnection connection = secure(wrong, trusting)) {
				assertThatIOException().isThrownBy(() -> connection.post(BODY, Map.of()));
			}
			try (WebhookConnection connection = connection("https", right.port(), true, TIMEOUT)) {
				assertThatIOException().as("an authority that is not trusted")
					.isThrownBy(() -> connection.post(BODY, Map.of()));
			}
			assertThat(wrong.received()).isEmpty();
		}
	}

	private WebhookConnection secure(Receiver receiver, SSLContext context) {
		return connection("https", receiver.port(), true, TIMEOUT, context.getSocketFactory());
	}

	private static SSLContext context(Certificates authority, Certificates.Issued issued) {
		return SslBundle
			.of(new PemSslStoreBundle(
					PemSslStoreDetails.forCertificate(issued.certificate().toUri().toString())
						.withPrivateKey(issued.key().toUri().toString()),
					PemSslStoreDetails.forCertificate(authority.ca().toUri().toString())))
			.createSslContext();
	}

	private WebhookConnection connection(String scheme, int port, boolean allowPrivate, Duration timeout) {
		return connection(scheme, port, allowPrivate, timeout, (SSLSocketFactory) SSLSocketFactory.getDefault());
	}

	private WebhookConnection connection(String scheme, int port, boolean allowPrivate, Duration timeout,
			SSLSocketFactory tls) {
		return new WebhookConnection(
				new WebhookConnection.Target(URI.create(scheme + "://localhost:" + port + "/"), allowPrivate), timeout,
				tls, this.scheduler.createWorker("test"), () -> System.nanoTime() + this.later.get());
	}

	/** Answers each request with the same bytes. */
	private static ServerSocket server(String answer, List<Socket> sockets) throws IOException {
		ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		Thread.ofVirtual().start(() -> {
			try {
				while (true) {
					Socket socket = server.accept();
					sockets.add(socket);
					Thread.ofVirtual().start(() -> answer(socket, answer));
				}
			}
			catch (IOException ex) {
				// The test is over
			}
		});
		return server;
	}

	private static void answer(Socket socket, String answer) {
		byte[] bytes = new byte[4096];
		try {
			while (socket.getInputStream().read(bytes) > 0) {
				socket.getOutputStream().write(answer.replace(CUT, "").getBytes(StandardCharsets.ISO_8859_1));
				if (answer.endsWith(CUT)) {
					socket.close();
					return;
				}
			}
		}
		catch (IOException ex) {
			if (!socket.isClosed()) {
				throw new UncheckedIOException(ex);
			}
		}
	}

}
