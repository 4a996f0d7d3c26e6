package io.fanfare.node;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** A node as a process whose file descriptors are all asked for at its stream port. */
class DescriptorsIT {

	private static final int DESCRIPTORS = 400;

	private static final Duration START = Duration.ofMinutes(1);

	private static final Duration SOON = Duration.ofSeconds(10);

	@TempDir
	private Path directory;

	private final HttpClient client = HttpClient.newHttpClient();

	@Test
	void healthAndMetricsAnswerWhileTheStreamPortHasAllThatItMay() throws Exception {
		int port = Ports.free();
		int control = Ports.free();
		List<Socket> sockets = new ArrayList<>();
		try (ChildProcess process = ChildProcess.start("TERM", this.directory.resolve("log"),
				List.of("sh", "-c", "ulimit -n " + DESCRIPTORS + "; exec \"$@\"", "limited", ChildProcess.jdk("java"),
						"-XX:TieredStopAtLevel=1", "-jar", "target/push-node.jar", "--fanfare.control.port=" + control,
						"--fanfare.stream.port=" + port, "--fanfare.stream.address=127.0.0.1",
						"--fanfare.stream.warm-up=0", "--fanfare.connections.drain-window=0",
						"--fanfare.jwt.secret=" + "s".repeat(32), "--fanfare.redis.url=" + TestRedis.shared().url()))) {
			process.awaitPort(port, START).awaitPort(control, START);
			await().atMost(SOON).until(() -> get(control, "/actuator/health/readiness").statusCode() == 200);
			for (int i = 0; i < DESCRIPTORS + 100; i++) {
				sockets.add(new Socket(InetAddress.getLoopbackAddress(), port));
			}
			await().atMost(SOON).until(() -> refused(control) >= 100);
			for (String path : List.of("/actuator/health/liveness", "/actuator/health/readiness")) {
				HttpResponse<String> answer = get(control, path);
				assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
			}
			for (Socket socket : sockets) {
				socket.close();
			}
			await().atMost(SOON).untilAsserted(() -> assertThat(get(port, "/nothing").statusCode()).isEqualTo(404));
		}
		finally {
			for (Socket socket : sockets) {
				socket.close();
			}
			this.client.close();
		}
	}

	private double refused(int control) throws Exception {
		return get(control, "/actuator/prometheus").body()
			.lines()
			.filter((line) -> line.startsWith("fanfare_connections_refused_total{")
					&& line.contains("limit=\"descriptors\""))
			.mapToDouble((line) -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
			.sum();
	}

	private HttpResponse<String> get(int port, String path) throws InterruptedException {
		try {
			return this.client.send(
					HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).timeout(SOON).build(),
					HttpResponse.BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new AssertionError(path, ex);
		}
	}

}
