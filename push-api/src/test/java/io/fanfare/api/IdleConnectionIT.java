package io.fanfare.api;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** How long a connection may lie idle between two requests. */
class IdleConnectionIT {

	private static final String REQUEST = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

	@Test
	void itIsKeptForLongerThanAProxyKeepsItAndThanANodeDoes() {
		assertThat(TestApi.shared().bean(ServerSettings.class).idleTimeout()).isGreaterThan(Duration.ofSeconds(75));
	}

	@Test
	void theSettingCountsAndNotTheTimeForARequestToArrive() throws IOException {
		try (TestApi api = TestApi.start(TestRedis.shared(), "--fanfare.api.idle-timeout=1s");
				Socket socket = connect(api)) {
			ask(socket);
			long answered = System.nanoTime();
			socket.setSoTimeout(8_000);
			assertThat(socket.getInputStream().read()).isEqualTo(-1);
			assertThat(Duration.ofNanos(System.nanoTime() - answered)).isBetween(Duration.ofMillis(500),
					Duration.ofSeconds(8));
		}
	}

	@Test
	void oneAddressHoldsHalfOfTheConnections() throws IOException {
		try (TestApi api = TestApi.start(TestRedis.shared(), "--server.tomcat.max-connections=8",
				"--server.tomcat.accept-count=64")) {
			List<Socket> many = new ArrayList<>();
			try {
				for (int i = 0; i < 16; i++) {
					many.add(new Socket(InetAddress.getLoopbackAddress(), api.port(),
							InetAddress.getByName("127.0.0.2"), 0));
				}
				try (Socket other = connect(api)) {
					ask(other);
				}
			}
			finally {
				for (Socket socket : many) {
					socket.close();
				}
			}
			assertThat(api.bean(MeterRegistry.class)
				.get("fanfare.connections.closed")
				.tag("reason", "address")
				.functionCounter()
				.count()).isBetween(4.0, 14.0);
		}
	}

	@Test
	void eachPortHasItsOwnLimit() throws IOException {
		TestApi api = TestApi.shared();
		int many = ControlPortConfiguration.MAX_CONNECTIONS + 8;
		try (Many ofApi = new Many(api.port(), many); Many ofControl = new Many(api.controlPort(), many)) {
			await().atMost(Duration.ofSeconds(20))
				.untilAsserted(
						() -> assertThat(ofControl.open()).isEqualTo(ControlPortConfiguration.MAX_CONNECTIONS / 2));
			assertThat(ofApi.open()).isEqualTo(many);
		}
	}

	/** Connections of one address that ask for nothing. */
	private static final class Many implements AutoCloseable {

		private final List<Socket> sockets = new ArrayList<>();

		private Many(int port, int count) throws IOException {
			for (int i = 0; i < count; i++) {
				Socket socket = new Socket(InetAddress.getByName("127.0.0.1"), port, InetAddress.getByName("127.0.0.3"),
						0);
				socket.setSoTimeout(1);
				this.sockets.add(socket);
			}
		}

		private long open() {
			return this.sockets.stream().filter(Many::isOpen).count();
		}

		private static boolean isOpen(Socket socket) {
			try {
				return socket.getInputStream().read() >= 0;
			}
			catch (SocketTimeoutException ex) {
				return true;
			}
			catch (IOException ex) {
				return false;
			}
		}

		@Override
		public void close() throws IOException {
			for (Socket socket : this.sockets) {
				socket.close();
			}
		}

	}

	@Test
	void aConnectionThatABalancerKeptForAMinuteIsStillServed() throws Exception {
		Assumptions.assumeTrue(Boolean.getBoolean("fanfare.long"), "Takes a minute: only with -Plong");
		try (Socket socket = connect(TestApi.shared())) {
			ask(socket);
			TimeUnit.SECONDS.sleep(61);
			ask(socket);
		}
	}

	private static Socket connect(TestApi api) throws IOException {
		Socket socket = new Socket("localhost", api.port());
		socket.setSoTimeout(10_000);
		return socket;
	}

	/** Asks, and reads the whole answer. */
	private static void ask(Socket socket) throws IOException {
		socket.getOutputStream().write(REQUEST.getBytes(StandardCharsets.US_ASCII));
		InputStream in = socket.getInputStream();
		StringBuilder head = new StringBuilder();
		while (head.indexOf("\r\n\r\n") < 0) {
			int read = in.read();
			assertThat(read).isNotNegative();
			head.append((char) read);
		}
		assertThat(head).startsWith("HTTP/1.1 200 ").doesNotContainIgnoringCase("Connection: close");
		int length = head.toString()
			.lines()
			.filter((line) -> line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:"))
			.mapToInt((line) -> Integer.parseInt(line.substring(15).strip()))
			.findFirst()
			.orElseThrow();
		assertThat(in.readNBytes(length)).hasSize(length);
	}

}
