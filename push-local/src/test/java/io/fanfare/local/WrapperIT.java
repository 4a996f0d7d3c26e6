package io.fanfare.local;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import javax.tools.ToolProvider;

import io.fanfare.test.process.ChildProcess;
import io.fanfare.test.process.Launch;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@code ./mvnw} runs before the cluster, in a project of which Maven and the JVM
 * are scripts that say what they were asked for.
 */
@DisabledOnOs(OS.WINDOWS)
class WrapperIT {

	private static final Path START = Path.of("..", "etc", "Start.java");

	/** Where it is compiled once: {@code ./mvnw} has the JVM compile it at each start. */
	@TempDir
	static Path classes;

	@TempDir
	Path root;

	private Path maven;

	private Path command;

	@BeforeAll
	static void compile() {
		assertThat(
				ToolProvider.getSystemJavaCompiler().run(null, null, null, "-d", classes.toString(), START.toString()))
			.isZero();
	}

	@BeforeEach
	void makeProject() throws IOException {
		Files.writeString(this.root.resolve("pom.xml"), "<project/>");
		Files.createDirectory(this.root.resolve(".mvn"));
		for (String module : List.of("push-protocol", "push-boot", "push-node", "push-api", "push-local")) {
			Files.createDirectories(this.root.resolve(module).resolve("src/main"));
			Files.writeString(this.root.resolve(module).resolve("pom.xml"), "<project/>");
		}
		this.command = this.root.resolve("push-local/target/start-command");
		Path java = script("java", "echo \"java $* with $CLASSPATH\"; exit 7");
		this.maven = script("mvn", """
				echo '[INFO] Scanning for projects...'
				echo '[INFO] Building Fanfare :: Node 0.1.0-SNAPSHOT                    [1/2]'
				echo '[WARNING] something to read'
				echo '  and more of it'
				echo '[INFO] Building Fanfare :: Local cluster 0.1.0-SNAPSHOT           [2/2]'
				mkdir -p push-local/target
				printf '%%s\\n' '%s' '%s' -Xone > push-local/target/start-command
				""".formatted(java, this.root.resolve("pom.xml")));
	}

	@Test
	void aTakenPortIsOneLineBeforeAnythingIsBuilt() throws Exception {
		try (ServerSocket taken = new ServerSocket(0)) {
			Launch.Completed outcome = start(List.of(START.toString()), Integer.toString(taken.getLocalPort()));
			assertThat(outcome.status()).isOne();
			assertThat(outcome.output().lines()).singleElement()
				.asString()
				.contains("port " + taken.getLocalPort())
				.contains("fanfare.local.api-port")
				.contains("FANFARE_LOCAL_APIPORT")
				.contains("another port");
			assertThat(this.command).doesNotExist();
		}
		assertThat(start("70000").output().lines()).singleElement()
			.asString()
			.contains("FANFARE_LOCAL_APIPORT")
			.contains("0 to 65535");
		assertThat(start("http").output()).contains("FANFARE_LOCAL_APIPORT").doesNotContain("Exception");
	}

	@Test
	void buildsOnlyWhatHasChangedAndShowsWarningsOnly() throws Exception {
		Launch.Completed first = start("0");
		assertThat(first.status()).isEqualTo(7);
		assertThat(first.output()).contains(": Node\n[WARNING] something to read\n  and more of it\nLocal cluster")
			.contains("java -Xone io.fanfare.local.LocalCluster --fanfare.local.end-with-parent=true with "
					+ this.root.resolve("pom.xml"))
			.doesNotContain("Scanning");

		assertThat(start("0").output()).startsWith("java -Xone");

		Files.writeString(this.root.resolve("push-node/src/main/Added.java"), "");
		assertThat(start("0").output()).contains("something to read").contains("java -Xone");
		Files.delete(this.root.resolve("push-node/src/main/Added.java"));
		assertThat(start("0").output()).contains("something to read").contains("java -Xone");
	}

	@Test
	void aBuildThatFailsIsShownAndStartsNothing() throws Exception {
		this.maven = script("mvn", "echo '[ERROR] It does not compile'; exit 3");
		Launch.Completed outcome = start("0");
		assertThat(outcome.status()).isEqualTo(3);
		assertThat(outcome.output()).contains("\n[ERROR] It does not compile").doesNotContain("LocalCluster");
	}

	private Launch.Completed start(String apiPort) throws Exception {
		return start(List.of("-cp", classes.toString(), "Start"), apiPort);
	}

	private Launch.Completed start(List<String> program, String apiPort) throws Exception {
		List<String> command = new ArrayList<>(List.of(ChildProcess.jdk("java"), "-Xmx64m"));
		command.addAll(program);
		command.addAll(List.of(this.root.toString(), this.maven.toString()));
		return ChildProcess.command(command).environment((environment) -> {
			environment.keySet().removeIf((name) -> name.startsWith("FANFARE_LOCAL_"));
			environment.put("FANFARE_LOCAL_APIPORT", apiPort);
			environment.put("FANFARE_LOCAL_STREAM_PORTS", "0,0");
			environment.put("FANFARE_LOCAL_APICONTROLPORT", "0");
			environment.put("FANFARE_LOCAL_CONTROLPORTS_0_", "0");
		}).run(Duration.ofSeconds(60));
	}

	private Path script(String name, String body) throws IOException {
		Path script = this.root.resolve(name);
		Files.writeString(script, "#!/bin/sh\n" + body + "\n");
		assertThat(script.toFile().setExecutable(true)).isTrue();
		return script;
	}

}
