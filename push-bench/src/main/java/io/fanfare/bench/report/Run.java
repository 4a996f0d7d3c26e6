package io.fanfare.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What was measured, in one session or in several that were put together.
 *
 * @param sessions when, on what and by which command
 * @param missing systems that could not be measured, and why
 * @param rows the points, each with its session
 */
public record Run(List<Session> sessions, List<String> missing, List<Row> rows) {

	/**
	 * One call of the bench.
	 *
	 * @param at when it began, which names it
	 * @param machine on what
	 * @param versions of the systems
	 * @param revision of the project
	 * @param command what was typed
	 */
	public record Session(String at, String machine, List<String> versions, String revision, String command) {

	}

	/** Nothing measured. */
	public static final Run EMPTY = new Run(List.of(), List.of(), List.of());

	/**
	 * What one session has measured.
	 * @param session the session
	 * @param missing systems that could not be measured, and why
	 * @param rows the points
	 * @return the run
	 */
	public static Run of(Session session, List<String> missing, List<Row> rows) {
		return new Run(List.of(session), List.copyOf(missing),
				rows.stream().map((row) -> row.in(session.at())).toList());
	}

	/**
	 * Puts a later run over this one: of a point that both have measured, the later
	 * counts, and a failure is forgotten once its measure succeeded.
	 * @param later the later run
	 * @return both
	 */
	public Run with(Run later) {
		List<Row> sum = new ArrayList<>();
		for (Row row : this.rows) {
			Row again = later.rows.stream().filter(row::isReplacedBy).findFirst().orElse(null);
			sum.add((again != null && again.isSamePoint(row)) ? again : row);
			if (again != null && !again.isSamePoint(row)) {
				sum.removeLast();
			}
		}
		later.rows.stream().filter(Predicate.not(sum::contains)).forEach(sum::add);
		List<Session> both = new ArrayList<>(this.sessions);
		both.addAll(later.sessions);
		Set<String> absent = new LinkedHashSet<>(this.missing);
		absent.addAll(later.missing);
		absent.removeIf((line) -> sum.stream().anyMatch((row) -> line.startsWith(row.system() + ":")));
		return new Run(both.stream()
			.distinct()
			.filter((session) -> sum.stream().anyMatch((row) -> row.run().equals(session.at())))
			.toList(), List.copyOf(absent), List.copyOf(sum));
	}

	List<Row> of(String measure) {
		return this.rows.stream()
			.filter((row) -> row.measure().equals(measure) && !row.point().equals(Row.FAILED))
			.toList();
	}

	Optional<Row> find(String measure, String system, String point) {
		return of(measure).stream()
			.filter((row) -> row.system().equals(system) && row.point().startsWith(point))
			.findFirst();
	}

	double value(String measure, String system, String point, String name) {
		return find(measure, system, point).map((row) -> row.value(name)).orElse(Double.NaN);
	}

}
