package io.fanfare.test.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

/**
 * A program as a child of this JVM, which it never outlives, not even a JVM that is
 * killed (see {@link Launch}). Tests and programs start everything through this class.
 * Used by one thread at a time.
 */
public final class ChildProcess implements AutoCloseable {

	private static final Duration POLL = Duration.ofMillis(10);

	private static final Duration FREEZE = Duration.ofSeconds(10);

	/** So much of the output is in the message of a failure. */
	private static final int TAIL = 20_000;

	private final Process process;

	private final Launch launch;

	private final Thread cleanup = new Thread(this::end, "child-cleanup");

	ChildProcess(Process process, Launch launch) {
		this.process = process;
		this.launch = launch;
		Runtime.getRuntime().addShutdownHook(this.cleanup);
	}

	/**
	 * Prepares to start a program.
	 * @param command the program and its arguments
	 * @return what starts it
	 */
	public static Launch command(List<String> command) {
		return new Launch(command);
	}

	/**
	 * Prepares to start a program.
	 * @param command the program and its arguments
	 * @return what starts it
	 */
	public static Launch command(String... command) {
		return new Launch(List.of(command));
	}

	/**
	 * Starts a program.
	 * @param signal what ends it, such as {@code TERM}
	 * @param output the file of its output, which is overwritten
	 * @param command the program and its arguments
	 * @return the child
	 */
	public static ChildProcess start(String signal, Path output, List<String> command) {
		return command(command).endedBy(signal).output(output).start();
	}

	/**
	 * A program of the JDK that runs this.
	 * @param name its name, such as {@code java}
	 * @return its path
	 */
	public static String jdk(String name) {
		return Path.of(System.getProperty("java.home"), "bin", name).toString();
	}

	/**
	 * Whether the program runs. A frozen one does.
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
	 * The process ids of the program and of all that it has started.
	 * @return the ids
	 */
	public List<Long> tree() {
		return Stream.concat(Stream.of(pid()), this.process.descendants().map(ProcessHandle::pid)).toList();
	}

	/**
	 * The CPU time that the program has used, user and system.
	 * @return the time
	 */
	public Duration cpuTime() {
		return ProcFs.cpuTime(List.of(pid()));
	}

	/**
	 * The memory that the program holds, shared pages by their share.
	 * @return bytes
	 */
	public long residentBytes() {
		return ProcFs.residentBytes(List.of(pid()));
	}

	/**
	 * What the program reads, of one started with {@link Launch#piped}.
	 * @return its standard input
	 */
	public OutputStream input() {
		return this.process.getOutputStream();
	}

	/**
	 * What the program writes, of one started with {@link Launch#piped}.
	 * @return its standard output
	 */
	public InputStream stdout() {
		return this.process.getInputStream();
	}

