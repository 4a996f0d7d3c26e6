package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;

import static org.awaitility.Awaitility.await;

/**
 * The local cluster in a process of its own: it shares no logging, heap or metrics with
 * tests that run at the same time.
 */
final class ClusterProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(90);

	private final ChildProcess process;

	private final List<Integer> ports;

	private ClusterProcess(ChildProcess process, List<Integer> ports) {
		this.process = process;
		this.ports = ports;
	}

	/**
	 * Starts a cluster and waits until it is up.
	 * @param redisUrl where its Redis is
	 * @param directory where it logs
	 * @param settings settings of every application, as {@code name=value}
	 */
	static ClusterProcess start(String redisUrl, Path directory, String... settings) {
		List<Integer> ports = Ports.free(6);
		Path log = directory.resolve("cluster.log");
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
						"-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED",
						"--sun-misc-unsafe-memory-access=allow", "-cp", System.getProperty("java.class.path")));
		Stream.of(settings).map((setting) -> "-D" + setting).forEach(command::add);
		command.addAll(List.of(LocalCluster.class.getName(), "--fanfare.local.redis-url=" + redisUrl,
				"--fanfare.local.stream-ports=" + ports.get(0) + "," + ports.get(1),
				"--fanfare.local.control-ports=" + ports.get(2) + "," + ports.get(3),
				"--fanfare.local.api-port=" + ports.get(4), "--fanfare.local.api-control-port=" + ports.get(5)));
		ChildProcess process = ChildProcess.start("KILL", log, command);
		await().dontCatchUncaughtExceptions()
			.atMost(START)
			.until(() -> !process.isAlive() || read(log).contains("Fanfare is up"));
		if (!process.isAlive()) {
			throw new IllegalStateException("The cluster does not start:\n" + read(log));
		}
		return new ClusterProcess(process, ports);
	}

	int streamPort(int node) {
		return this.ports.get(node);
	}

	Backend backend() {
		return new Backend("http://127.0.0.1:" + this.ports.get(4), TestCluster.apiKey());
	}

	@Override
	public void close() {
		this.process.close();
	}

	private static String read(Path file) {
		try {
			return Files.exists(file) ? Files.readString(file) : "";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
