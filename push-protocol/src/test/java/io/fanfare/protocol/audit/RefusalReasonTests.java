package io.fanfare.protocol.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RefusalReasonTests {

	@Test
	void thePageHasEachReasonInItsOrder() throws IOException {
		String page = Files.readString(Path.of("..", "docs", "reference", "logs.md"));
		String table = page.substring(page.indexOf("| reason of a refusal |"));
		List<String> rows = Pattern.compile("(?m)^\\| `([a-z-]+)` \\|")
			.matcher(table.substring(0, table.indexOf("\n\n")))
			.results()
			.map((row) -> row.group(1))
			.toList();
		assertThat(rows).isEqualTo(Arrays.stream(RefusalReason.values()).map(RefusalReason::wireName).toList());
	}

	@Test
	void namesAreDistinct() {
		assertThat(RefusalReason.values()).extracting(RefusalReason::wireName)
			.doesNotHaveDuplicates()
			.allMatch((name) -> name.matches("[a-z]+(-[a-z]+)*"));
	}

}
