package io.fanfare.test.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;

/**
 * A program as a child of this JVM, which it never outlives, not even a JVM that is
 * killed: the shell which becomes the program leaves a watcher behind that reads from a
 * pipe of this JVM, and ends the program when the pipe ends. Used by one thread at a
 * time.
 */
public final class ChildProcess implements AutoCloseable {

	/**
	 * $0 is the signal. The shell's pid stays the program's, so signals go to the program
	 * itself.
	 */
	private static final String LAUNCH = """
			exec 3<&0
			(trap '' INT TERM HUP; cat <&3 >/dev/null; kill -"$0" $$) 2>/dev/null &
			exec "$@" 3<&- </dev/null
			""";

	private static final Duration STOP = Duration.ofSeconds(10);

	private final Process process;

	private final String signal;

	private final Thread cleanup = new Thread(this::end, "child-cleanup");

	private ChildProcess(Process process, String signal) {
		this.process = process;
		this.signal = signal;
	}

	/**
	 * Starts a program.
	 * @param signal what ends it, such as {@code TERM}: {@code KILL} would orphan a
	 * program's own children
	 * @param output where its output goes, which is begun anew
	 * @param command the program and its arguments
	 * @return the child
	 */
	public static ChildProcess start(String signal, Path output, List<String> command) {
		List<String> line = new ArrayList<>(List.of("sh", "-c", LAUNCH, signal));
		line.addAll(command);
		try {
			Process process = new ProcessBuilder(line).redirectErrorStream(true)
				.redirectOutput(output.toFile())
				.start();
			ChildProcess child = new ChildProcess(process, signal);
			Runtime.getRuntime().addShutdownHook(child.cleanup);
			return child;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Whether the program runs; a frozen one does.
	 * @return whether it does
	 */
	public boolean isAlive() {
		return this.process.isAlive();
	}

	/**
	 * The program's process id.
	 * @return the id
	 */
	public long pid() {
		return this.process.pid();
	}

	/**
	 * Sends a signal.
	 * @param name its name, such as {@code HUP}
	 */
	public void signal(String name) {
		try {
			Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + this.process.pid()).inheritIO()
				.start();
			if (kill.waitFor() != 0) {
				throw new IllegalStateException("kill -" + name + " failed");
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
	}

	/**
	 * Stops the program without ending it: connections stay open and nothing answers.
	 */
	public void freeze() {
		signal("STOP");
		Path stat = Path.of("/proc", Long.toString(this.process.pid()), "stat");
		Awaitility.await()
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(5))
			.atMost(STOP)
			.until(() -> !Files.exists(stat) || Files.readString(stat).matches("(?s)\\d+ \\(.*\\) [Tt] .*"));
	}

	/**
	 * Lets a frozen program run on.
	 */
	public void thaw() {
		signal("CONT");
	}

	/**
	 * Asks the program to end (SIGTERM) and does not wait.
	 */
	public void terminate() {
		// Process.destroy() would end the watcher's pipe as well.
		signal("TERM");
	}

	/**
	 * Asks the program to end (SIGTERM) and waits until it has.
	 */
	public void stop() {
		terminate();
		awaitEnd();
	}

	/**
	 * Ends the program by its signal, whatever state it is in.
	 */
	@Override
	public void close() {
		try {
			Runtime.getRuntime().removeShutdownHook(this.cleanup);
		}
		catch (IllegalStateException ignored) {
			// the JVM is about to end: the hook has done or will do the same
		}
		end();
	}

	private void end() {
		if (isAlive()) {
			signal(this.signal);
			awaitEnd();
		}
	}

	private void awaitEnd() {
		try {
			if (!this.process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
				this.process.destroyForcibly();
				throw new IllegalStateException("The process does not end");
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
	}

}
