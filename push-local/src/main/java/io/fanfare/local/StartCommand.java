package io.fanfare.local;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes down how Maven runs the cluster: the JVM's program, its class path and its
 * options, each in a line. {@code mvnw} starts it by that, without Maven beside it, and
 * the next time without Maven before it.
 */
public final class StartCommand {

	private static final Path FILE = Path.of("target", "start-command");

	private StartCommand() {
	}

	public static void main(String[] args) throws IOException {
		List<String> lines = new ArrayList<>();
		lines.add(ProcessHandle.current().info().command().orElseGet(StartCommand::program));
		lines.add(System.getProperty("java.class.path"));
		lines.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
		Files.createDirectories(FILE.getParent());
		Files.write(FILE, lines);
	}

	private static String program() {
		return Path.of(System.getProperty("java.home"), "bin", "java").toString();
	}

}
