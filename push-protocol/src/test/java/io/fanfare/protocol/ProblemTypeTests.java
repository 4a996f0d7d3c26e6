package io.fanfare.protocol;

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

/** Holds the pages and nginx equal to the problems that are answered. */
class ProblemTypeTests {

	private static final Path ROOT = Path.of("..");

	private static Set<String> rows(String page) throws IOException {
		Set<String> rows = new TreeSet<>();
		Pattern.compile("(?m)^\\| (\\d{3}) \\| `([a-z-]+)` \\| ([^|]+) \\|")
			.matcher(Files.readString(ROOT.resolve("docs").resolve("reference").resolve(page)))
			.results()
			.forEach((row) -> rows.add(row.group(1) + " " + row.group(2) + " " + row.group(3)));
		return rows;
	}

	@Test
	void thePagesHaveEachProblemWithItsStatusAndTitle() throws IOException {
		Set<String> rows = rows("http-api.md");
		assertThat(rows).hasSizeGreaterThan(15);
		// What the HTTP layer refuses keeps its status; a body that is late is one of
		// these.
		assertThat(rows.remove("408 refused " + ProblemType.REFUSED.title())).isTrue();
		Set<String> ofStreams = rows("stream.md");
		assertThat(ofStreams).hasSizeGreaterThan(12);
		rows.addAll(ofStreams);
		assertThat(rows).isEqualTo(Arrays.stream(ProblemType.values())
			.map((type) -> type.status() + " " + type.wireName() + " " + type.title())
			.collect(Collectors.toCollection(TreeSet::new)));
	}

	@Test
	void nginxAnswersWithTheSameTypesTitlesAndStatuses() throws IOException {
		Set<String> problems = new TreeSet<>();
		Pattern.compile("return (\\d{3}) '\\{\"type\":\"([^\"]+)\",\"title\":\"([^\"]+)\",\"status\":(\\d{3})")
			.matcher(Files.readString(ROOT.resolve("nginx").resolve("errors.conf")))
			.results()
			.forEach((problem) -> {
				assertThat(problem.group(1)).isEqualTo(problem.group(4));
				problems.add(problem.group(1) + " " + problem.group(2) + " " + problem.group(3));
			});
		assertThat(problems).hasSizeGreaterThan(3);
		assertThat(Arrays.stream(ProblemType.values())
			.map((type) -> type.status() + " " + type.uri() + " " + type.title())
			.collect(Collectors.toSet())).containsAll(problems);
	}

	@Test
	void eachTypeHasANameAndATitleOfItsOwn() {
		assertThat(ProblemType.values()).extracting(ProblemType::uri)
			.doesNotHaveDuplicates()
			.allMatch((uri) -> uri.startsWith("https://"));
		assertThat(ProblemType.values()).extracting(ProblemType::title)
			.doesNotHaveDuplicates()
			.allMatch((title) -> !title.isBlank() && !title.endsWith("."));
	}

}
