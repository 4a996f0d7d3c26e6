package io.fanfare.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.fanfare.bench.report.Run.Session;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class RunTests {

	private static Session session(String at) {
		return new Session(at, "two processors", List.of("raw: cc 12"), "v1", "--streams=10000");
	}

	private static Row row(String system, String point, double micros) {
		return new Row.Builder().put("us/event", micros).row("broadcast", system, 10_000, point);
	}

	private final Run first = Run.of(session("Monday"), List.of("mercure: no mercure"),
			List.of(row("raw", "5/s", 8), row("fanfare", "5/s", 9), row("fanfare", "200/s", 0.5),
					new Row.Builder().note("failed").row("broadcast", "pushpin", 0, Row.FAILED)));

	private final Run later = Run.of(session("Tuesday"), List.of(),
			List.of(row("fanfare", "5/s", 12), row("pushpin", "5/s", 40), row("mercure", "5/s", 15)));

	@Test
	void aPointMeasuredAgainIsReplacedWhereItStood() {
		Run both = this.first.with(this.later);
		assertThat(both.rows().get(1)).isEqualTo(row("fanfare", "5/s", 12).in("Tuesday"));
		assertThat(both.value("broadcast", "fanfare", "200/s", "us/event")).isEqualTo(0.5);
		assertThat(both.sessions()).extracting(Session::at).containsExactly("Monday", "Tuesday");
	}

	@Test
	void whatFailedOrWasMissingIsForgottenOnceItIsMeasured() {
		Run both = this.first.with(this.later);
		assertThat(both.rows()).extracting(Row::point).doesNotContain(Row.FAILED);
		assertThat(both.missing()).isEmpty();
		assertThat(this.later.with(this.first).missing()).isEmpty();
	}

	@Test
	void aSessionWithoutRowsIsForgotten() {
		Run again = Run.of(session("Tuesday"), List.of(), List.of(row("raw", "5/s", 7)));
		Run once = Run.of(session("Monday"), List.of(), List.of(row("raw", "5/s", 8)));
		assertThat(once.with(again).sessions()).containsExactly(session("Tuesday"));
	}

	@Test
	void targetsAreJudgedByWhatStandsInTheRun() {
		assertThat(Targets.of(this.first).getFirst()).satisfies((target) -> {
			assertThat(target.value()).isEqualTo(9 / 8.0);
			assertThat(target.verdict()).isEqualTo("met");
		});
		assertThat(Targets.of(this.first.with(this.later)).getFirst().verdict()).contains("missed");
		assertThat(Targets.of(this.first).getLast().verdict()).isEqualTo("not measured");
	}

	@Test
	void thePageSaysWhichRunARowIsFrom(@TempDir Path folder) throws IOException {
		Report.publish(this.first.with(this.later), "Read this.\n\n## broadcast\n\nWhy so slow.\n", folder);
		assertThat(Files.readString(folder.resolve("performance.md"))).contains("| fanfare | 10000 | 5/s | 12 | B |",
				"| raw | 10000 | 5/s | 8 | A |", "| raw | 0.67 |", "Run A, Monday", "Run B, Tuesday", "Read this.",
				"Why so slow.", "≤ 1.30 | 1.50 | **missed** |", "- raw: cc 12", "push-bench/run --streams=10000");
		assertThat(Files.readString(folder.resolve("performance.svg"))).startsWith("<svg").contains("pushpin");
		assertThat(Report.read(List.of(folder.resolve("performance.json")))).isEqualTo(this.first.with(this.later));
	}

	@Test
	void remarksOnNothingAreRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> new Page(this.first, "## growht\n\nHm."));
	}

}
