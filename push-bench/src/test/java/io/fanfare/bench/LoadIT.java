package io.fanfare.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.fanfare.bench.measure.Measures;
import io.fanfare.bench.measure.Plan;
import io.fanfare.bench.peer.Site;
import io.fanfare.bench.report.Report;
import io.fanfare.bench.report.Row;
import io.fanfare.bench.report.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/** The load generator against the real product: nothing lost, nothing out of order. */
class LoadIT {

	@TempDir
	Path folder;

	@Test
	void everyStreamHearsEverythingInOrder() throws IOException {
		Plan plan = Plan.read(Plan.smoke(),
				List.of("--systems=fanfare", "--measures=broadcast", "--streams=300", "--rates=20,200", "--seconds=2"));
		Measures measures = new Measures(plan, Site.find(this.folder.resolve("work")));
		measures.run(() -> {
		});
		assertThat(measures.missing()).isEmpty();
		assertThat(measures.rows()).hasSize(2).allSatisfy((row) -> {
			assertThat(row.note()).isEmpty();
			assertThat(row.values()).containsEntry("lost", 0.0).containsEntry("disordered", 0.0);
			assertThat(row.values().get("delivered/s")).isGreaterThan(300);
			assertThat(row.values()).containsKeys("us/event", "p50 ms", "p99 ms");
		});
		write(measures.rows());
	}

	private void write(List<Row> rows) throws IOException {
		Run run = new Run("now", "here", "--streams=300", List.of("pushpin: no pushpin"), rows);
		Report.write(run, this.folder);
		Run read = Report.read(List.of(this.folder.resolve("run.json")));
		assertThat(read).isEqualTo(run);
		assertThat(Files.readString(this.folder.resolve("run.txt"))).contains("20/s", "not measured: pushpin");
		assertThat(Files.readString(this.folder.resolve("run.svg"))).startsWith("<svg").contains("fanfare");
		assertThat(Report.page(read, "run.svg")).contains("| fanfare | 300 | 200/s |");
	}

}
