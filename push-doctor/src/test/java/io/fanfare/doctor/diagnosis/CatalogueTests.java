package io.fanfare.doctor.diagnosis;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** What the findings say, here and in the guide. */
class CatalogueTests {

	private static final Path GUIDE = Path.of("..", "docs", "guides", "doctor.md");

	@Test
	void isTheFileOfTheBrowsersDoctor() throws IOException {
		try (InputStream packed = Catalogue.class.getResourceAsStream("fanfare-doctor-findings.js")) {
			assertThat(packed).isNotNull();
			assertThat(packed.readAllBytes())
				.isEqualTo(Files.readAllBytes(Path.of("..", "push-client", "src", "fanfare-doctor-findings.js")));
		}
		assertThat(Catalogue.entries()).isNotEmpty();
	}

	@Test
	void theGuideHasASectionForEachFindingAndNoOther() throws IOException {
		List<String> sections = Files.readAllLines(GUIDE)
			.stream()
			.filter((line) -> line.startsWith("### "))
			.map((line) -> line.substring(4).replace("`", ""))
			.toList();
		assertThat(sections).containsExactlyElementsOf(Catalogue.entries().keySet());
	}

	@Test
	void theGuideHasWhatMendsIt() throws IOException {
		String guide = Files.readString(GUIDE);
		Catalogue.entries().forEach((id, entry) -> {
			String section = section(guide, id);
			assertThat(section).as(id).contains(entry.title());
			for (String lines : new String[] { entry.nginx(), entry.haproxy(), entry.caddy() }) {
				if (lines != null) {
					lines.lines().forEach((line) -> assertThat(section).as(id).contains("    " + line));
				}
			}
		});
	}

	private static String section(String guide, String id) {
		int start = guide.indexOf("### `" + id + "`\n");
		assertThat(start).as(id).isNotNegative();
		int end = guide.indexOf("\n##", start);
		return guide.substring(start, (end < 0) ? guide.length() : end);
	}

}
