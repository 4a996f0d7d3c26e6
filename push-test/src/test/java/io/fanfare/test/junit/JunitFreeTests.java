package io.fanfare.test.junit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Programs use this module without JUnit. */
class JunitFreeTests {

	private static final List<String> FOR_TESTS = List.of("Assume.java", "RedisExtension.java");

	@Test
	void onlyWhatTestsAloneUseNeedsJunit() throws IOException {
		try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
			assertThat(files.filter((file) -> file.toString().endsWith(".java"))
				.filter((file) -> !FOR_TESTS.contains(file.getFileName().toString()))).isNotEmpty()
				.allSatisfy((file) -> assertThat(file).content().doesNotContain("org.junit"));
		}
	}

}
