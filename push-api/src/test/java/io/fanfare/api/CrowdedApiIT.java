package io.fanfare.api;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import io.fanfare.test.redis.TestRedis;
import io.micrometer.core.instrument.MeterRegistry;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Four addresses open connections as fast as they can and finish no request. Others
 * publish meanwhile as if nothing was.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "Clients have addresses of 127.0.0.0/8")
class CrowdedApiIT {

	private static final int MAX = 200;

	private static final Duration FLOOD = Duration.ofSeconds(6);

	/** Between two connections of one address. */
	private static final Duration EACH = Duration.ofMillis(10);

	/** For threads that share two processors. A full port costs nine seconds. */
	private static final Duration LONGEST = Duration.ofSeconds(2);

	private static final String MESSAGE = "{\"to\":{\"channel\":\"crowded\"},\"data\":\"x\"}";

	private static TestRedis redis;

	private static TestApi api;

	@BeforeAll
	static void start() {
		redis = TestRedis.start();
		api = TestApi.start(redis, "--server.tomcat.max-connections=" + MAX);
		api.post("/v1/messages", MESSAGE);
	}

	@AfterAll
	static void stop() {
		api.close();
		redis.close();
	}

	private static Socket connect(String address) throws IOException {
		Socket socket = new Socket();
		try {
			socket.bind(new InetSocketAddress(address, 0));
			socket.setTcpNoDelay(true);
			socket.setSoTimeout(10_000);
			socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), api.port()), 10_000);
			return socket;
		}
		catch (IOException ex) {
			socket.close();
			throw ex;
		}
	}

	private static void send(Socket socket, String text) throws IOException {
		socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
	}

	private static String post(String path, String key, int length) {
		return "POST " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key
				+ "\r\nContent-Type: application/json\r\nContent-Length: " + length + "\r\n\r\n";
	}

	private static String status(Socket socket) throws IOException {
		byte[] line = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
		return new String(line, StandardCharsets.US_ASCII);
	}

	/** Holds all that it opens, until it is over. */
	private static CompletableFuture<Integer> flood(String address, AtomicBoolean over) {
		CompletableFuture<Integer> opened = new CompletableFuture<>();
		Thread.ofPlatform().start(() -> {
			List<String> halves = List.of("", "GET /livez HTTP/1.1\r\nHost: ",
					post("/v1/messages", "wrong-secret-of-the-tests-and-of-nothing-else", 10_000) + "x".repeat(5_000),
					post("/v1/messages", TestApi.KEY, 10_000) + " ".repeat(5_000));
			List<Socket> held = new ArrayList<>();
			while (!over.get()) {
				try {
					held.add(connect(address));
					send(held.getLast(), halves.get(held.size() % halves.size()));
				}
				catch (IOException ex) {
					// Closed as it came
				}
				LockSupport.parkNanos(EACH.toNanos());
			}
			for (Socket socket : held) {
				try {
					socket.close();
				}
				catch (IOException ex) {
					// It is closed
				}
			}
			opened.complete(held.size());
		});
		return opened;
	}

	/** A batch of nearly a megabyte that takes as long as the flood. */
	private static CompletableFuture<String> publishSlowly() {
		List<String> messages = Collections.nCopies(15, MESSAGE.replace("\"x\"", "\"" + "x".repeat(64_000) + "\""));
		String body = "{\"messages\":[" + String.join(",", messages) + "]}";
		CompletableFuture<String> answered = new CompletableFuture<>();
		Thread.ofPlatform().start(() -> {
			try (Socket socket = connect("127.0.0.11")) {
				send(socket, post("/v1/messages/batch", TestApi.KEY, body.length()));
				int piece = (int) (body.length() * EACH.toMillis() * 10 / FLOOD.toMillis());
				for (int i = 0; i < body.length(); i += piece) {
					send(socket, body.substring(i, Math.min(i + piece, body.length())));
					LockSupport.parkNanos(10 * EACH.toNanos());
				}
				answered.complete(status(socket));
			}
			catch (IOException ex) {
				answered.completeExceptionally(ex);
			}
		});
		return answered;
	}

	@Test
	void othersPublishAsBeforeWhileFourAddressesTakeWhatTheyCan() throws IOException {
		AtomicBoolean over = new AtomicBoolean();
		List<CompletableFuture<Integer>> floods = new ArrayList<>();
		List<Duration> took = new ArrayList<>();
		try (Socket kept = connect("127.0.0.10")) {
			CompletableFuture<String> slow = publishSlowly();
			for (int i = 2; i <= 5; i++) {
				floods.add(flood("127.0.0." + i, over));
			}
			long began = System.nanoTime();
			while (System.nanoTime() - began < FLOOD.toNanos()) {
				long beforeConnect = System.nanoTime();
				try (Socket fresh = connect("127.0.0.10")) {
					publish(fresh);
				}
				long connected = System.nanoTime();
				publish(kept);
				took.add(Duration.ofNanos(connected - beforeConnect));
				took.add(Duration.ofNanos(System.nanoTime() - connected));
				LockSupport.parkNanos(5 * EACH.toNanos());
			}
			assertThat(slow).succeedsWithin(Duration.ofSeconds(20)).isEqualTo("HTTP/1.1 200");
		}
		finally {
			over.set(true);
		}
		took.sort(null);
		System.out.println(
				"p50 " + took.get(took.size() / 2) + " p99 " + took.get(took.size() * 99 / 100) + " of " + took.size());
		assertThat(took.get(took.size() * 99 / 100)).isLessThan(LONGEST);
		assertThat(took).hasSizeGreaterThan(40);
		assertThat(floods.stream().mapToInt(CompletableFuture::join).sum()).isGreaterThan(2 * MAX);
		assertThat(api.bean(MeterRegistry.class)
			.get("fanfare.connections.closed")
			.tag("reason", "address")
			.functionCounter()
			.count()).isPositive();
		await().atMost(Duration.ofSeconds(20))
			.until(() -> api.bean(MeterRegistry.class).get("fanfare.connections.open").gauge().value() <= 2);
	}

	private static void publish(Socket socket) throws IOException {
		send(socket, post("/v1/messages", TestApi.KEY, MESSAGE.length()) + MESSAGE);
		assertThat(status(socket)).isEqualTo("HTTP/1.1 200");
		StringBuilder rest = new StringBuilder();
		while (!rest.toString().endsWith("}")) {
			int read = socket.getInputStream().read();
			assertThat(read).isNotNegative();
			rest.append((char) read);
		}
	}

}
