package io.fanfare.test.injection;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.fanfare.test.process.ChildProcess;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

class InjectorIT {

	private static final String SEAM = Victim.class.getName() + "#work";

	/** The line of byte arrays in a histogram. */
	private static final Pattern BYTES = Pattern.compile("(?m)^ *\\d+: +\\d+ +(\\d+) +\\[B ");

	@TempDir
	private Path directory;

	private ChildProcess victim;

	private Injector injector;

	@BeforeEach
	void start() {
		this.victim = ChildProcess.start("KILL", output(),
				List.of(ChildProcess.jdk("java"), "-XX:+EnableDynamicAgentLoading", "-cp",
						Path.of(Victim.class.getProtectionDomain().getCodeSource().getLocation().getPath()).toString(),
						Victim.class.getName()));
		await().until(() -> printed().contains("begun"));
		this.injector = new Injector(this.victim.pid());
	}

	@AfterEach
	void end() {
		this.victim.close();
	}

	@Test
	void methodFailsAtSomeOfItsCallsUntilCleared() throws IOException {
		this.injector.failAt(SEAM, 3);
		await().until(() -> this.injector.injected(SEAM) >= 5);
		this.injector.clear();
		long injected = this.injector.injected(SEAM);
		await().until(() -> printed().contains("failed " + injected + "\n"));
		assertThat(this.injector.injected(SEAM)).isEqualTo(injected);
		this.injector.failAt(SEAM, 1);
		await().until(() -> this.injector.injected(SEAM) >= 1);
	}

	@Test
	void methodStandsStillOnce() {
		this.injector.standStillAt(SEAM, Duration.ofMillis(400));
		await().until(() -> printed().contains("stood still"));
		assertThat(this.injector.injected(SEAM)).isEqualTo(1);
	}

	@Test
	void memoryIsHeldUntilCleared() {
		this.injector.hold(20);
		assertThat(bytesOfArrays()).isGreaterThan(20 << 20);
		this.injector.hold(10);
		assertThat(bytesOfArrays()).isGreaterThan(30 << 20);
		this.injector.clear();
		assertThat(bytesOfArrays()).isLessThan(20 << 20);
	}

	@Test
	void directMemoryIsHeldUntilCleared() {
		this.injector.holdDirect(50);
		assertThat(directBuffers()).isGreaterThanOrEqualTo(50);
		this.injector.clear();
		assertThat(directBuffers()).isLessThan(50);
	}

	/** After a collection. */
	private long directBuffers() {
		return histogram().lines()
			.filter((line) -> line.contains("java.nio.DirectByteBuffer "))
			.mapToLong((line) -> Long.parseLong(line.strip().split(" +")[1]))
			.sum();
	}

	/** After a collection. */
	private long bytesOfArrays() {
		Matcher line = BYTES.matcher(histogram());
		assertThat(line.find()).isTrue();
		return Long.parseLong(line.group(1));
	}

	private String histogram() {
		return ChildProcess.command(ChildProcess.jdk("jcmd"), Long.toString(this.victim.pid()), "GC.class_histogram")
			.run(Duration.ofSeconds(20))
			.orThrow();
	}

	@Test
	void methodThatDoesNotExistIsRefused() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> this.injector.failAt(Victim.class.getName() + "#gone", 1));
		assertThatIllegalArgumentException().isThrownBy(() -> this.injector.failAt("io.fanfare.Gone#work", 1));
	}

	private Path output() {
		return this.directory.resolve("victim.log");
	}

	private String printed() throws IOException {
		return Files.readString(output());
	}

}
