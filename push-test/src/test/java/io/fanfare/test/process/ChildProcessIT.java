package io.fanfare.test.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

import com.sun.net.httpserver.HttpServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

@DisabledOnOs(OS.WINDOWS)
class ChildProcessIT {

	private static final Duration SOON = Duration.ofSeconds(10);

	private static final Duration BRIEFLY = Duration.ofMillis(300);

	private static final String COUNT = "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done";

	@TempDir
	Path directory;

	private static Launch sh(String script) {
		return ChildProcess.command("sh", "-c", script);
	}

	@Test
	void aProgramRunsToItsEndWithDirectoryAndEnvironment() throws IOException {
		Path output = Files.writeString(this.directory.resolve("output"), "old");
		Launch.Completed completed = sh("pwd; echo $COLOUR; echo wrong >&2; exit 3").directory(this.directory)
			.environment((variables) -> variables.put("COLOUR", "blue"))
			.output(output)
			.run(SOON);
		assertThat(completed.status()).isEqualTo(3);
		assertThat(completed.output()).isEqualTo(this.directory.toRealPath() + "\nblue\nwrong\n");
		assertThat(output).hasContent(completed.output());
		assertThatIllegalStateException().isThrownBy(completed::orThrow)
			.withMessage("Status 3:\n" + completed.output());
		assertThat(sh("echo more").appendTo(output).run(SOON).orThrow()).endsWith("wrong\nmore\n");
	}

	@Test
	void aProgramThatDoesNotEndInTimeFailsWithItsOutput() {
		Launch launch = sh("echo so far; exec sleep 600");
		assertThatIllegalStateException().isThrownBy(() -> launch.run(BRIEFLY))
			.withMessageContaining("not ready after PT0.3S")
			.withMessageContaining("so far");
		assertThat(launch.output()).as("temporary file").doesNotExist();
	}

	@Test
	void readinessIsALineAPortOrAnAnswer() throws IOException {
		HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
		AtomicInteger asked = new AtomicInteger();
		server.createContext("/ready", (exchange) -> {
			exchange.sendResponseHeaders((asked.incrementAndGet() < 3) ? 503 : 204, -1);
			exchange.close();
		});
		server.start();
		try (ChildProcess child = sh("echo listening on 4711; exec sleep 600").start()) {
			int port = server.getAddress().getPort();
			assertThat(child.awaitOutput(Pattern.compile("on (\\d+)\n"), SOON).group(1)).isEqualTo("4711");
			child.awaitOutput("listening", SOON).awaitPort(port, SOON).awaitHttp(port, "/ready", SOON);
			assertThat(asked).hasValue(3);
			assertThat(Ports.answers(port, "/other")).isFalse();
		}
		finally {
			server.stop(0);
		}
	}

	@Test
	void aProgramThatIsNotReadyFailsWithItsOutput() {
		try (ChildProcess child = sh("echo booting; exec sleep 600").start()) {
			child.awaitOutput("booting", SOON);
			assertThatIllegalStateException().isThrownBy(() -> child.awaitOutput("ready", BRIEFLY))
				.withMessageContaining("sh (process " + child.pid() + ") is not ready after PT0.3S")
				.withMessageContaining("booting");
			int closed = Ports.free();
			assertThatIllegalStateException().isThrownBy(() -> child.awaitPort(closed, BRIEFLY));
			assertThatIllegalStateException().isThrownBy(() -> child.awaitHttp(closed, "/", BRIEFLY));
		}
	}

	@Test
	void aProgramThatEndsBeforeItIsReadyFailsAtOnceWithItsOutput() {
		try (ChildProcess child = sh("echo no such setting; exit 7").start()) {
			assertThatIllegalStateException().isThrownBy(() -> child.awaitOutput("ready", Duration.ofMinutes(5)))
				.withMessageContaining("has ended with status 7")
				.withMessageContaining("no such setting");
		}
	}

	@Test
	void whatAProgramWroteBeforeItsEndCounts() {
		try (ChildProcess child = sh("echo ready").start()) {
			assertThat(child.awaitEnd(SOON)).isZero();
			child.awaitOutput("ready", SOON);
		}
	}

	@Test
	void stopLetsAProgramEndInOrder() {
		try (ChildProcess child = sh("trap 'echo bye; exit 0' TERM; echo ready; " + COUNT).start()) {
			child.awaitOutput("ready", SOON);
			child.stop();
			assertThat(child.isAlive()).isFalse();
			assertThat(child.awaitEnd(Duration.ZERO)).isZero();
			assertThat(child.output()).endsWith("bye\n");
			child.stop();
		}
	}

