package io.fanfare.local;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.junit.Assume;
import io.fanfare.test.process.NginxProcess;
import io.fanfare.test.process.RequiredTool;
import io.fanfare.test.sse.SseClient;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What any client may send through the nginx configuration that is shipped. */
class NginxHostileIT {

	private static final byte[] LOOK = "OPTIONS /events HTTP/1.1\r\nHost: x\r\n\r\n"
		.getBytes(StandardCharsets.US_ASCII);

	private static final long MOST_MILLIS = 20;

	private static final Duration SOON = Duration.ofSeconds(10);

	private final Cluster cluster = TestCluster.shared();

	@BeforeAll
	static void requireNginx() {
		Assume.installed(RequiredTool.NGINX);
	}

	/** Each with ten of them at once, and with the token that makes the node read on. */
	@Test
	void longHeadersDelayNoStreamOfTheSameLoop() throws Exception {
		ApiClient backend = TestCluster.backend(this.cluster);
		String accept = "Accept: a" + " ".repeat(15_500) + "b\r\n";
		String bare = "GET /events?strict=1 HTTP/1.1\r\nHost: x\r\n" + accept + "\r\n";
		String direct = "GET /events/close HTTP/1.1\r\nHost: x\r\n" + accept + "\r\n";
		String known = "GET /events?strict=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
				+ backend.token("edge-hostile") + "\r\n" + accept + "\r\n";
		try (NginxProcess nginx = NginxProcess.start(this.cluster.apiPort(), this.cluster.streamPort(0));
				SseClient innocent = TestCluster.stream(this.cluster, 0, backend.token("edge-innocent")).open()) {
			innocent.awaitBlock((block) -> block.fires("push.connected"), SOON);
			for (String request : List.of(bare, bare.repeat(10), direct.repeat(10), known, known.repeat(10))) {
				assertThat(exchange(nginx, request)).startsWith("HTTP/1.1 4");
				// The best of five: others use the machine as well.
				long best = Long.MAX_VALUE;
				for (int i = 0; i < 5 && best >= MOST_MILLIS; i++) {
					best = Math.min(best, longestTurnWhile(nginx, request));
				}
				assertThat(best).as("ms that the loop was at it: " + request.substring(0, 30)).isLessThan(MOST_MILLIS);
			}
			String id = backend.toUser("edge-innocent", "still here");
			assertThat(innocent.awaitBlock((block) -> block.fires("message"), SOON).id()).isEqualTo(id);
			assertThat(innocent.end()).isNull();
		}
	}