	/**
	 * The content of the file of its output.
	 * @return what the program has written so far
	 */
	public String output() {
		Path file = this.launch.output();
		try {
			return (file != null && Files.exists(file)) ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
					: "";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Waits for a condition that must become true while the program runs.
	 * @param ready the condition
	 * @param atMost how long to wait
	 * @return this
	 * @throws IllegalStateException if the program ends or the time is over; the message
	 * has the end of its output
	 */
	public ChildProcess awaitReady(BooleanSupplier ready, Duration atMost) {
		long deadline = System.nanoTime() + atMost.toNanos();
		while (true) {
			// Asked first, so that what a program wrote before its end counts.
			boolean alive = isAlive();
			if (ready.getAsBoolean()) {
				return this;
			}
			if (!alive) {
				throw new IllegalStateException(this + " has ended with status " + this.process.exitValue() + tail());
			}
			if (System.nanoTime() > deadline) {
				throw new IllegalStateException(this + " is not ready after " + atMost + tail());
			}
			LockSupport.parkNanos(POLL.toNanos());
			if (Thread.currentThread().isInterrupted()) {
				throw new IllegalStateException("Interrupted");
			}
		}
	}

	/**
	 * Waits for a part of the output.
	 * @param wanted the part
	 * @param atMost how long to wait
	 * @return the first match
	 * @throws IllegalStateException as {@link #awaitReady}
	 */
	public MatchResult awaitOutput(Pattern wanted, Duration atMost) {
		MatchResult[] found = new MatchResult[1];
		awaitReady(() -> {
			Matcher matcher = wanted.matcher(output());
			if (matcher.find()) {
				found[0] = matcher.toMatchResult();
			}
			return found[0] != null;
		}, atMost);
		return found[0];
	}

	/**
	 * Waits for a text in the output.
	 * @param wanted the text
	 * @param atMost how long to wait
	 * @return this
	 * @throws IllegalStateException as {@link #awaitReady}
	 */
	public ChildProcess awaitOutput(String wanted, Duration atMost) {
		return awaitReady(() -> output().contains(wanted), atMost);
	}

	/**
	 * Waits until the program accepts connections.
	 * @param port a port of this machine
	 * @param atMost how long to wait
	 * @return this
	 * @throws IllegalStateException as {@link #awaitReady}
	 */
	public ChildProcess awaitPort(int port, Duration atMost) {
		return awaitReady(() -> Ports.accepts(port), atMost);
	}

	/**
	 * Waits until a GET is answered with a status of success.
	 * @param port a port of this machine
	 * @param path the path
	 * @param atMost how long to wait
	 * @return this
	 * @throws IllegalStateException as {@link #awaitReady}
	 */
	public ChildProcess awaitHttp(int port, String path, Duration atMost) {
		return awaitReady(() -> Ports.answers(port, path), atMost);
	}

	/**
	 * Waits for the end of the program.
	 * @param atMost how long to wait
	 * @return its exit status, or null if it still runs
	 */
	public @Nullable Integer awaitEnd(Duration atMost) {
		try {
			return this.process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS) ? this.process.exitValue() : null;
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException("Interrupted", ex);
		}
	}

	/**
	 * Sends a signal.
	 * @param name its name, such as {@code HUP}
	 */
	public void signal(String name) {
		try {
			// Process.destroy() would end the watcher's pipe as well.
			Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid()).inheritIO().start();
			if (kill.waitFor() != 0 && isAlive()) {
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
	 * Stops the program without ending it (SIGSTOP), and waits until it has stopped:
	 * connections stay open and nothing answers.
	 */
	public void freeze() {
		signal("STOP");
		awaitReady(() -> ProcFs.isStopped(pid()), FREEZE);
	}

	/**
	 * Lets a frozen program continue (SIGCONT).
	 */
	public void thaw() {
		signal("CONT");
	}

	/**
	 * Asks the program to end (SIGTERM) and does not wait.
	 */
	public void terminate() {
		signal("TERM");
	}

	/**
	 * Asks the program to end (SIGTERM) and waits until it has. One that does not end in
	 * time is killed.
	 * @throws IllegalStateException if it had to be killed and its launch did not allow
	 * for that
	 */
	public void stop() {
		if (isAlive()) {
			terminate();
			awaitEndOrKill();
		}
	}

	/**
	 * Ends the program at once (SIGKILL) and waits until it has ended. What it has
	 * started is left alone.
	 */
	public void kill() {
		this.process.destroyForcibly();
		if (awaitEnd(FREEZE) == null) {
			throw new IllegalStateException(this + " does not end");
		}
	}

	/**
	 * Ends the program by its signal, whatever state it is in, and then what it has
	 * started and left behind.
	 * @throws IllegalStateException as {@link #stop}
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
		List<ProcessHandle> descendants = this.process.descendants().toList();
		try {
			if (isAlive()) {
				signal(this.launch.signal());
				if (ProcFs.isStopped(pid())) {
					thaw();
				}
				awaitEndOrKill();
			}
		}
		finally {
			descendants.forEach(ProcessHandle::destroyForcibly);
			this.launch.discard();
		}
	}

	private void awaitEndOrKill() {
		if (awaitEnd(this.launch.grace()) == null) {
			kill();
			if (!this.launch.mayBeKilled()) {
				throw new IllegalStateException(this + " did not end within " + this.launch.grace() + tail());
			}
		}
	}

	private String tail() {
		String text = output();
		return ":\n" + text.substring(Math.max(0, text.length() - TAIL));
	}

	@Override
	public String toString() {
		return this.launch + " (process " + pid() + ")";
	}

}
