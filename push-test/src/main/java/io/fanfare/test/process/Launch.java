package io.fanfare.test.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * How a {@link ChildProcess} is started. By default a program reads nothing, its output
 * goes to a temporary file, SIGTERM ends it, and it has 10 s to do so.
 *
 * <p>
 * A shell starts the program and becomes it, and leaves a watcher behind that reads from
 * a pipe of this JVM and ends the program when the pipe ends. A program that is
 * {@link #piped} has no watcher: its own input ends with this JVM.
 */
public final class Launch {

	/**
	 * $0 is the signal. The shell's pid stays the program's, so signals go to the program
	 * itself. The watcher must not hold the output open.
	 */
	private static final String SCRIPT = """
			exec 3<&0
			(trap '' INT TERM HUP; cat <&3; kill -"$0" $$) >/dev/null 2>&1 &
			exec "$@" 3<&- </dev/null
			""";

	private final List<String> command;

	private final ProcessBuilder builder = new ProcessBuilder();

	private String signal = "TERM";

	private Duration grace = Duration.ofSeconds(10);

	private boolean mayBeKilled;

	private @Nullable Path output;

	private boolean temporary;

	private boolean appending;

	private boolean piped;

	Launch(List<String> command) {
		this.command = List.copyOf(command);
	}

	/**
	 * Writes output and errors to a file.
	 * @param file the file, which is overwritten
	 * @return this
	 */
	public Launch output(Path file) {
		this.output = file;
		return this;
	}

	/**
	 * Appends output and errors to a file.
	 * @param file the file
	 * @return this
	 */
	public Launch appendTo(Path file) {
		this.appending = true;
		return output(file);
	}

	/**
	 * Leaves input and output to {@link ChildProcess#input()} and
	 * {@link ChildProcess#stdout()}. The program must end with its input; only its errors
	 * go to the file.
	 * @return this
	 */
	public Launch piped() {
		this.piped = true;
		return this;
	}

	/**
	 * Another signal than {@code TERM} for the end.
	 * @param name its name; {@code KILL} ends the program without its consent
	 * @return this
	 */
	public Launch endedBy(String name) {
		this.signal = name;
		return this;
	}

	/**
	 * Another time for the end than 10 s.
	 * @param time how long the program may take; one that takes longer is killed, which
	 * is a failure
	 * @return this
	 */
	public Launch endsWithin(Duration time) {
		this.grace = time;
		return this;
	}

	/**
	 * Allows for a program that does not end in time: it is killed, which is no failure.
	 * @param time how long it has for its end
	 * @return this
	 */
	public Launch killedAfter(Duration time) {
		this.grace = time;
		this.mayBeKilled = true;
		return this;
	}

	/**
	 * Another working directory than this JVM's.
	 * @param directory the directory
	 * @return this
	 */
	public Launch directory(Path directory) {
		this.builder.directory(directory.toFile());
		return this;
	}

	/**
	 * Changes the environment, which is this JVM's.
	 * @param change changes the map of variables
	 * @return this
	 */
	public Launch environment(Consumer<Map<String, String>> change) {
		change.accept(this.builder.environment());
		return this;
	}

	/**
	 * Starts the program.
	 * @return the child, which the caller closes
	 */
	public ChildProcess start() {
		try {
			if (this.output == null) {
				this.output = Files.createTempFile("fanfare-child", ".log");
				this.temporary = true;
			}
			Redirect file = this.appending ? Redirect.appendTo(this.output.toFile())
					: Redirect.to(this.output.toFile());
			if (this.piped) {
				this.builder.command(this.command).redirectError(file);
			}
			else {
				List<String> line = new ArrayList<>(List.of("sh", "-c", SCRIPT, this.signal));
				line.addAll(this.command);
				this.builder.command(line).redirectErrorStream(true).redirectOutput(file);
			}
			return new ChildProcess(this.builder.start(), this);
		}
		catch (IOException ex) {
			discard();
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Starts the program and waits for its end.
	 * @param atMost how long it may take
	 * @return what it came to
	 * @throws IllegalStateException if it does not end in time; the message has its
	 * output
	 */
	public Completed run(Duration atMost) {
		try (ChildProcess child = start()) {
			child.awaitReady(() -> !child.isAlive(), atMost);
			return new Completed(Objects.requireNonNull(child.awaitEnd(Duration.ZERO)), child.output());
		}
	}

	/**
	 * What a program that has ended came to.
	 *
	 * @param status its exit status
	 * @param output its output and errors
	 */
	public record Completed(int status, String output) {

		/**
		 * The output of a program that must have succeeded.
		 * @return the output
		 */
		public String orThrow() {
			if (this.status != 0) {
				throw new IllegalStateException("Status " + this.status + ":\n" + this.output);
			}
			return this.output;
		}

	}

	@Nullable Path output() {
		return this.output;
	}

	String signal() {
		return this.signal;
	}

	Duration grace() {
		return this.grace;
	}

	boolean mayBeKilled() {
		return this.mayBeKilled;
	}

	/** Deletes the file of the output if it is a temporary one. */
	void discard() {
		try {
			if (this.temporary && this.output != null) {
				Files.deleteIfExists(this.output);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public String toString() {
		return this.command.getFirst();
	}

}
