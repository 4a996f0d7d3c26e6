package io.fanfare.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.faults.check.Score;
import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.report.Report;
import io.fanfare.faults.scenario.Scenario;
import io.fanfare.faults.scenario.Scenarios;
import io.fanfare.faults.scenario.Stage;
import io.fanfare.test.process.RequiredTool;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Plays every scenario and prints the table. {@code -Dfanfare.faults.scenario} names one
 * alone, or some with commas between, {@code -Dfanfare.faults.report} a file for the
 * table.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultsIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private final Timing timing = LONG ? Timing.SHIPPED : Timing.SHORT;

	private final Report report = new Report(this.timing);

	private Deployment deployment;

	private Deployment.Store store;

	@BeforeAll
	static void requireNginx() {
		RequiredTool.NGINX.require();
	}

	static List<Scenario> scenarios() {
		List<Scenario> all = Scenarios.all();
		assertThat(all).extracting(Scenario::name).containsAll(wanted());
		return all.stream()
			.filter((scenario) -> wanted().isEmpty() ? LONG || scenario.inShort() : wanted().contains(scenario.name()))
			.toList();
	}

	/** None: all of them. */
	private static List<String> wanted() {
		String names = System.getProperty("fanfare.faults.scenario", "");
		return names.isEmpty() ? List.of() : List.of(names.split(","));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("scenarios")
	void nothingIsLostWithoutAWord(Scenario scenario) {
		Deployment whole = on(scenario.store());
		long start = System.nanoTime();
		Score score;
		try {
			score = Stage.play(scenario, whole);
		}
		catch (RuntimeException | Error ex) {
			// What is left of it is nothing to play the next one on.
			close();
			throw ex;
		}
		this.report.add(scenario, score);
		System.out.printf("%s: %d s%n", scenario.name(), Duration.ofNanos(System.nanoTime() - start).toSeconds());
		List<String> complaints = new ArrayList<>(score.complaints());
		if (score.lost() + score.doubled() + score.reordered() + score.falseGaps() > 0) {
			complaints.addFirst("lost=%d unannounced=%d doubled=%d reordered=%d false gaps=%d".formatted(score.lost(),
					score.unannounced(), score.doubled(), score.reordered(), score.falseGaps()));
		}
		assertThat(complaints).as(scenario.what()).isEmpty();
	}

	private Deployment on(Deployment.Store store) {
		if (this.deployment == null || this.store != store) {
			close();
			this.deployment = Deployment.start(store, this.timing);
			this.store = store;
		}
		return this.deployment;
	}

	@AfterAll
	void report() throws IOException {
		close();
		System.out.println(this.report.asText());
		String file = System.getProperty("fanfare.faults.report", "");
		if (!file.isEmpty()) {
			Files.writeString(Deployment.project().resolve(file), this.report.asMarkdown());
		}
	}

	private void close() {
		if (this.deployment != null) {
			this.deployment.close();
			this.deployment = null;
		}
	}

}
