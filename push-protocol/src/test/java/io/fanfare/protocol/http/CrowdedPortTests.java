package io.fanfare.protocol.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.guard.Errors;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** Few addresses that hold what they can leave a port open for others. */
@EnabledOnOs(value = OS.LINUX, disabledReason = "Clients have addresses of 127.0.0.0/8")
class CrowdedPortTests {

	private static final int MAX = 40;

	private static final String GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

	private static final int BODY = 100_000;

	private static final Duration SOON = Duration.ofSeconds(10);

	private final BoundedHttp11Protocol protocol = new BoundedHttp11Protocol();

	private final Tomcat tomcat = new Tomcat();

	private final CountDownLatch release = new CountDownLatch(1);

	private final List<String> noted = new CopyOnWriteArrayList<>();

	private final List<Socket> sockets = new ArrayList<>();

	@BeforeEach
	void start() throws Exception {
		this.protocol.setPort(0);
		this.protocol.setAddress(InetAddress.getLoopbackAddress());
		this.protocol.setMaxConnections(MAX);
		this.protocol.setConnectionTimeout(60_000);
		this.protocol.setKeepAliveTimeout(60_000);
		this.protocol.setErrors(new Errors(System::nanoTime, this.noted::add, (fatal) -> {
		}));
		Connector connector = new Connector(this.protocol);
		// As in the API
		connector.setProperty("useVirtualThreads", "true");
		this.tomcat.setConnector(connector);
		this.tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
		Tomcat.addServlet(this.tomcat.addContext("", null), "all", new Server()).addMapping("/");
		this.tomcat.start();
	}

	@AfterEach
	void stop() throws Exception {
		this.release.countDown();
		for (Socket socket : this.sockets) {
			socket.close();
		}
		this.tomcat.stop();
		this.tomcat.destroy();
		assertThat(this.noted).isEmpty();
	}

	/** Refuses without a look at the body, reads the body, or waits with the answer. */
	private final class Server extends HttpServlet {