	@Test
	void aProgramThatIgnoresTheSignalIsKilledAndReported() {
		String deaf = "trap '' TERM; echo ready; while :; do sleep 0.05; done";
		ChildProcess child = sh(deaf).endsWithin(BRIEFLY).start().awaitOutput("ready", SOON);
		assertThatIllegalStateException().isThrownBy(child::close)
			.withMessageContaining("did not end within PT0.3S")
			.withMessageContaining("ready");
		assertThat(child.isAlive()).isFalse();

		try (ChildProcess expected = sh(deaf).killedAfter(BRIEFLY).start().awaitOutput("ready", SOON)) {
			expected.stop();
			assertThat(expected.awaitEnd(Duration.ZERO)).isEqualTo(128 + 9);
		}
	}

	@Test
	void killEndsTheProgramAloneAndCloseTheRest() {
		ChildProcess child = sh("sleep 600 & echo $! started; wait").start();
		long started = Long.parseLong(child.awaitOutput(Pattern.compile("(\\d+) started"), SOON).group(1));
		List<Long> tree = child.tree();
		assertThat(tree).contains(child.pid(), started);
		child.kill();
		assertThat(child.awaitEnd(Duration.ZERO)).isEqualTo(128 + 9);
		assertThat(isAlive(started)).isTrue();
		ProcessHandle.of(started).ifPresent(ProcessHandle::destroyForcibly);
		child.close();

		ChildProcess other = sh("sleep 600 & echo $! started; wait").start().awaitOutput("started", SOON);
		List<Long> all = other.tree();
		assertThat(all).hasSizeGreaterThan(1);
		other.close();
		await().atMost(SOON).until(() -> all.stream().noneMatch(ChildProcessIT::isAlive));
	}

	@Test
	void aFrozenProgramStandsStillUntilItIsThawedOrClosed() {
		try (ChildProcess child = sh(COUNT).start().awaitOutput("2\n", SOON)) {
			child.freeze();
			assertThat(child.isAlive()).isTrue();
			assertThat(ProcFs.isStopped(child.pid())).isTrue();
			String before = child.output();
			assertThatIllegalStateException()
				.isThrownBy(() -> child.awaitReady(() -> !child.output().equals(before), BRIEFLY));
			child.thaw();
			child.awaitReady(() -> !child.output().equals(before), SOON);
			child.freeze();
			child.close();
			assertThat(child.isAlive()).isFalse();
		}
	}

	@Test
	void cpuAndMemoryAreThoseOfTheProgram() {
		try (ChildProcess busy = sh("while :; do :; done").endedBy("KILL").start()) {
			busy.awaitReady(() -> busy.cpuTime().compareTo(Duration.ofMillis(50)) > 0, SOON);
			assertThat(busy.residentBytes()).isGreaterThan(50_000);
			busy.kill();
			assertThat(busy.cpuTime()).isZero();
			assertThat(busy.residentBytes()).isZero();
		}
	}

	@Test
	void aPipedProgramIsSpokenTo() throws IOException {
		try (ChildProcess cat = sh("echo beside >&2; exec cat").piped().start();
				BufferedReader lines = new BufferedReader(
						new InputStreamReader(cat.stdout(), StandardCharsets.UTF_8))) {
			cat.input().write("hello\n".getBytes(StandardCharsets.UTF_8));
			cat.input().flush();
			assertThat(lines.readLine()).isEqualTo("hello");
			cat.awaitOutput("beside", SOON);
			cat.input().close();
			assertThat(cat.awaitEnd(SOON)).isZero();
		}
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void nothingOutlivesTheJvm(boolean killed) throws IOException {
		try (ChildProcess jvm = ChildProcess
			.command(ChildProcess.jdk("java"), "-cp", System.getProperty("java.class.path"), "-Xmx64m",
					"-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + this.directory, Owner.class.getName())
			.piped()
			.start();
				BufferedReader lines = new BufferedReader(
						new InputStreamReader(jvm.stdout(), StandardCharsets.UTF_8))) {
			long child = Long.parseLong(lines.readLine());
			assertThat(isAlive(child)).isTrue();
			if (killed) {
				jvm.kill();
			}
			else {
				jvm.input().close();
				assertThat(jvm.awaitEnd(SOON)).isZero();
			}
			await().atMost(SOON).until(() -> !isAlive(child));
		}
	}

	private static boolean isAlive(long pid) {
		return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
	}

	/** A JVM that starts a program, prints its pid and ends without closing it. */
	static final class Owner {

		private Owner() {
		}

		public static void main(String[] arguments) throws IOException {
			System.out.println(ChildProcess.command("sleep", "600").start().pid());
			while (System.in.read() >= 0) {
				// until it ends
			}
		}

	}

}
