package io.fanfare.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.fanfare.bench.measure.Measures;
import io.fanfare.bench.measure.Plan;
import io.fanfare.bench.peer.Site;
import io.fanfare.bench.report.Report;
import io.fanfare.bench.report.Run;
import io.fanfare.bench.report.Run.Session;
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
		Measures measures = new Measures(plan, Site.find(this.folder.resolve("work")).cold());
		measures.run(() -> {
		});
		assertThat(measures.missing()).isEmpty();
		assertThat(measures.rows()).hasSize(2).allSatisfy((row) -> {
			assertThat(row.note()).isEmpty();
			assertThat(row.values()).containsEntry("lost", 0.0).containsEntry("disordered", 0.0);
			assertThat(row.values().get("delivered/s")).isGreaterThan(300);
			assertThat(row.values()).containsKeys("us/event", "p50 ms", "p99 ms");
		});
		Report.write(Run.of(new Session("now", "here", List.of(), "", "--streams=300"), List.of(), measures.rows()),
				this.folder);
		assertThat(Files.readString(this.folder.resolve("run.txt"))).contains("fanfare", "200/s");
	}

}