		@Override
		protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
			switch (request.getRequestURI()) {
				case "/refused" -> response.setStatus(401);
				case "/read" -> request.getInputStream().readAllBytes();
				case "/large" -> {
					for (int i = 0; i < 2_000; i++) {
						response.getOutputStream().write(new byte[8 * 1024]);
					}
				}
				case "/held" -> await().atMost(Duration.ofMinutes(1))
					.until(() -> CrowdedPortTests.this.release.await(1, TimeUnit.MINUTES));
				default -> {
				}
			}
			response.setContentLength(2);
			response.getOutputStream().print("ok");
			response.flushBuffer();
		}

	}

	private enum Half {

		NOTHING(""), HEAD("GET / HTTP/1.1\r\nHost: "), DROPPED_BODY(post("/refused", "x".repeat(BODY / 2))),
		READ_BODY(post("/read", "x".repeat(BODY / 2))), IDLE(GET);

		private final String sent;

		Half(String sent) {
			this.sent = sent;
		}

	}

	private static String post(String path, String body) {
		return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + BODY + "\r\n\r\n" + body;
	}

	private Socket connect(int address) throws IOException {
		Socket socket = new Socket();
		this.sockets.add(socket);
		socket.bind(new InetSocketAddress("127.0.0." + address, 0));
		socket.setTcpNoDelay(true);
		socket.setSoTimeout((int) SOON.toMillis());
		socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.protocol.getLocalPort()),
				(int) SOON.toMillis());
		return socket;
	}

	private static void send(Socket socket, String text) throws IOException {
		socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
	}

	/** Reads an answer to its end. Returns its status. */
	private static String answer(Socket socket) throws IOException {
		InputStream in = socket.getInputStream();
		StringBuilder answer = new StringBuilder();
		while (!answer.toString().endsWith("ok")) {
			int read = in.read();
			assertThat(read).as(answer.toString()).isNotNegative();
			answer.append((char) read);
		}
		return answer.substring("HTTP/1.1 ".length(), "HTTP/1.1 200".length());
	}

	private static Duration ask(Socket socket) throws IOException {
		long began = System.nanoTime();
		send(socket, GET);
		assertThat(answer(socket)).isEqualTo("200");
		return Duration.ofNanos(System.nanoTime() - began);
	}

	private static boolean isOpen(Socket socket) throws IOException {
		socket.setSoTimeout(1);
		try {
			while (socket.getInputStream().read() >= 0) {
				// The answer
			}
			return false;
		}
		catch (SocketTimeoutException ex) {
			return true;
		}
		catch (SocketException ex) {
			return false;
		}
	}

	/** One address after the other takes what it can get. */
	@ParameterizedTest
	@EnumSource
	void fourAddressesLeaveRoomForOthersAndForThoseThatAreThere(Half half) throws IOException {
		Socket kept = connect(1);
		ask(kept);
		for (int address = 2; address <= 5; address++) {
			for (int i = 0; i < MAX; i++) {
				try {
					send(connect(address), half.sent);
				}
				catch (SocketException ex) {
					// Closed as it came
				}
			}
			assertThat(ask(kept)).isLessThan(Duration.ofSeconds(1));
		}
		await().atMost(SOON).untilAsserted(() -> assertThat(this.protocol.open()).isLessThan(MAX - MAX / 5));
		for (int i = 0; i < MAX / 10; i++) {
			assertThat(ask(connect(1))).isLessThan(Duration.ofSeconds(1));
			assertThat(ask(connect(6))).isLessThan(Duration.ofSeconds(1));
		}
		assertThat(ask(kept)).isLessThan(Duration.ofSeconds(1));
		assertThat(this.protocol.closedForAddress()).isGreaterThan(3 * MAX - MAX / 2);
	}

	/** As many addresses as connections: none of them is above a share. */
	@ParameterizedTest
	@EnumSource(names = { "NOTHING", "HEAD", "DROPPED_BODY", "IDLE" })
	void manyAddressesWithOneConnectionEachTakeNothingFromAnother(Half half) throws IOException {
		Socket kept = connect(1);
		ask(kept);
		Socket reading = connect(1);
		send(reading, post("/read", "x".repeat(BODY / 2)));
		for (int address = 2; address < MAX * 3 / 2; address++) {
			try {
				send(connect(address), half.sent);
			}
			catch (SocketException ex) {
				// Closed as it came
			}
		}
		// Tomcat counts the one that it waits for as well
		await().atMost(SOON)
			.untilAsserted(
					() -> assertThat(this.protocol.open() - 1).isLessThanOrEqualTo(AddressShares.uncrowded(MAX)));
		send(reading, "x".repeat(BODY / 2));
		assertThat(answer(reading)).isEqualTo("200");
		if (half != Half.IDLE) {
			assertThat(ask(kept)).isLessThan(Duration.ofSeconds(1));
		}
		assertThat(ask(connect(1))).isLessThan(Duration.ofSeconds(1));
	}

	/** Others were answered since it came, but asked nothing after that. */
	@Test
	void anOldConnectionThatIsUsedIsKeptBeforeIdleOnes() throws IOException {
		Socket kept = connect(1);
		ask(kept);
		for (int address = 2; address < MAX * 2; address++) {
			ask(connect(address));
			ask(kept);
		}
		await().atMost(SOON).until(() -> this.protocol.open() - 1 <= AddressShares.uncrowded(MAX));
		assertThat(this.protocol.closedForAddress()).isPositive();
		ask(kept);
	}

	@Test
	void whatIsServedIsNotClosed() throws Exception {
		List<Socket> served = new ArrayList<>();
		for (int i = 0; i < MAX * 3 / 4; i++) {
			served.add(connect(2));
			send(served.getLast(), "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
		}
		for (int i = 0; i < MAX; i++) {
			connect(3);
		}
		assertThat(ask(connect(1))).isLessThan(Duration.ofSeconds(1));
		await().atMost(SOON).until(() -> this.protocol.open() < MAX - 2);
		this.release.countDown();
		for (Socket socket : served) {
			assertThat(answer(socket)).isEqualTo("200");
		}
	}

	/** An address with few connections loses none to those with many. */
	@Test
	void idleConnectionsOfAnAddressWithFewStayWhereBodiesFillThePort() throws IOException {
		List<Socket> kept = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			kept.add(connect(1));
			ask(kept.getLast());
		}
		for (int address = 2; address <= 8; address++) {
			for (int i = 0; i < MAX; i++) {
				try {
					send(connect(address), Half.READ_BODY.sent);
				}
				catch (SocketException ex) {
					// Closed as it came
				}
			}
		}
		await().atMost(SOON).until(() -> this.protocol.open() - 1 <= AddressShares.uncrowded(MAX));
		assertThat(this.protocol.closedForAddress()).isGreaterThan(5 * MAX);
		for (Socket socket : kept) {
			ask(socket);
		}
	}

	/** Each of them holds no more than any address may. */
	@Test
	void answersThatAreNotReadLeaveRoom() throws IOException {
		Socket kept = connect(1);
		ask(kept);
		for (int i = 0; i < MAX - 1; i++) {
			Socket socket = connect(2 + i / AddressShares.modest(MAX));
			send(socket, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
		}
		// As soon as is known, and not once the answers are late
		await().atMost(BoundedHttp11Protocol.HEAD_TIME)
			.until(() -> this.protocol.open() - 1 <= AddressShares.uncrowded(MAX));
		assertThat(this.protocol.closedForSlowness()).isZero();
		ask(kept);
		assertThat(ask(connect(1))).isLessThan(Duration.ofSeconds(1));
	}

	@Test
	void aBodyThatDoesNotComeBehindARefusalEndsItsConnectionSoon() throws IOException {
		Socket socket = connect(1);
		long began = System.nanoTime();
		send(socket, post("/refused", "x"));
		assertThat(answer(socket)).isEqualTo("401");
		await().atMost(SOON).until(() -> !isOpen(socket));
		assertThat(Duration.ofNanos(System.nanoTime() - began)).isBetween(BoundedHttp11Protocol.DROP_TIME,
				BoundedHttp11Protocol.DROP_TIME.plusSeconds(3));
		assertThat(this.protocol.closedForSlowness()).isOne();
	}

	/** So slowly that it takes longer than the pause that ends the connection. */
	@Test
	void aBodyThatComesBehindARefusalIsDroppedToItsEnd() throws IOException {
		Socket socket = connect(1);
		send(socket, post("/refused", ""));
		assertThat(answer(socket)).isEqualTo("401");
		String piece = "x".repeat(BODY / 50);
		long began = System.nanoTime();
		int[] sent = new int[1];
		await().pollInterval(Duration.ofMillis(100)).atMost(Duration.ofSeconds(30)).until(() -> {
			send(socket, piece);
			return ++sent[0] == 50;
		});
		assertThat(Duration.ofNanos(System.nanoTime() - began))
			.isGreaterThan(BoundedHttp11Protocol.DROP_TIME.plusSeconds(2));
		assertThat(ask(socket)).isLessThan(Duration.ofSeconds(1));
	}

}
