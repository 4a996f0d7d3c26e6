package io.fanfare.test.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Holds the pages of the documentation together: links, names, the shape of a page. */
class DocsTests {

	private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

	private static final Path DOCS = ROOT.resolve("docs");

	private static final Path REFERENCE = DOCS.resolve("reference");

	private static final int LINE_LENGTH = 160;

	private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

	private static final Pattern METER = Pattern
		.compile("(?:builder|counter|gauge|timer|bytes)\\(\\s*\"((?:sse|fanfare)\\.[a-z.]+)\"");

	private static final Pattern METRIC = Pattern.compile("(?m)^\\| `((?:sse|fanfare)_[a-z_]+)` \\|");

	/** A step of a walk through the code: a class, by its package, or a script. */
	private static final Pattern STEP = Pattern.compile("(?m)^(\\d+)\\. `([^`]+)` ");

	/** A class that is named with its package. */
	private static final Pattern QUALIFIED = Pattern.compile("`((?:api|node|protocol|redis)\\.[a-z.]+\\.[A-Z]\\w+)`");

	/** A class in a picture. */
	private static final Pattern PICTURED = Pattern.compile("\\b[A-Z][A-Za-z]+\\b");

	private final Map<Path, Set<String>> anchors = new HashMap<>();

	@Test
	void eachRelativeLinkAndAnchorResolves() {
		List<String> broken = new ArrayList<>();
		List<Path> pages = new ArrayList<>(pages(DOCS));
		Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "nginx/README.md")
			.map(ROOT::resolve)
			.forEach(pages::add);
		int links = 0;
		for (Path page : pages) {
			Matcher link = LINK.matcher(read(page));
			while (link.find()) {
				if (!link.group(1).contains("://")) {
					links++;
					if (!resolves(page, link.group(1))) {
						broken.add(ROOT.relativize(page) + " -> " + link.group(1));
					}
				}
			}
		}
		assertThat(broken).isEmpty();
		assertThat(links).isGreaterThan(100);
	}

	@Test
	void theMapNamesEachPage() {
		String map = read(DOCS.resolve("README.md"));
		assertThat(pages(DOCS)).map((page) -> DOCS.relativize(page).toString().replace('\\', '/'))
			.filteredOn((page) -> !page.equals("README.md")
					&& (!page.startsWith("decisions/") || page.equals("decisions/README.md")))
			.isNotEmpty()
			.allSatisfy((page) -> assertThat(map).contains("(" + page + ")"));
	}

	@Test
	void eachReferencePageAsksOneQuestionAndLinksTheGlossary() {
		assertThat(pages(REFERENCE)).isNotEmpty().allSatisfy((page) -> {
			assertThat(read(page)).matches("(?s)# [^\\n]+\\?\\n.*");
			assertThat(page.endsWith("glossary.md") || read(page).contains("](glossary.md")).isTrue();
		});
	}

	@Test
	void linesAreShort() {
		List<String> tooLong = new ArrayList<>();
		for (Path page : pages(DOCS)) {
			String name = DOCS.relativize(page).toString();
			if (!name.equals("faults.md") && !name.equals("performance.md")) {
				read(page).lines()
					.filter((line) -> line.length() > LINE_LENGTH)
					// A row is one line, and the settings have seven columns.
					.filter((line) -> !(name.endsWith("settings.md") && line.startsWith("| ")))
					.forEach((line) -> tooLong.add(name + ": " + line));
			}
		}
		assertThat(tooLong).isEmpty();
	}

	@Test
	void theMetricsPageHasEachMeterAndNoOther() {
		Set<String> registered = new TreeSet<>();
		for (String module : List.of("push-protocol", "push-boot", "push-node", "push-api")) {
			files(ROOT.resolve(module).resolve("src/main/java"), ".java")
				.forEach((source) -> METER.matcher(read(source)).results().forEach((found) -> {
					registered.add(found.group(1));
				}));
		}
		Set<String> described = new TreeSet<>();
		METRIC.matcher(read(REFERENCE.resolve("metrics.md"))).results().forEach((found) -> {
			described.add(found.group(1).replaceAll("_(total|seconds|bytes)$", "").replace('_', '.'));
		});
		assertThat(described).isEqualTo(registered).hasSizeGreaterThan(30);
	}

	@Test
	void theRedisPageHasEachScript() {
		String page = read(REFERENCE.resolve("redis.md"));
		List<Path> scripts = files(ROOT.resolve("push-protocol/src/main/resources/redis"), ".lua");
		assertThat(scripts).isNotEmpty()
			.map((script) -> script.getFileName().toString().replace(".lua", ""))
			.allSatisfy(
					(script) -> assertThat(page.contains("`" + script + "`") || page.contains("`" + script + ".lua`"))
						.as(script)
						.isTrue());
	}

	@Test
	void eachDecisionHasADateAStatusAndTheAlternativesThatLost() {
		assertThat(pages(DOCS.resolve("decisions"))).filteredOn((page) -> !page.endsWith("README.md"))
			.isNotEmpty()
			.allSatisfy((page) -> assertThat(read(page))
				.containsPattern("(?m)^Date: \\d{4}-\\d{2}-\\d{2}\\. Status: (accepted|replaced)")
				.contains("\n## Alternatives that lost\n"));
	}

	@Test
	void eachWalkThroughTheCodeNamesClassesThatExist() {
		String page = read(DOCS.resolve("architecture.md"));
		List<String> walks = Stream.of(page.split("(?m)^## ")).skip(1).toList();
		assertThat(walks).hasSize(3);
		Set<String> classes = new TreeSet<>();
		for (String walk : walks) {
			List<MatchResult> steps = STEP.matcher(walk).results().toList();
			assertThat(steps).hasSizeGreaterThan(10);
			for (int i = 0; i < steps.size(); i++) {
				assertThat(steps.get(i).group(1)).isEqualTo(String.valueOf(i + 1));
				assertThat(source(steps.get(i).group(2))).isRegularFile();
				classes.add(steps.get(i).group(2).replaceFirst(".*\\.(?=[A-Z])", ""));
			}
		}
		QUALIFIED.matcher(page).results().forEach((name) -> assertThat(source(name.group(1))).isRegularFile());
		String picture = page.substring(page.indexOf("```mermaid"), page.lastIndexOf("```"));
		assertThat(picture.lines().filter((line) -> line.contains("    ") && !line.contains("subgraph")).toList())
			.flatMap((line) -> PICTURED.matcher(line.replaceAll("\\|.*?\\|", ""))
				.results()
				.map(MatchResult::group)
				.toList())
			.hasSizeGreaterThan(30)
			.allSatisfy((name) -> assertThat(classes).contains(name));
	}

	/** The source of a class, whose first package is its module, or of a script. */
	private static Path source(String name) {
		if (name.endsWith(".lua")) {
			return ROOT.resolve("push-protocol/src/main/resources").resolve(name);
		}
		String first = name.substring(0, name.indexOf('.'));
		return ROOT.resolve("push-" + (first.equals("redis") ? "protocol" : first))
			.resolve("src/main/java/io/fanfare")
			.resolve(name.replace('.', '/') + ".java");
	}

	private boolean resolves(Path page, String link) {
		int hash = link.indexOf('#');
		String path = (hash < 0) ? link : link.substring(0, hash);
		Path target = path.isEmpty() ? page : page.resolveSibling(path).normalize();
		if (!Files.exists(target)) {
			return false;
		}
		return hash < 0
				|| this.anchors.computeIfAbsent(target, DocsTests::anchorsOf).contains(link.substring(hash + 1));
	}

	/** The anchors of the headings, as GitHub makes them. */
	private static Set<String> anchorsOf(Path page) {
		Set<String> anchors = new HashSet<>();
		boolean code = false;
		for (String line : read(page).split("\n")) {
			code ^= line.startsWith("```");
			if (!code && line.matches("#{1,6} .*")) {
				String heading = line.replaceFirst("#+ ", "").replaceAll("\\]\\([^)]*\\)", "]").strip();
				anchors.add(heading.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}_ -]", "").replace(' ', '-'));
			}
		}
		return anchors;
	}

	private static List<Path> pages(Path folder) {
		return files(folder, ".md");
	}

	private static List<Path> files(Path folder, String ending) {
		try (Stream<Path> files = Files.walk(folder)) {
			return files.filter((file) -> file.toString().endsWith(ending)).sorted().toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String read(Path file) {
		try {
			return Files.readString(file);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
