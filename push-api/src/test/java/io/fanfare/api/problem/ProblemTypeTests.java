package io.fanfare.api.problem;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Holds the page of the HTTP API equal to the problems that it answers with. */
class ProblemTypeTests {

	@Test
	void thePageHasEachProblemWithItsStatus() throws IOException {
		Set<String> rows = new TreeSet<>();
		Pattern.compile("(?m)^\\| (\\d{3}) \\| `([a-z-]+)` \\|")
			.matcher(Files.readString(Path.of("..", "docs", "reference", "http-api.md")))
			.results()
			.forEach((row) -> rows.add(row.group(1) + " " + row.group(2)));
		// What the HTTP layer refuses keeps its status; a body that is late is one of
		// these.
		rows.remove("408 refused");
		assertThat(rows).isEqualTo(Arrays.stream(ProblemType.values())
			.map((type) -> type.status().value() + " " + type.uri().substring(type.uri().lastIndexOf('/') + 1))
			.collect(Collectors.toCollection(TreeSet::new)));
	}

}
