package io.fanfare.test.network;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import io.fanfare.test.process.Ports;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

@Timeout(30)
class TcpProxyTests {

	private static final int PATIENCE_MS = 10_000;

	/** For what must not come: a wire that is whole takes a fraction of it. */
	private static final int QUIET_MS = 150;

	private static final Duration DELAY = Duration.ofMillis(120);

	private ServerSocket server;

	private TcpProxy proxy;

	@BeforeEach
	void start() throws IOException {
		this.server = listen();
		this.proxy = TcpProxy.to(this.server.getLocalPort());
	}

	@AfterEach
	void stop() throws IOException {
		this.proxy.close();
		this.server.close();
	}

	private static ServerSocket listen() throws IOException {
		ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		server.setSoTimeout(PATIENCE_MS);
		return server;
	}

	/** Both ends of a connection through the proxy. */
	private record Ends(Socket client, Socket server) implements AutoCloseable {

		@Override
		public void close() throws IOException {
			this.client.close();
			this.server.close();
		}

	}

	private Ends connect() throws IOException {
		return new Ends(client(), accept(this.server));
	}

	private Socket client() throws IOException {
		Socket client = new Socket(InetAddress.getLoopbackAddress(), this.proxy.port());
		client.setSoTimeout(PATIENCE_MS);
		return client;
	}

	private static Socket accept(ServerSocket server) throws IOException {
		Socket accepted = server.accept();
		accepted.setSoTimeout(PATIENCE_MS);
		return accepted;
	}

	private static void write(Socket to, String text) throws IOException {
		to.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
	}

	private static String read(Socket from, int length) throws IOException {
		return new String(from.getInputStream().readNBytes(length), StandardCharsets.US_ASCII);
	}

	private static void assertWhole(Ends ends) throws IOException {
		write(ends.client(), "ping");
		assertThat(read(ends.server(), 4)).isEqualTo("ping");
		write(ends.server(), "pong");
		assertThat(read(ends.client(), 4)).isEqualTo("pong");
	}