	/** How long at most a client of the same loop waited for an answer, in ms. */
	private long longestTurnWhile(NginxProcess nginx, String request) throws InterruptedException {
		AtomicLong longest = new AtomicLong();
		AtomicBoolean done = new AtomicBoolean();
		CountDownLatch looking = new CountDownLatch(1);
		Thread looks = Thread.ofPlatform().start(() -> {
			try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), this.cluster.streamPort(0))) {
				socket.setTcpNoDelay(true);
				socket.setSoTimeout(10_000);
				byte[] answer = new byte[4 * 1024];
				for (int i = 0; i < 900 && !done.get(); i++) {
					long asked = System.nanoTime();
					socket.getOutputStream().write(LOOK);
					assertThat(socket.getInputStream().read(answer)).isPositive();
					longest.accumulateAndGet(System.nanoTime() - asked, Math::max);
					looking.countDown();
				}
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		});
		assertThat(looking.await(10, TimeUnit.SECONDS)).isTrue();
		exchange(nginx, request);
		done.set(true);
		looks.join();
		return longest.get() / 1_000_000;
	}

	/**
	 * A server in the place of the node says what passes: whatever nginx takes for one
	 * request is one there, and what is behind it never a request of its own.
	 */
	@Test
	void noRequestIsSmuggledInABody() throws Exception {
		List<String> fields = List.of("Transfer-Encoding: chunked, xchunked", "Transfer-Encoding: xchunked, chunked",
				"Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, chunked",
				"Transfer-Encoding: chunked\r\nTransfer-Encoding: xchunked",
				"Transfer-Encoding: xchunked\r\nTransfer-Encoding: chunked",
				"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked,\r\n xchunked",
				"Transfer-Encoding:\r\n chunked", "Transfer-Encoding:\r\n\tchunked, xchunked",
				"X: y\r\n Transfer-Encoding: chunked", "Transfer-Encoding : chunked",
				"Transfer-Encoding: chunked\r\nContent-Length: 50", "Content-Length: 50\r\nTransfer-Encoding: chunked",
				"Content-Length: 5\r\nContent-Length: 50");
		String behind = "0\r\n\r\nPOST /smuggled HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
		try (Recorder recorder = new Recorder();
				NginxProcess nginx = NginxProcess.start(this.cluster.apiPort(), recorder.port())) {
			assertThat(exchange(nginx,
					"POST /events/close HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"))
				.startsWith("HTTP/1.1 404 ");
			assertThat(recorder.heard()).contains("POST /events/close");
			for (String method : List.of("POST /events/close", "GET /events")) {
				for (String field : fields) {
					String answers = exchange(nginx, method + " HTTP/1.1\r\nHost: x\r\n" + field + "\r\n\r\n" + behind);
					assertThat(answers).as(field).startsWith("HTTP/1.1 ").doesNotStartWith("HTTP/1.1 2");
				}
			}
			assertThat(recorder.heard()).doesNotContain("smuggled").doesNotContainIgnoringCase("Transfer-Encoding");
		}
	}

	/**
	 * nginx decodes and normalises paths to find a location, and sends them on as they
	 * came: a path that is the API's own there must not pass as one of the library.
	 */
	@Test
	void theApiHearsOfTheLibraryAlone() throws Exception {
		try (Recorder api = new Recorder();
				NginxProcess nginx = NginxProcess.start(api.port(), this.cluster.streamPort(0))) {
			for (String path : List.of("/v1/users/a%2F..%2F..%2F..%2Fclient%2Fx",
					"/v1/users/a%2f%2e%2e%2f..%2f..%2fclient", "/v1/users/%2e%2e/%2e%2e/client/x",
					"/v1/users/%2E%2E%2F..%2F..%2Fclient/fanfare.js", "/v1/../client/x", "/v1/users/../../client",
					"//client/x", "/client//x", "/client/./x", "/v1/messages/%2e%2e/../client/", "/%63lient/x",
					"/client%2Fx", "/client/%2e%2e/v1/nodes", "/client/..%2fv1/nodes", "/client/..%5cv1%5cnodes",
					"/client/..\\v1/nodes", "/client/;/../v1/nodes", "/client;/x", "/client/x;y",
					"/client/#/../v1/nodes", "/client#/v1", "/client/..", "/client/.",
					"/v1/users/x%3F/..%2F..%2F..%2Fclient/x", "/v1/users/%252e%252e/../../client/x", "/client/x%00",
					"/v1/nodes?/client/", "/v1/users/a%2F..%2F..%2F..%2Fevents%2Fclose",
					"/v1/users/..%2F..%2F..%2Flivez")) {
				for (String method : List.of("GET ", "POST ")) {
					String answer = exchange(nginx,
							method + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
					assertThat(answer).as(method + path).startsWith("HTTP/1.1 4");
				}
			}
			assertThat(api.heard()).isEmpty();
			for (String path : List.of("/client", "/client?x=/../%2F;#", "/client/fanfare.js",
					"/client/types/fanfare.d.ts?v=1;2")) {
				exchange(nginx, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
				assertThat(api.heard()).contains("GET " + path + " HTTP/1.1");
			}
		}
	}

	/** Each once: those of nginx where it answers by itself, else those of the server. */
	@ParameterizedTest
	@CsvSource({ "GET /events HTTP/1.1|X, 400", "TRACE /events HTTP/1.1|Host: x, 405",
			"GET /events HTTP/1.1|Host: x|Transfer-Encoding: x, 501", "GET /events HTTP/3.0|Host: x, 505",
			"GET events HTTP/1.1|Host: x, 400", "GET /events HTTP/1.1|Host: x|Content-Length: x, 400",
			"GET /events HTTP/1.1|Host: x|Host: y, 400", "GET /nothing HTTP/1.1|Host: x, 404",
			"GET /%00 HTTP/1.1|Host: x, 400", "GET /../.. HTTP/1.1|Host: x, 400", "GET /livez HTTP/1.1|Host: x, 200",
			"GET /events HTTP/1.1|Host: x, 401", "OPTIONS /events/close HTTP/1.1|Host: x, 204",
			"GET /client/nothing.js HTTP/1.1|Host: x, 404" })
	void eachAnswerSaysThatItsTypeHolds(String request, int status) {
		try (NginxProcess nginx = TestCluster.nginx(this.cluster)) {
			for (int port : List.of(nginx.port(), nginx.internalPort())) {
				String answer = exchange(port, request.replace("|", "\r\n") + "\r\nConnection: close\r\n\r\n");
				assertThat(answer).startsWith("HTTP/1.1 ")
					.containsOnlyOnce("X-Content-Type-Options: nosniff\r\n")
					.containsOnlyOnce("Referrer-Policy: no-referrer\r\n");
				if (port == nginx.port()) {
					assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
				}
			}
		}
	}

	private static String exchange(NginxProcess nginx, String request) {
		return exchange(nginx.port(), request);
	}

	/** Sends, and reads what comes within a moment. */
	private static String exchange(int port, String request) {
		StringBuilder answers = new StringBuilder();
		try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
			socket.setSoTimeout(400);
			socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
			InputStream in = socket.getInputStream();
			byte[] bytes = new byte[8 * 1024];
			for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
				answers.append(new String(bytes, 0, read, StandardCharsets.ISO_8859_1));
			}
		}
		catch (IOException ex) {
			// No more answers
		}
		return answers.toString();
	}

	/** Answers 404 to whatever comes, and keeps it. */
	private static final class Recorder implements AutoCloseable {

		private static final byte[] ANSWER = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
			.getBytes(StandardCharsets.US_ASCII);

		private final Queue<String> heard = new ConcurrentLinkedQueue<>();

		private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

		private Recorder() throws IOException {
			Thread.ofVirtual().start(() -> {
				try {
					while (true) {
						Socket socket = this.server.accept();
						Thread.ofVirtual().start(() -> serve(socket));
					}
				}
				catch (IOException ex) {
					// It is closed
				}
			});
		}

		private void serve(Socket accepted) {
			try (Socket socket = accepted) {
				byte[] bytes = new byte[64 * 1024];
				for (int read = socket.getInputStream().read(bytes); read >= 0; read = socket.getInputStream()
					.read(bytes)) {
					this.heard.add(new String(bytes, 0, read, StandardCharsets.ISO_8859_1));
					socket.getOutputStream().write(ANSWER);
				}
			}
			catch (IOException ex) {
				// nginx closed it
			}
		}

		private int port() {
			return this.server.getLocalPort();
		}

		private String heard() {
			return String.join("", this.heard);
		}

		@Override
		public void close() throws IOException {
			this.server.close();
		}

	}

}
