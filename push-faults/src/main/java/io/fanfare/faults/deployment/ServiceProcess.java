package io.fanfare.faults.deployment;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.test.injection.Injector;
import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import io.fanfare.test.process.ServiceJar;
import io.fanfare.test.sse.SseClient;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * A node or an API, from the jar that is shipped, to kill, freeze and start again on the
 * same ports.
 */
public final class ServiceProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(90);

	private final String name;

	private final Path log;

	private final List<String> command;

	/** A line of a histogram: number, instances, bytes, class. */
	private static final Pattern OBJECTS = Pattern
		.compile(" *\\d+: +\\d+ +(\\d+) +(?!.*jdk\\.internal\\.vm\\.Filler).*");

	private final int port;

	private final int controlPort;

	private @Nullable ChildProcess process;

	ServiceProcess(String name, Path jar, Path directory, int port, int controlPort, List<String> arguments) {
		this.name = name;
		this.log = directory.resolve(name + ".log");
		this.port = port;
		this.controlPort = controlPort;
		this.command = ServiceJar.of(jar, ServiceJar.Training.START)
			.command(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
					"-XX:+EnableDynamicAgentLoading"));
		this.command.addAll(arguments);
		launch();
	}

	private void launch() {
		this.process = ChildProcess.start("KILL", this.log, this.command);
	}

	/** Starts the process again, and waits until it is ready. */
	public void start() {
		if (isAlive()) {
			throw new IllegalStateException(this.name + " is running");
		}
		launch();
		awaitReady();
	}

	/** Waits until the process says that it is ready. */
	public void awaitReady() {
		Awaitility.await(this.name).pollInterval(Duration.ofMillis(50)).atMost(START).until(() -> {
			if (!isAlive()) {
				throw new IllegalStateException(this.name + " has ended:\n" + log());
			}
			return isReady();
		});
	}

	/**
	 * Whether the process says that it is ready.
	 * @return the answer of its control port
	 */
	public boolean isReady() {
		return isHealthy("readiness");
	}

	/**
	 * Whether the process says that it need not be restarted.
	 * @return the answer of its control port
	 */
	public boolean isLive() {
		return isHealthy("liveness");
	}

	private boolean isHealthy(String group) {
		try {
			return !Ports.isFree(this.controlPort)
					&& SseClient.request("127.0.0.1", this.controlPort, "/actuator/health/" + group)
						.header("Accept", "*/*")
						.fetch()
						.status() == 200;
		}
		catch (UncheckedIOException ex) {
			return false;
		}
	}

	/**
	 * Where it serves.
	 * @return the stream port or the API's
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Its name.
	 * @return as the cluster knows it
	 */
	public String name() {
		return this.name;
	}

	/**
	 * What it tells Prometheus, summed over all lines of one metric whose labels match.
	 * @param metric the name
	 * @param label a label as it is written, such as {@code area="heap"}; empty for any
	 * @return the sum
	 */
	public double metric(String metric, String label) {
		return SseClient.request("127.0.0.1", this.controlPort, "/actuator/prometheus")
			.header("Accept", "*/*")
			.fetch()
			.text()
			.lines()
			.filter((line) -> line.startsWith(metric + "{") || line.startsWith(metric + " "))
			.filter((line) -> line.contains(label))
			.mapToDouble((line) -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
			.sum();
	}

	/**
	 * What lives in the heap: objects that can be reached, without what the collector
	 * fills holes with.
	 * @return bytes
	 */
	public long liveHeap() {
		try {
			Process histogram = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
					Long.toString(running().pid()), "GC.class_histogram")
				.start();
			try (BufferedReader lines = histogram.inputReader(StandardCharsets.UTF_8)) {
				return lines.lines()
					.map(OBJECTS::matcher)
					.filter(Matcher::matches)
					.mapToLong((line) -> Long.parseLong(line.group(1)))
					.sum();
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * What makes methods inside the process fail.
	 * @return an injector into the present process
	 */
	public Injector injector() {
		return new Injector(running().pid());
	}

	/** Ends it at once, as {@code kill -9}. */
	public void kill() {
		running().close();
	}

	/** Asks it to end, as {@code kill}, and does not wait. */
	public void terminate() {
		running().terminate();
	}

	/** Ends it in order, as {@code kill}, and waits until it has ended. */
	public void stop() {
		running().stop();
	}

	/** Stops it without ending it. */
	public void freeze() {
		running().freeze();
	}

	/** Lets it run on. */
	public void thaw() {
		running().thaw();
	}

	/**
	 * Tells whether the process runs.
	 * @return whether it does
	 */
	public boolean isAlive() {
		return this.process != null && this.process.isAlive();
	}

	private ChildProcess running() {
		if (this.process == null) {
			throw new IllegalStateException(this.name + " is not running");
		}
		return this.process;
	}

	/**
	 * What it printed since its last start.
	 * @return its log
	 */
	public String log() {
		try {
			return Files.readString(this.log);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() {
		if (this.process != null) {
			this.process.close();
		}
	}

}
