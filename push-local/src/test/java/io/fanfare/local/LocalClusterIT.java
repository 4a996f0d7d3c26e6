package io.fanfare.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.test.process.Ports;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The local cluster as a process of its own, as {@code ./mvnw} starts it. */
class LocalClusterIT {

	private static final Duration START = Duration.ofSeconds(90);

	private static final Duration STOP = Duration.ofSeconds(20);

	@TempDir
	Path directory;

	private final List<Process> processes = new ArrayList<>();

	@AfterEach
	void stopProcesses() {
		this.processes.forEach(Process::destroyForcibly);
	}

	@Test
	void theLinesItPrintsWorkAsPastedAndItStopsInOrder() throws Exception {
		Path log = this.directory.resolve("cluster.log");
		Process cluster = start(log, ports());
		await().atMost(START).until(() -> read(log).contains("Fanfare is up"));
		List<String> lines = read(log).lines().map(String::strip).toList();

		String token = line(lines, "TOKEN=");
		Path heard = this.directory.resolve("heard");
		run(token + "; exec " + lines.stream().filter((line) -> line.startsWith("curl -N")).findFirst().orElseThrow(),
				heard);
		await().atMost(STOP).until(() -> read(heard).contains("push.connected"));
		for (String publish : lines.stream().filter((line) -> line.contains("/v1/messages")).toList()) {
			assertThat(run(publish, this.directory.resolve("published")).waitFor()).isZero();
		}
		await().atMost(STOP)
			.until(() -> read(heard).contains("data: hello") && read(heard).contains("event: headline"));

		Path resumed = this.directory.resolve("resumed");
		run(token + "; exec " + line(lines, "curl -N", "earliest"), resumed);
		await().atMost(STOP)
			.until(() -> read(resumed).contains("data: hello") && read(resumed).contains("event: headline"));

		long redis = redisOf(cluster);
		cluster.destroy();
		assertThat(cluster.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)).isTrue();
		await().atMost(STOP).until(() -> !isAlive(redis));
		assertThat(read(resumed)).contains("push.goaway");
	}

	@Test
	void redisDoesNotOutliveAJvmThatIsKilled() {
		Path log = this.directory.resolve("cluster.log");
		Process cluster = start(log, ports());
		await().atMost(START).until(() -> read(log).contains("Fanfare is up"));
		long redis = redisOf(cluster);
		assertThat(isAlive(redis)).isTrue();
		cluster.destroyForcibly();
		await().atMost(STOP).until(() -> !isAlive(redis));
	}

	@Test
	void itEndsWithItsParentWhereItIsToldTo() {
		Path log = this.directory.resolve("cluster.log");
		List<String> arguments = new ArrayList<>(ports());
		arguments.add("--fanfare.local.end-with-parent=true");
		List<String> command = new ArrayList<>(List.of("bash", "-c", "\"$@\" & wait", "bash"));
		command.addAll(command(arguments));
		Process parent = launch(new ProcessBuilder(command), log);
		await().atMost(START).until(() -> read(log).contains("Fanfare is up"));
		long redis = redisOf(parent);
		ProcessHandle cluster = parent.children().findFirst().orElseThrow();
		parent.destroyForcibly();
		await().atMost(STOP).until(() -> !cluster.isAlive() && !isAlive(redis));
	}

	@Test
	void aTakenPortIsOneClearMessage() throws Exception {
		try (ServerSocket taken = new ServerSocket(0)) {
			Path log = this.directory.resolve("cluster.log");
			Process cluster = start(log, List.of("--fanfare.local.api-port=" + taken.getLocalPort()));
			assertThat(cluster.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)).isTrue();
			assertThat(cluster.exitValue()).isNotZero();
			assertThat(read(log)).contains("Port " + taken.getLocalPort() + " is taken")
				.contains("fanfare.local.api-port")
				.contains("FANFARE_LOCAL_APIPORT")
				.doesNotContain("Exception");
		}
	}

	private static List<String> ports() {
		List<Integer> free = Ports.free(6);
		return List.of("--fanfare.local.stream-ports=" + free.get(0) + "," + free.get(1),
				"--fanfare.local.control-ports=" + free.get(2) + "," + free.get(3),
				"--fanfare.local.api-port=" + free.get(4), "--fanfare.local.api-control-port=" + free.get(5));
	}

	private Process start(Path log, List<String> arguments) {
		return launch(new ProcessBuilder(command(arguments)), log);
	}

	private static List<String> command(List<String> arguments) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx512m",
						"-XX:TieredStopAtLevel=1", "--enable-native-access=ALL-UNNAMED", "-cp",
						System.getProperty("java.class.path"), LocalCluster.class.getName()));
		command.addAll(arguments);
		return command;
	}

	private Process run(String line, Path output) {
		return launch(new ProcessBuilder("bash", "-c", line), output);
	}

	private Process launch(ProcessBuilder builder, Path output) {
		try {
			Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
			this.processes.add(process);
			return process;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String line(List<String> lines, String... parts) {
		return lines.stream()
			.filter((line) -> List.of(parts).stream().allMatch(line::contains))
			.findFirst()
			.orElseThrow(() -> new AssertionError("No line with " + List.of(parts) + " in " + lines));
	}

	private static long redisOf(Process cluster) {
		Pattern redis = Pattern.compile("redis-server");
		return cluster.descendants().filter((child) -> {
			Matcher matcher = redis.matcher(child.info().command().orElse(""));
			return matcher.find();
		}).findFirst().orElseThrow().pid();
	}

	private static boolean isAlive(long pid) {
		return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
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
