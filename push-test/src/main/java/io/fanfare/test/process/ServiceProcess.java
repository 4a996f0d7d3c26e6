package io.fanfare.test.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.test.injection.Injector;
import io.fanfare.test.sse.SseClient;
import org.jspecify.annotations.Nullable;

/**
 * A node or an API as a child of this JVM, to kill, freeze and start again on the same
 * ports. Used by one thread at a time, except for what it asks of the control port.
 */
public final class ServiceProcess implements AutoCloseable {

	private static final Duration START = Duration.ofSeconds(90);

	private static final Duration HISTOGRAM = Duration.ofSeconds(60);

	/** A line of a histogram: number, instances, bytes, class. */
	private static final Pattern OBJECTS = Pattern
		.compile(" *\\d+: +\\d+ +(\\d+) +(?!.*jdk\\.internal\\.vm\\.Filler).*");

	private final String name;

	private final Path log;

	private final List<String> command;

	private final int port;

	private final int controlPort;

	private volatile @Nullable ChildProcess process;

	private final AtomicInteger kills = new AtomicInteger();

	/**
	 * Starts a service and does not wait.
	 * @param name the name by which the cluster knows it
	 * @param log the file of its output
	 * @param port where it serves
	 * @param controlPort its control port
	 * @param command the program and its arguments, which name both ports
	 */
	public ServiceProcess(String name, Path log, int port, int controlPort, List<String> command) {
		this.name = name;
		this.log = log;
		this.port = port;
		this.controlPort = controlPort;
		this.command = List.copyOf(command);
		launch();
	}

	private void launch() {
		this.process = ChildProcess.start("KILL", this.log, this.command);
	}

	/** Starts the service again, and waits until it is ready. */
	public void start() {
		if (isAlive()) {
			throw new IllegalStateException(this.name + " is running");
		}
		launch();
		awaitReady();
	}

	/**
	 * Waits until the service reports that it is ready.
	 * @return this
	 */
	public ServiceProcess awaitReady() {
		running().awaitReady(this::isReady, START);
		return this;
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
		return Ports.answers(this.controlPort, "/actuator/health/" + group);
	}

	/**
	 * Where it serves.
	 * @return the stream port or the API's
	 */
	public int port() {
		return this.port;
	}

	/**
	 * Where it serves metrics and what operators ask for.
	 * @return the control port
	 */
	public int controlPort() {
		return this.controlPort;
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
		return ChildProcess.command(ChildProcess.jdk("jcmd"), Long.toString(pid()), "GC.class_histogram")
			.run(HISTOGRAM)
			.orThrow()
			.lines()
			.map(OBJECTS::matcher)
			.filter(Matcher::matches)
			.mapToLong((line) -> Long.parseLong(line.group(1)))
			.sum();
	}

	/**
	 * Its process id.
	 * @return the id of the present process
	 */
	public long pid() {
		return running().pid();
	}

	/**
	 * What makes methods inside the process fail.
	 * @return an injector into the present process
	 */
	public Injector injector() {
		return new Injector(pid());
	}

	/** Ends it at once, as {@code kill -9}. */
	public void kill() {
		this.kills.incrementAndGet();
		running().close();
	}

	/**
	 * How often it was ended at once.
	 * @return the count
	 */
	public int kills() {
		return this.kills.get();
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
	 * Whether the process runs.
	 * @return whether it does
	 */
	public boolean isAlive() {
		return running().isAlive();
	}

	private ChildProcess running() {
		ChildProcess current = this.process;
		if (current == null) {
			throw new IllegalStateException(this.name + " was not started");
		}
		return current;
	}

	/**
	 * What it printed since its last start.
	 * @return its log
	 */
	public String log() {
		return running().output();
	}

	@Override
	public void close() {
		running().close();
	}

}
