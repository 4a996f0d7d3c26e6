package io.fanfare.test.process;

import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

class RequiredToolTests {

	@TempDir
	Path directory;

	@Test
	void findsAProgramOnThePath() throws Exception {
		Path program = Files.createFile(this.directory.resolve("chromium"));
		assumeThat(program.toFile().setExecutable(true)).isTrue();
		assertThat(RequiredTool.CHROMIUM.require(this.directory.toString(), null)).isEqualTo(program);
	}

	@Test
	void withoutTheProgramATestIsSkippedButFailsUnderCi() throws Exception {
		Files.createFile(this.directory.resolve("chromium"));
		assertThatExceptionOfType(TestAbortedException.class)
			.isThrownBy(() -> RequiredTool.CHROMIUM.require(this.directory.toString(), null))
			.withMessageContaining("Not installed: chromium");
		assertThatExceptionOfType(AssertionError.class)
			.isThrownBy(() -> RequiredTool.CHROMIUM.require(this.directory.toString(), "true"))
			.withMessageContaining("Not installed: chromium");
	}

}
