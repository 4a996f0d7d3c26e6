package io.fanfare.node.simulation;

import java.util.List;
import java.util.stream.LongStream;

import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.simulation.Oracle.Statistics;
import io.fanfare.node.simulation.Oracle.Violation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.logging.LogLevel;
import org.springframework.boot.logging.LoggingSystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Tries to break the node's promises by faults in every order. Each schedule follows from
 * its scenario and seed; a failure names them and prints the shortest schedule found.
 * They run on all processors. To run one again:
 * {@code -Dtest=SimulationTests#aSeedIsOneSchedule -Dfanfare.simulation.scenario=… -Dfanfare.simulation.seed=…
 * -Dfanfare.simulation.steps=…}. More of them: {@code -Dfanfare.long=true}, or
 * {@code -Dfanfare.simulation.schedules=…}, from {@code -Dfanfare.simulation.from=…}.
 */
class SimulationTests {

	private static final Logger log = LoggerFactory.getLogger(SimulationTests.class);

	private static final int ORDINARY = 300;

	/** A million in all. */
	private static final int LONG = 50_000;

	/** How many schedules more are tried for a shorter one after a failure. */
	private static final int MORE = 200;

	private static final int MOST_LINES = 400;

	/** Inboxes overflow, and calls to Redis fail, by the thousand here. */
	private static final List<String> NOISY = List.of(StreamLoop.class.getName(),
			StreamLoop.class.getPackageName() + ".Outage");

	@BeforeAll
	static void logNoFaults() {
		setLogLevel(LogLevel.ERROR);
	}

	@AfterAll
	static void logFaults() {
		setLogLevel(null);
	}

	private static void setLogLevel(@Nullable LogLevel level) {
		LoggingSystem logging = LoggingSystem.get(SimulationTests.class.getClassLoader());
		NOISY.forEach((name) -> logging.setLogLevel(name, level));
	}

	@ParameterizedTest
	@EnumSource
	void noScheduleBreaksAPromise(Scenario scenario) {
		long schedules = Long.getLong("fanfare.simulation.schedules",
				Boolean.getBoolean("fanfare.long") ? LONG : ORDINARY);
		long from = Long.getLong("fanfare.simulation.from", 1);
		Statistics statistics = new Statistics();
		long begun = System.nanoTime();
		LongStream.range(from, from + schedules)
			.parallel()
			.mapToObj((seed) -> run(scenario, seed, statistics))
			.filter((run) -> run.violation() != null)
			.findFirst()
			.ifPresent((run) -> report(scenario, run.seed(), run.violation()));
		long took = Math.max(1, (System.nanoTime() - begun) / 1_000_000);
		log.info("simulation={} schedules={} a-second={} {}", scenario, schedules, schedules * 1000 / took, statistics);
	}

	private record Run(long seed, @Nullable Violation violation) {

	}

	private static Run run(Scenario scenario, long seed, Statistics statistics) {
		Simulation simulation = new Simulation(scenario, seed, Integer.MAX_VALUE, false);
		Violation violation = simulation.run(true);
		synchronized (statistics) {
			statistics.add(simulation.oracle().statistics());
		}
		return new Run(seed, violation);
	}

	/**
	 * The schedule to look at again; without one named, that a seed gives the same
	 * schedule each time.
	 */
	@Test
	void aSeedIsOneSchedule() {
		Scenario scenario = Scenario.valueOf(System.getProperty("fanfare.simulation.scenario", "EVERYTHING"));
		long seed = Long.getLong("fanfare.simulation.seed", 1);
		int steps = Integer.getInteger("fanfare.simulation.steps", Integer.MAX_VALUE);
		Simulation simulation = new Simulation(scenario, seed, steps, true);
		Violation violation = simulation.run(true);
		if (System.getProperty("fanfare.simulation.seed") != null) {
			log.info("simulation={} seed={}\n{}", scenario, seed, String.join("\n", simulation.trace()));
		}
		if (violation != null) {
			fail(violation.toString());
		}
		Simulation again = new Simulation(scenario, seed, steps, true);
		again.run(true);
		assertThat(comparable(again)).isEqualTo(comparable(simulation));
	}

	/** A trace without the hash codes of arrays. */
	private static List<String> comparable(Simulation simulation) {
		return simulation.trace().stream().map((line) -> line.replaceAll("\\[B@\\w+", "")).toList();
	}

	/** Looks for the shortest schedule that breaks a promise in the same way. */
	private static void report(Scenario scenario, long first, Violation found) {
		long seed = first;
		Violation shortest = found;
		for (long other = first + 1; other <= first + MORE; other++) {
			Violation violation = new Simulation(scenario, other, Integer.MAX_VALUE, false).run(true);
			if (violation != null && violation.kind().equals(found.kind()) && violation.steps() < shortest.steps()) {
				shortest = violation;
				seed = other;
			}
		}
		int steps = shortest.steps() + 1;
		for (int fewer = 1; fewer < steps; fewer += Math.max(1, steps / 100)) {
			Violation violation = new Simulation(scenario, seed, fewer, false).run(true);
			if (violation != null && violation.kind().equals(found.kind())) {
				steps = fewer;
			}
		}
		Simulation traced = new Simulation(scenario, seed, steps, true);
		traced.run(true);
		List<String> trace = traced.trace();
		String shown = String.join("\n", trace.subList(Math.max(0, trace.size() - MOST_LINES), trace.size()));
		fail("%s, first with seed %d. Shortest: -Dfanfare.simulation.scenario=%s -Dfanfare.simulation.seed=%d -Dfanfare.simulation.steps=%d\n%s",
				found, first, scenario, seed, steps, shown);
	}

}
