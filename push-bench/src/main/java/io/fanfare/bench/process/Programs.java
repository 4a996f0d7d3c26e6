package io.fanfare.bench.process;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import io.fanfare.test.process.ChildProcess;
import org.jspecify.annotations.Nullable;

/** The programs that are measured, and this program as a child of itself. */
public final class Programs {

	/** Servers live in directories that are not on everybody's path. */
	private static final String BESIDES = "/usr/sbin:/usr/local/sbin:/sbin";

	/** How long a server may take until it accepts connections. */
	public static final Duration START = Duration.ofSeconds(60);

	private static final Duration END = Duration.ofSeconds(10);

	private static final Duration ANSWER = Duration.ofSeconds(30);

	private Programs() {
	}

	/**
	 * Starts a server.
	 * @param command the program and its arguments
	 * @param log the file to which its output is appended
	 * @return the child
	 */
	public static ChildProcess server(List<String> command, Path log) {
		return ChildProcess.command(command).appendTo(log).killedAfter(END).start();
	}

	/**
	 * The command that starts this program once more, in a JVM of its own.
	 * @param options for the JVM
	 * @param arguments for the program
	 * @return the command
	 */
	public static List<String> java(List<String> options, List<String> arguments) {
		List<String> command = new ArrayList<>(List.of(ChildProcess.jdk("java"), "--enable-native-access=ALL-UNNAMED",
				"--sun-misc-unsafe-memory-access=allow"));
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
		List<String> command = new ArrayList<>(List.of(program.toString()));
		command.addAll(List.of(arguments));
		return ChildProcess.command(command).run(ANSWER).output().lines().findFirst().orElse("").trim();
	}

	/**
	 * Waits for a time, which is what a measurement does.
	 * @param duration how long
	 */
	public static void pause(Duration duration) {
		long until = System.nanoTime() + duration.toNanos();
		long left;
		while ((left = until - System.nanoTime()) > 0) {
			LockSupport.parkNanos(left);
		}
	}

}
