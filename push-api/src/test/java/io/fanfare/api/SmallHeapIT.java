package io.fanfare.api;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The API as a process with a heap of 160 MiB: what callers hold open, bodies that do not
 * end and answers that are not read, costs it no more than it has.
 */
class SmallHeapIT {

	private static final String KEY = "small-heap-key-of-the-tests-and-of-nothing-else";

	private static final int BODIES = 620;

	private static final int BODY = 1_000_000;

	private static final int READERS = 100;

	/** So many clock ticks per second has the processor time of a process on Linux. */
	private static final int TICKS_PER_SECOND = 100;

	private final TestRedis redis = TestRedis.start();

	private final List<Socket> sockets = new ArrayList<>();

	private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

	private final int port = Ports.free();

	private static final Duration START = Duration.ofMinutes(1);

	private final int controlPort = Ports.free();

	@TempDir
	private Path directory;

	private ChildProcess api;

	@BeforeEach
	void start() {
		this.api = ChildProcess.start("TERM", this.directory.resolve("log"),
				List.of(ChildProcess.jdk("java"), "-XX:TieredStopAtLevel=1", "-Xmx160m", "-jar", "target/push-api.jar",
						"--fanfare.control.port=" + this.controlPort, "--fanfare.api.port=" + this.port,
						"--fanfare.api.warm-up=0", "--fanfare.api.keys=small:" + KEY + ":publish+read",
						"--fanfare.redis.url=" + this.redis.url()));
		this.api.awaitPort(this.port, START).awaitPort(this.controlPort, START);
	}

	@AfterEach
	void stop() {
		hangUp();
		this.api.close();
		this.client.close();
		this.redis.close();
	}

	private void hangUp() {
		for (Socket socket : this.sockets) {
			try {
				socket.close();
			}
			catch (IOException ex) {
				// It is closed
			}
		}
		this.sockets.clear();
	}

	@Test
	void unfinishedBodiesAndUnreadPagesLeaveItAnswering() throws Exception {
		assertThat(publish("before")).isEqualTo(200);
		Duration before = this.api.cpuTime();
		sendUnfinishedBodies();
		Duration sent = this.api.cpuTime();
		assertThat(publish("meanwhile")).isEqualTo(200);
		assertThat(get("/v1/users/alice").statusCode()).isEqualTo(200);
		assertThat(liveness()).isEqualTo(200);
		System.out.printf("Processor time of the API for %d unfinished bodies: %.2f s%n", BODIES,
				sent.minus(before).toMillis() / 1000.0);
		hangUp();
		await().atMost(Duration.ofSeconds(10)).until(() -> publish("x".repeat(60_000)) == 200);

		fillPage();
		for (int i = 0; i < READERS; i++) {
			askAndDoNotRead();
		}
		await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
			HttpResponse<String> refused = get("/v1/channels/news/messages?limit=1000");
			assertThat(refused.statusCode()).isEqualTo(503);
			assertThat(refused.headers().firstValue("Retry-After")).contains("2");
			assertThat(refused.body()).contains("/overloaded");
		});
		assertThat(publish("meanwhile")).isEqualTo(200);
		assertThat(liveness()).isEqualTo(200);
		hangUp();
		await().atMost(Duration.ofSeconds(10))
			.until(() -> get("/v1/channels/news/messages?limit=1000").statusCode() == 200);
		assertThat(sent.minus(before)).as("processor time for the bodies").isLessThan(Duration.ofSeconds(10));
		assertThat(Files.readString(this.directory.resolve("log"))).doesNotContain("OutOfMemoryError", "ERROR");
		assertThat(this.api.isAlive()).isTrue();
	}

	/** With what the process said, should it be gone. */
	private <T> HttpResponse<T> send(HttpRequest request, HttpResponse.BodyHandler<T> handler)
			throws IOException, InterruptedException {
		try {
			return this.client.send(request, handler);
		}
		catch (IOException ex) {
			throw new IOException("alive=" + this.api.isAlive() + " " + Files.readString(this.directory.resolve("log")),
					ex);
		}
	}

	private void sendUnfinishedBodies() throws Exception {
		byte[] head = ("POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY
				+ "\r\nContent-Type: application/json\r\nContent-Length: " + BODY + "\r\n\r\n")
			.getBytes(StandardCharsets.US_ASCII);
		byte[] body = " ".repeat(BODY - 1).getBytes(StandardCharsets.US_ASCII);
		try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
			for (int i = 0; i < BODIES; i++) {
				Socket socket = connect(64 * 1024);
				senders.submit(() -> {
					socket.getOutputStream().write(head);
					socket.getOutputStream().write(body);
					return null;
				});
			}
		}
	}

	/** More than a page holds, of what becomes six times as long as JSON. */
	private void fillPage() throws Exception {
		for (int i = 0; i < 20; i++) {
			assertThat(publish("\\u0001".repeat(60_000))).isEqualTo(200);
		}
	}

	private void askAndDoNotRead() throws IOException {
		Socket socket = connect(4 * 1024);
		socket.getOutputStream()
			.write(("GET /v1/channels/news/messages?limit=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY
					+ "\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
	}

	private Socket connect(int receiveBuffer) throws IOException {
		Socket socket = new Socket();
		socket.setReceiveBufferSize(receiveBuffer);
		socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), this.port), 10_000);
		this.sockets.add(socket);
		return socket;
	}

	private int publish(String data) throws Exception {
		return send(request("/v1/messages").header("Content-Type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString("{\"to\":{\"channel\":\"news\"},\"data\":\"" + data + "\"}"))
			.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
	}

	private HttpResponse<String> get(String path) throws Exception {
		return send(request(path).build(), HttpResponse.BodyHandlers.ofString());
	}

	private HttpRequest.Builder request(String path) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + this.port + path))
			.timeout(Duration.ofSeconds(20))
			.header("Authorization", "Bearer " + KEY);
	}

	private int liveness() throws Exception {
		return send(
				HttpRequest.newBuilder(URI.create("http://localhost:" + this.controlPort + "/actuator/health/liveness"))
					.timeout(Duration.ofSeconds(5))
					.build(),
				HttpResponse.BodyHandlers.discarding())
			.statusCode();
	}

}
