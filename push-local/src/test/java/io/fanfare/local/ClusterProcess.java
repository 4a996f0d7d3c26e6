package io.fanfare.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;

/**
 * The local cluster in a process of its own: it shares no logging, heap or metrics with
 * tests that run at the same time.
 */
final class ClusterProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(90);

	/** Where others need the processors it gets about a tenth. */
	private static final Duration NICE_START = Duration.ofMinutes(5);

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
		return start(List.of(), START, redisUrl, directory, settings);
	}

	/**
	 * Starts a cluster that gives way to other processes where they need a processor, and
	 * waits until it is up.
	 * @param redisUrl where its Redis is
	 * @param directory where it logs
	 */
	static ClusterProcess startNice(String redisUrl, Path directory) {
		return start(List.of("nice"), NICE_START, redisUrl, directory);
	}

	private static ClusterProcess start(List<String> launcher, Duration limit, String redisUrl, Path directory,
			String... settings) {
		List<Integer> ports = Ports.free(6);
		List<String> command = new ArrayList<>(launcher);
		command.addAll(List.of(ChildProcess.jdk("java"), "-Xmx512m", "-XX:TieredStopAtLevel=1",
				"--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-cp",
				System.getProperty("java.class.path")));
		Stream.of(settings).map((setting) -> "-D" + setting).forEach(command::add);
		command.addAll(List.of(LocalCluster.class.getName(), "--fanfare.local.redis-url=" + redisUrl,
				"--fanfare.local.stream-ports=" + ports.get(0) + "," + ports.get(1),
				"--fanfare.local.control-ports=" + ports.get(2) + "," + ports.get(3),
				"--fanfare.local.api-port=" + ports.get(4), "--fanfare.local.api-control-port=" + ports.get(5)));
		ChildProcess process = ChildProcess.start("KILL", directory.resolve("cluster.log"), command);
		return new ClusterProcess(process.awaitOutput("Fanfare is up", limit), ports);
	}

	int streamPort(int node) {
		return this.ports.get(node);
	}

	int apiPort() {
		return this.ports.get(4);
	}

	ApiClient backend() {
		return new ApiClient("http://127.0.0.1:" + apiPort(), TestCluster.apiKey());
	}

	@Override
	public void close() {
		this.process.close();
	}

}
