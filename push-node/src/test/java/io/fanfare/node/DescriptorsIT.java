package io.fanfare.node;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.ServiceProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.fanfare.test.sse.SseClient;
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

	@Test
	void healthAndMetricsAnswerWhileTheStreamPortHasAllThatItMay() throws Exception {
		int port = Ports.free();
		int control = Ports.free();
		List<Socket> sockets = new ArrayList<>();
		try (ServiceProcess node = new ServiceProcess("node", this.directory.resolve("log"), port, control,
				List.of("sh", "-c", "ulimit -n " + DESCRIPTORS + "; exec \"$@\"", "limited", ChildProcess.jdk("java"),
						"-XX:TieredStopAtLevel=1", "-jar", "target/push-node.jar", "--fanfare.control.port=" + control,
						"--fanfare.stream.port=" + port, "--fanfare.stream.address=127.0.0.1",
						"--fanfare.stream.warm-up=0", "--fanfare.connections.drain-window=0",
						"--fanfare.jwt.secret=" + "s".repeat(32),
						"--fanfare.redis.url=" + TestRedis.shared().url(RedisUser.NODE)))) {
			node.awaitReady();
			for (int i = 0; i < DESCRIPTORS + 100; i++) {
				sockets.add(new Socket(InetAddress.getLoopbackAddress(), port));
			}
			await().atMost(SOON)
				.until(() -> node.metric("fanfare_connections_refused_total", "limit=\"descriptors\"") >= 100);
			assertThat(node.isLive()).as("liveness").isTrue();
			assertThat(node.isReady()).as("readiness").isTrue();
			for (Socket socket : sockets) {
				socket.close();
			}
			await().atMost(SOON)
				.untilAsserted(() -> assertThat(SseClient.request("127.0.0.1", port, "/nothing").fetch().status())
					.isEqualTo(404));
		}
		finally {
			for (Socket socket : sockets) {
				socket.close();
			}
		}
	}

}
