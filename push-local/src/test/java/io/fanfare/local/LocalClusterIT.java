package io.fanfare.local;

import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Ports;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/** The local cluster as a process of its own, as {@code ./mvnw} starts it. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("LocalClusterIT") // Its own methods one after the other
class LocalClusterIT {

	private static final Duration START = Duration.ofSeconds(90);

	private static final Duration STOP = Duration.ofSeconds(20);

	private final List<ChildProcess> processes = new ArrayList<>();

	@AfterEach
	void stopProcesses() {
		this.processes.forEach(ChildProcess::close);
	}

	@Test
	void theLinesItPrintsWorkAsPastedAndItStopsInOrder() throws Exception {
		ChildProcess cluster = start(ports()).awaitOutput("Fanfare is up", START);
		List<String> lines = cluster.output().lines().map(String::strip).toList();

		String token = line(lines, "TOKEN=");
		ChildProcess client = run(token + "; exec "
				+ lines.stream().filter((line) -> line.startsWith("curl -N")).findFirst().orElseThrow())
			.awaitOutput("push.connected", STOP);
		for (String publish : lines.stream().filter((line) -> line.contains("/v1/messages")).toList()) {
			assertThat(run(publish).awaitEnd(STOP)).isZero();
		}
		client.awaitOutput("data: hello", STOP).awaitOutput("event: headline", STOP);

		ChildProcess resumed = run(token + "; exec " + line(lines, "curl -N", "earliest"))
			.awaitOutput("data: hello", STOP)
			.awaitOutput("event: headline", STOP);

		long redis = redisOf(cluster);
		cluster.stop();
		await().atMost(STOP).until(() -> !isAlive(redis));
		assertThat(resumed.output()).contains("push.goaway");
	}

	@Test
	void redisDoesNotOutliveAJvmThatIsKilled() {
		ChildProcess cluster = start(ports()).awaitOutput("Fanfare is up", START);
		long redis = redisOf(cluster);
		assertThat(isAlive(redis)).isTrue();
		cluster.kill();
		await().atMost(STOP).until(() -> !isAlive(redis));
	}

	@Test
	void itEndsWithItsParentWhereItIsToldTo() {
		List<String> arguments = new ArrayList<>(ports());
		arguments.add("--fanfare.local.end-with-parent=true");
		List<String> command = new ArrayList<>(List.of("bash", "-c", "\"$@\" & wait", "bash"));
		command.addAll(command(arguments));
		ChildProcess parent = launch(command).awaitOutput("Fanfare is up", START);
		long redis = redisOf(parent);
		ProcessHandle cluster = descendant(parent, "java");
		parent.kill();
		await().atMost(STOP).until(() -> !cluster.isAlive() && !isAlive(redis));
	}

	@Test
	void aTakenPortIsOneClearMessage() throws Exception {
		try (ServerSocket taken = new ServerSocket(0)) {
			ChildProcess cluster = start(List.of("--fanfare.local.api-port=" + taken.getLocalPort()));
			assertThat(cluster.awaitEnd(STOP)).isNotNull().isNotZero();
			assertThat(cluster.output()).contains("Port " + taken.getLocalPort() + " is taken")
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

	private ChildProcess start(List<String> arguments) {
		return launch(command(arguments));
	}

	private static List<String> command(List<String> arguments) {
		List<String> command = new ArrayList<>(List.of(ChildProcess.jdk("java"), "-Xmx512m", "-XX:TieredStopAtLevel=1",
				"--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
				LocalCluster.class.getName()));
		command.addAll(arguments);
		return command;
	}

	private ChildProcess run(String line) {
		return launch(List.of("bash", "-c", line));
	}

	private ChildProcess launch(List<String> command) {
		ChildProcess process = ChildProcess.command(command).endedBy("KILL").endsWithin(STOP).start();
		this.processes.add(process);
		return process;
	}

	private static String line(List<String> lines, String... parts) {
		return lines.stream()
			.filter((line) -> List.of(parts).stream().allMatch(line::contains))
			.findFirst()
			.orElseThrow(() -> new AssertionError("No line with " + List.of(parts) + " in " + lines));
	}

	private static long redisOf(ChildProcess cluster) {
		return descendant(cluster, "redis-server").pid();
	}

	private static ProcessHandle descendant(ChildProcess parent, String program) {
		return ProcessHandle.of(parent.pid())
			.orElseThrow()
			.descendants()
			.filter((child) -> child.info().command().orElse("").contains(program))
			.findFirst()
			.orElseThrow();
	}

	private static boolean isAlive(long pid) {
		return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
	}

}
