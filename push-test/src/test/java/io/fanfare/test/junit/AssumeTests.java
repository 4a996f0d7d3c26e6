package io.fanfare.test.junit;

import java.nio.file.Files;
import java.nio.file.Path;

import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

class AssumeTests {

	@TempDir
	Path directory;

	@Test
	void findsAProgramOnThePath() throws Exception {
		Path program = Files.createFile(this.directory.resolve("chromium"));
		assumeThat(program.toFile().setExecutable(true)).isTrue();
		assertThat(Assume.installed(RequiredTool.CHROMIUM, this.directory.toString(), null)).isEqualTo(program);
	}

	@Test
	void withoutTheProgramATestIsSkippedButFailsUnderCi() throws Exception {
		Files.createFile(this.directory.resolve("chromium"));
		assertThatExceptionOfType(TestAbortedException.class)
			.isThrownBy(() -> Assume.installed(RequiredTool.CHROMIUM, this.directory.toString(), null))
			.withMessageContaining("Not installed: chromium");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> Assume.installed(RequiredTool.CHROMIUM, this.directory.toString(), "true"))
			.withMessageContaining("Not installed: chromium");
	}

}
