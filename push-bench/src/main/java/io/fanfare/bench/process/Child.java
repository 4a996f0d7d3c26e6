package io.fanfare.bench.process;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A program as a child of this JVM, which it does not outlive: a piped one ends with its
 * input, another is ended by a watcher that reads from a pipe of this JVM.
 */
public final class Child implements AutoCloseable {

	/** The shell's pid becomes the program's. */
	private static final String LAUNCH = """
			exec 3<&0
			(trap '' INT TERM HUP; cat <&3 >/dev/null; kill -TERM $$) >/dev/null 2>&1 &
			exec "$0" "$@" 3<&- </dev/null
			""";

	/** Servers live in directories that are not on everybody's path. */
	private static final String BESIDES = "/usr/sbin:/usr/local/sbin:/sbin";

	private static final Duration STOP = Duration.ofSeconds(10);

	private final Process process;

	private final Thread cleanup;

	private Child(Process process) {
		this.process = process;
		this.cleanup = new Thread(this::end, "child-cleanup");
		Runtime.getRuntime().addShutdownHook(this.cleanup);
	}

	/**
	 * Starts a server.
	 * @param command the program and its arguments
	 * @param log where its output goes
	 * @return the child
	 */
	public static Child server(List<String> command, Path log) {
		List<String> line = new ArrayList<>(List.of("sh", "-c", LAUNCH));
		line.addAll(command);
		return new Child(start(
				new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(Redirect.appendTo(log.toFile()))));
	}

	/**
	 * Starts a program that is spoken to through its input and output.
	 * @param command the program and its arguments
	 * @param log where its errors go
	 * @return the child
	 */
	public static Child piped(List<String> command, Path log) {
		return new Child(start(new ProcessBuilder(command).redirectError(Redirect.appendTo(log.toFile()))));
	}

	private static Process start(ProcessBuilder builder) {
		try {
			return builder.start();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * The command that starts this program once more, in a JVM of its own.
	 * @param options for the JVM
	 * @param arguments for the program
	 * @return the command
	 */
	public static List<String> java(List<String> options, List<String> arguments) {
		List<String> command = new ArrayList<>(
				List.of(javaProgram(), "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"));
		command.addAll(options);
		String path = System.getProperty("java.class.path");
		if (path.endsWith("push-bench.jar")) {
			command.addAll(List.of("-jar", path));
		}
		else {
			command.addAll(List.of("-cp", path, "io.fanfare.bench.Bench"));
		}
		command.addAll(arguments);
		return command;
	}

	/**
	 * The JVM that runs this.
	 * @return its program
	 */
	public static String javaProgram() {
		return Path.of(System.getProperty("java.home"), "bin", "java").toString();
	}

	/**
	 * Looks for a program.
	 * @param name its name
	 * @return where it is, or null
	 */
	public static @Nullable Path find(String name) {
		String named = System.getProperty("fanfare.bench." + name);
		if (named != null) {
			return Path.of(named);
		}
		return Stream.of((System.getenv("PATH") + File.pathSeparator + BESIDES).split(File.pathSeparator))
			.filter((directory) -> !directory.isBlank())
			.map((directory) -> Path.of(directory, name))
			.filter((file) -> Files.isRegularFile(file) && Files.isExecutable(file))
			.findFirst()
			.orElse(null);
	}

	/**
	 * Asks a program something.
	 * @param name the program
	 * @param arguments what it is asked
	 * @return the first line of its answer, empty without one
	 */
	public static String line(String name, String... arguments) {
		Path program = find(name);
		if (program == null) {
			return "";
		}
		try {
			List<String> command = new ArrayList<>(List.of(program.toString()));
			command.addAll(List.of(arguments));
			Process asked = new ProcessBuilder(command).redirectErrorStream(true).start();
			asked.getOutputStream().close();
			String text = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
			return text.lines().findFirst().orElse("").trim();
		}
		catch (IOException ex) {
			return "";
		}
	}

	/**
	 * A port that is free now, below those that the system gives to outgoing connections.
	 * @return the port
	 */
	public static int freePort() {
		for (int attempt = 0; attempt < 1000; attempt++) {
			int port = java.util.concurrent.ThreadLocalRandom.current().nextInt(15_000, 32_000);
			try (ServerSocket socket = new ServerSocket(port)) {
				return socket.getLocalPort();
			}
			catch (IOException ignored) {
				// taken: the next
			}
		}
		throw new IllegalStateException("No free port");
	}

	/**
	 * Waits until somebody listens.
	 * @param port where
	 */
	public void awaitPort(int port) {
		await(() -> {
			try (Socket socket = new Socket()) {
				socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 500);
				return true;
			}
			catch (IOException ex) {
				return false;
			}
		}, Duration.ofSeconds(60));
	}

	/**
	 * Waits for something, which must come while the program runs.
	 * @param condition what is waited for
	 * @param timeout how long at most
	 */
	public void await(BooleanSupplier condition, Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		while (!condition.getAsBoolean()) {
			if (!this.process.isAlive()) {
				throw new IllegalStateException("The process ended: " + this.process.info().commandLine().orElse(""));
			}
			if (System.nanoTime() > deadline) {
				throw new IllegalStateException("The process does not get ready");
			}
			pause(Duration.ofMillis(20));
		}
	}

	/**
	 * Lets time pass, which is what a measurement does.
	 * @param duration how long
	 */
	public static void pause(Duration duration) {
		long until = System.nanoTime() + duration.toNanos();
		long left;
		while ((left = until - System.nanoTime()) > 0) {
			LockSupport.parkNanos(left);
		}
	}

	/**
	 * What a piped program reads from.
	 * @return its input
	 */
	public OutputStream input() {
		return this.process.getOutputStream();
	}

	/**
	 * What a piped program writes to.
	 * @return its output
	 */
	public InputStream output() {
		return this.process.getInputStream();
	}

	/**
	 * The program's id.
	 * @return the id
	 */
	public long pid() {
		return this.process.pid();
	}

	/**
	 * The program and all that it has started.
	 * @return their ids
	 */
	public List<Long> tree() {
		return Stream
			.concat(Stream.of(this.process.pid()), this.process.descendants().map((descendant) -> descendant.pid()))
			.toList();
	}

	@Override
	public void close() {
		try {
			Runtime.getRuntime().removeShutdownHook(this.cleanup);
		}
		catch (IllegalStateException ignored) {
			// the JVM is about to end: the hook does the same
		}
		end();
	}

	private void end() {
		List<ProcessHandle> descendants = this.process.descendants().toList();
		this.process.destroy();
		try {
			if (!this.process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
				this.process.destroyForcibly();
			}
		}
		catch (InterruptedException ex) {
			this.process.destroyForcibly();
			Thread.currentThread().interrupt();
		}
		descendants.forEach(ProcessHandle::destroyForcibly);
	}

}