	private static void assertQuiet(Socket socket) throws IOException {
		socket.setSoTimeout(QUIET_MS);
		assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> socket.getInputStream().read());
		socket.setSoTimeout(PATIENCE_MS);
	}

	private static void assertReset(Socket socket) {
		assertThatExceptionOfType(SocketException.class).isThrownBy(() -> socket.getInputStream().read());
	}

	@Test
	void bytesPassBothWaysAndSoDoesEachEnd() throws IOException {
		try (Ends ends = connect()) {
			assertWhole(ends);
			String much = "x".repeat(1_000_000);
			Thread.ofVirtual().start(() -> {
				try {
					write(ends.server(), much);
				}
				catch (IOException ex) {
					throw new IllegalStateException(ex);
				}
			});
			assertThat(read(ends.client(), much.length())).isEqualTo(much);
			ends.client().shutdownOutput();
			assertThat(ends.server().getInputStream().read()).isEqualTo(-1);
			write(ends.server(), "last");
			ends.server().shutdownOutput();
			assertThat(read(ends.client(), 10)).isEqualTo("last");
		}
	}

	@Test
	void cutResetsBothEndsAndTakesNewConnections() throws IOException {
		try (Ends first = connect(); Ends second = connect()) {
			assertWhole(first);
			this.proxy.cut();
			assertReset(first.client());
			assertReset(first.server());
			assertReset(second.client());
			try (Ends after = connect()) {
				assertWhole(after);
			}
		}
	}

	@Test
	void refuseTakesNoConnectionUntilAccept() throws IOException {
		try (Ends ends = connect()) {
			assertWhole(ends);
			this.proxy.refuse();
			assertReset(ends.client());
			assertThatExceptionOfType(ConnectException.class).isThrownBy(this::client);
			this.proxy.accept();
			this.proxy.accept();
			try (Ends after = connect()) {
				assertWhole(after);
			}
		}
	}

	@Test
	void redirectLeadsNewConnectionsToAnotherServer() throws IOException {
		try (Ends before = connect(); ServerSocket other = listen()) {
			this.proxy.redirect(other.getLocalPort());
			try (Ends after = new Ends(client(), accept(other))) {
				assertWhole(after);
				assertWhole(before);
			}
		}
	}

	@Test
	void aBlackHoleSwallowsAndResetsWhenItIsRestored() throws IOException {
		try (Ends before = connect()) {
			assertWhole(before);
			this.proxy.blackHole();
			write(before.client(), "lost");
			write(before.server(), "lost");
			assertQuiet(before.client());
			assertQuiet(before.server());
			try (Socket within = client()) {
				write(within, "lost");
				assertQuiet(within);
				this.server.setSoTimeout(QUIET_MS);
				assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(this.server::accept);
				this.server.setSoTimeout(PATIENCE_MS);
				this.proxy.restore();
				assertReset(within);
			}
			assertReset(before.client());
			assertReset(before.server());
			try (Ends after = connect()) {
				assertWhole(after);
			}
		}
	}

	@Test
	void aStalledWireHoldsBackWhatTheServerSends() throws IOException {
		try (Ends ends = connect()) {
			assertWhole(ends);
			this.proxy.stall();
			write(ends.server(), "held back");
			assertQuiet(ends.client());
			write(ends.client(), "passes");
			assertThat(read(ends.server(), 6)).isEqualTo("passes");
			this.proxy.restore();
			assertThat(read(ends.client(), 9)).isEqualTo("held back");
			assertWhole(ends);
		}
	}

	@Test
	void aDelayHoldsEachWayUntilItIsRestored() throws IOException {
		try (Ends ends = connect()) {
			assertWhole(ends);
			this.proxy.delay(DELAY);
			long start = System.nanoTime();
			write(ends.client(), "ping");
			assertThat(read(ends.server(), 4)).isEqualTo("ping");
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(DELAY);
			start = System.nanoTime();
			write(ends.server(), "one ");
			write(ends.server(), "two");
			assertThat(read(ends.client(), 7)).isEqualTo("one two");
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(DELAY);
			this.proxy.delay(Duration.ofHours(1));
			write(ends.server(), "late");
			assertQuiet(ends.client());
			this.proxy.restore();
			write(ends.client(), "ping");
			assertThat(read(ends.server(), 4)).isEqualTo("ping");
		}
	}

	@Test
	void aDelayMayBeForThoseAloneWhoSaySomething() throws IOException {
		try (Ends slow = connect(); Ends fast = connect()) {
			this.proxy.delay(Duration.ofHours(1), "SUBSCRIBE");
			write(slow.client(), "SUBSCRIBE x");
			assertQuiet(slow.server());
			assertWhole(fast);
		}
	}

	@Test
	void aLostServerIsNotReportedToTheClient() throws IOException {
		try (Ends ends = connect()) {
			assertWhole(ends);
			this.proxy.loseServer();
			assertReset(ends.server());
			assertQuiet(ends.client());
			write(ends.client(), "goes nowhere");
			assertQuiet(ends.client());
			try (Ends after = connect()) {
				assertWhole(after);
				this.proxy.restore();
				assertReset(ends.client());
				assertWhole(after);
			}
		}
	}

	@Test
	void aTappedWireKeepsWhatEachClientSends() throws IOException {
		this.proxy.close();
		this.proxy = TcpProxy.tapped(this.server.getLocalPort());
		try (Ends first = connect(); Ends second = connect()) {
			write(first.client(), "a");
			assertThat(read(first.server(), 1)).isEqualTo("a");
			write(second.client(), "b");
			assertThat(read(second.server(), 1)).isEqualTo("b");
			write(second.server(), "not of a client");
			assertThat(this.proxy.requests()).containsExactly("a", "b");
		}
	}

	@Test
	void aServerThatIsDownResetsItsClients() throws IOException {
		this.proxy.redirect(Ports.free());
		try (Socket client = client()) {
			assertReset(client);
		}
	}

	@Test
	void closeEndsConnectionsAndFreesThePort() throws IOException {
		try (Ends ends = connect()) {
			this.proxy.stall();
			this.proxy.close();
			assertReset(ends.client());
			assertReset(ends.server());
			await().atMost(Duration.ofSeconds(10)).until(() -> !Ports.accepts(this.proxy.port()));
		}
	}

}
