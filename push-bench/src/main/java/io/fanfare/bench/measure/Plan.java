package io.fanfare.bench.measure;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import io.fanfare.bench.peer.Catalog;

/**
 * What is to be measured.
 *
 * @param systems which systems
 * @param measures which measures
 * @param streams how many streams
 * @param rates broadcasts a second, one after the other
 * @param growth numbers of streams
 * @param seconds how long each point is measured
 * @param hold how long the highest rate is held
 * @param size bytes per message
 * @param cluster how many streams over six nodes
 */
public record Plan(List<Catalog> systems, List<String> measures, int streams, List<Integer> rates, List<Integer> growth,
		int seconds, int hold, int size, int cluster) {

	/** All measures. */
	public static final List<String> MEASURES = List.of("broadcast", "busy", "growth", "opens", "publish", "topics",
			"stalled", "edge", "gzip", "cluster");

	/**
	 * Reads options of the form {@code --name=value}.
	 * @param base what holds where nothing is said
	 * @param options the options
	 * @return the plan
	 */
	public static Plan read(Plan base, List<String> options) {
		Plan plan = base;
		for (String option : options) {
			int equals = option.indexOf('=');
			String name = (equals > 0) ? option.substring(0, equals) : option;
			String value = option.substring(equals + 1);
			plan = switch (name) {
				case "--systems" -> plan.withSystems(list(value).stream()
					.map((system) -> Catalog.valueOf(system.toUpperCase(Locale.ROOT)))
					.toList());
				case "--measures" -> plan.withMeasures(value.equals("all") ? MEASURES : list(value));
				case "--streams" -> plan.withStreams(Integer.parseInt(value), plan.cluster);
				case "--cluster" -> plan.withStreams(plan.streams, Integer.parseInt(value));
				case "--seconds" -> plan.withTimes(Integer.parseInt(value), plan.hold);
				case "--hold" -> plan.withTimes(plan.seconds, Integer.parseInt(value));
				case "--rates" -> plan.withLists(numbers(value), plan.growth);
				case "--growth" -> plan.withLists(plan.rates, numbers(value));
				case "--out", "--merge" -> plan;
				default -> throw new IllegalArgumentException("Unknown option " + option);
			};
		}
		return plan;
	}

	private static List<String> list(String value) {
		return Arrays.asList(value.split(","));
	}

	private static List<Integer> numbers(String value) {
		return list(value).stream().map(Integer::valueOf).toList();
	}

	/**
	 * What {@code run} measures.
	 * @return the plan
	 */
	public static Plan whole() {
		return new Plan(List.of(Catalog.values()), MEASURES, 10_000, List.of(5, 20, 50, 200),
				List.of(1_000, 10_000, 19_000), 6, 60, 200, 100_000);
	}

	/**
	 * What {@code smoke} measures: everything once, small.
	 * @return the plan
	 */
	public static Plan smoke() {
		return new Plan(List.of(Catalog.values()), MEASURES, 200, List.of(5, 50), List.of(100, 200), 2, 4, 200, 600);
	}

	private Plan withSystems(List<Catalog> chosen) {
		return new Plan(chosen, this.measures, this.streams, this.rates, this.growth, this.seconds, this.hold,
				this.size, this.cluster);
	}

	private Plan withMeasures(List<String> chosen) {
		if (!MEASURES.containsAll(chosen)) {
			throw new IllegalArgumentException("Measures are " + MEASURES);
		}
		return new Plan(this.systems, chosen, this.streams, this.rates, this.growth, this.seconds, this.hold, this.size,
				this.cluster);
	}

	private Plan withStreams(int held, int together) {
		return new Plan(this.systems, this.measures, held, this.rates, this.growth, this.seconds, this.hold, this.size,
				together);
	}

	private Plan withTimes(int time, int longTime) {
		return new Plan(this.systems, this.measures, this.streams, this.rates, this.growth, time, longTime, this.size,
				this.cluster);
	}

	private Plan withLists(List<Integer> broadcasts, List<Integer> stages) {
		return new Plan(this.systems, this.measures, this.streams, broadcasts, stages, this.seconds, this.hold,
				this.size, this.cluster);
	}

}
