package io.fanfare.test.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Holds the sources of all modules in shape. */
class SourcesTests {

	private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

	private static final int LINES = 400;

	/** They are the loop, which is one thing. */
	private static final Set<String> LOOP = Set.of("StreamLoop.java", "Delivery.java");

	@Test
	void noClassOutsideOfTheLoopIsLong() throws IOException {
		try (Stream<Path> files = Files.walk(ROOT)) {
			assertThat(
					files.filter((file) -> ROOT.relativize(file).toString().matches("push-[a-z]+/src/main/.*\\.java"))
						.filter((file) -> !LOOP.contains(file.getFileName().toString()))
						.toList())
				.hasSizeGreaterThan(300)
				.allSatisfy((file) -> assertThat(Files.readAllLines(file)).hasSizeLessThanOrEqualTo(LINES));
		}
	}

}
