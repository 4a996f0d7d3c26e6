package io.fanfare.faults;

import java.time.Duration;
import java.util.List;

import io.fanfare.faults.check.Score;
import io.fanfare.faults.deployment.Deployment;
import io.fanfare.faults.deployment.Store;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.scenario.Scenario;
import io.fanfare.faults.scenario.Stage;

/**
 * Where scenarios are played one after the other, on one deployment as long as it is what
 * they need. Used by one thread at a time.
 */
final class Lane implements AutoCloseable {

	private final Timing timing;

	private Deployment deployment;

	private Store store;

	private List<String> nodeSettings = List.of();

	Lane(Timing timing) {
		this.timing = timing;
	}

	/** What is there, or another one. */
	Deployment on(Store wanted, List<String> settings) {
		if (this.deployment == null || this.store != wanted || !this.nodeSettings.equals(settings)) {
			close();
			this.deployment = Deployment.start(wanted, this.timing, settings.toArray(String[]::new));
			this.store = wanted;
			this.nodeSettings = settings;
		}
		return this.deployment;
	}

	Score play(Scenario scenario) {
		Deployment whole = on(scenario.store(), scenario.nodeSettings());
		long start = System.nanoTime();
		try {
			Score score = Stage.play(scenario, whole);
			System.out.printf("%s: %d s%n", scenario.name(), Duration.ofNanos(System.nanoTime() - start).toSeconds());
			return score;
		}
		catch (RuntimeException | Error ex) {
			// What is left of it is nothing to play the next one on.
			close();
			throw ex;
		}
	}

	@Override
	public void close() {
		if (this.deployment != null) {
			this.deployment.close();
			this.deployment = null;
		}
	}

}
