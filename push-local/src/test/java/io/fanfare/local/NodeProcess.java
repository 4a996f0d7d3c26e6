package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

import io.fanfare.node.NodeApplication;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.sse.SseClient;

import static org.awaitility.Awaitility.await;

/** A node in a process of its own, which can be stopped as a machine can. */
final class NodeProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(60);

	private final ChildProcess process;

	private final int port;

	private NodeProcess(ChildProcess process, int port) {
		this.process = process;
		this.port = port;
	}

	/** Starts a node and waits until it is ready. */
	static NodeProcess start(String name, String redisUrl, Path directory) {
		int port = Ports.free();
		int control = Ports.free();
		Path log = directory.resolve(name + ".log");
		ChildProcess process = ChildProcess.start("KILL", log, List.of(
				Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx192m",
				"-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp",
				System.getProperty("java.class.path"), NodeApplication.class.getName(), "--fanfare.node.name=" + name,
				"--fanfare.stream.warm-up=0", "--fanfare.connections.drain-window=0", "--fanfare.stream.port=" + port,
				"--fanfare.control.port=" + control, "--fanfare.jwt.secret=" + TestCluster.jwtSecret(),
				"--spring.data.redis.url=" + redisUrl, "--spring.autoconfigure.exclude=" + Cluster.NOT_FOR_NODES,
				"--springdoc.api-docs.enabled=false", "--springdoc.swagger-ui.enabled=false"));
		await().atMost(START)
			.until(() -> !process.isAlive() || (!Ports.isFree(port) && !Ports.isFree(control)
					&& SseClient.request("127.0.0.1", control, "/actuator/health/readiness")
						.header("Accept", "*/*")
						.fetch()
						.status() == 200));
		if (!process.isAlive()) {
			throw new IllegalStateException("The node does not start:\n" + read(log));
		}
		return new NodeProcess(process, port);
	}

	int streamPort() {
		return this.port;
	}

	/** The process itself, for its signals. */
	ChildProcess process() {
		return this.process;
	}

	@Override
	public void close() {
		this.process.close();
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
