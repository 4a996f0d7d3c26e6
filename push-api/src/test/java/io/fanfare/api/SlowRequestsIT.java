package io.fanfare.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.http.BoundedHttp11Protocol;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A byte now and then keeps no connection, whichever port and part of a request. */
class SlowRequestsIT {

	private static final String POST = "POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TestApi.KEY
			+ "\r\nContent-Type: application/json\r\n";

	/** The sweep looks once per second, a body has two more. */
	private static final Duration LONGEST = BoundedHttp11Protocol.HEAD_TIME.plusSeconds(8);

	/**
	 * What the kernel holds for the reader has passed, so the answer may take as much
	 * longer: up to four megabytes. The reader finds the end behind these.
	 */
	@Test
	void whoReadsSlowlyIsClosed() throws Exception {
		Assumptions.assumeTrue(Boolean.getBoolean("fanfare.long"), "Takes three minutes: only with -Plong");
		TestApi api = fill();
		long longest = BoundedHttp11Protocol.bodyTime(5L * 1024 * 1024).plusSeconds(10).toNanos();
		ByteArrayOutputStream answer = new ByteArrayOutputStream();
		long began = System.nanoTime();
		try (Socket socket = ask(api)) {
			await().pollInterval(Duration.ofMillis(200)).atMost(Duration.ofMinutes(5)).until(() -> {
				assertThat(read(socket, answer, 2 * 1024)).as("ended early").isTrue();
				return System.nanoTime() - began > longest;
			});
			socket.setSoTimeout(5_000);
			while (read(socket, answer, 64 * 1024)) {
				assertThat(answer.size()).isLessThan(5 * 1024 * 1024);
			}
		}
		assertThat(answer.toString(StandardCharsets.ISO_8859_1)).startsWith("HTTP/1.1 200 ")
			.doesNotEndWith("\r\n0\r\n\r\n");
		assertThat(api.get("/livez").status()).isEqualTo(200);
	}

	/** Reads some of it. Returns whether the connection goes on. */
	private static boolean read(Socket socket, ByteArrayOutputStream answer, int most) throws IOException {
		byte[] some = new byte[most];
		try {
			int count = socket.getInputStream().read(some);
			answer.write(some, 0, Math.max(0, count));
			return count >= 0;
		}
		catch (SocketException ex) {
			return false;
		}
	}

	/** A page of six megabytes. */
	private static TestApi fill() {
		TestApi api = TestApi.shared();
		for (int i = 0; i < 20; i++) {
			assertThat(api
				.post("/v1/messages", "{\"to\":{\"channel\":\"slow\"},\"data\":\"" + "\\u0001".repeat(60_000) + "\"}")
				.status()).isEqualTo(200);
		}
		return api;
	}

	private static Socket ask(TestApi api) throws IOException {
		Socket socket = new Socket();
		socket.setReceiveBufferSize(4 * 1024);
		socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), api.port()));
		socket.getOutputStream()
			.write(("GET /v1/channels/slow/messages?limit=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
					+ TestApi.KEY + "\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
		return socket;
	}

	@Test
	void whoSendsAByteNowAndThenIsClosed() throws Exception {
		TestApi api = TestApi.shared();
		List<Slow> all = new ArrayList<>();
		all.add(new Slow("request line", api.port(), "G", "E"));
		all.add(new Slow("header", api.port(), "GET /livez HTTP/1.1\r\nHost: x\r\nX: ", "x"));
		all.add(new Slow("header of the control port", api.controlPort(), "GET / HTTP/1.1\r\nHost: x\r\nX: ", "x"));
		all.add(new Slow("body", api.port(), POST + "Content-Length: 1000\r\n\r\n", " "));
		all.add(new Slow("chunks", api.port(), POST + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"));
		all.add(new Slow("body without credentials", api.port(),
				"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", " "));
		all.add(new Slow("body of a GET", api.port(),
				"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", " "));
		for (Slow one : all) {
			one.thread.join(LONGEST.plusSeconds(10));
		}
		assertThat(all).allSatisfy((one) -> assertThat(one.lasted).as(one.what).isNotNull().isLessThan(LONGEST));
		assertThat(api.get("/livez").status()).isEqualTo(200);
	}

	/** Sends until the connection is closed. */
	private static final class Slow {

		private final String what;

		private final Thread thread;

		private volatile Duration lasted;

		private Slow(String what, int port, String first, String each) {
			this.what = what;
			this.thread = Thread.ofVirtual().start(() -> {
				long began = System.nanoTime();
				try (Socket socket = new Socket("localhost", port)) {
					socket.setSoTimeout(1);
					socket.getOutputStream().write(first.getBytes(StandardCharsets.US_ASCII));
					while (System.nanoTime() - began < LONGEST.plusSeconds(5).toNanos() && !isClosed(socket)) {
						TimeUnit.MILLISECONDS.sleep(300);
						socket.getOutputStream().write(each.getBytes(StandardCharsets.US_ASCII));
					}
				}
				catch (IOException ex) {
					// It is closed
				}
				catch (InterruptedException ex) {
					return;
				}
				this.lasted = Duration.ofNanos(System.nanoTime() - began);
			});
		}

		private static boolean isClosed(Socket socket) throws IOException {
			try {
				while (socket.getInputStream().read() >= 0) {
					// The answer
				}
				return true;
			}
			catch (SocketException ex) {
				return true;
			}
			catch (java.net.SocketTimeoutException ex) {
				return false;
			}
		}

	}

}
