package io.fanfare.faults.report;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.faults.check.Score;
import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.scenario.Scenario;
import io.fanfare.faults.traffic.Outcasts;
import org.jspecify.annotations.Nullable;

/** A table of scenarios and what came of them, as text and as Markdown. */
public final class Report {

	private static final List<Column> COLUMNS = List.of(new Column("scenario", (line) -> line.scenario().name()),
			new Column("published", (line) -> number(line.score().published())),
			new Column("delivered", (line) -> number(line.score().delivered())),
			new Column("lost", (line) -> number(line.score().lost())),
			new Column("unannounced", (line) -> number(line.score().unannounced())),
			new Column("doubled", (line) -> number(line.score().doubled())),
			new Column("reordered", (line) -> number(line.score().reordered())),
			new Column("gaps", (line) -> number(line.score().gaps())),
			new Column("false gaps", (line) -> number(line.score().falseGaps())),
			new Column("silence, s", (line) -> seconds(line.score().longestSilence())),
			new Column("back after, s", (line) -> seconds(line.score().recovery())),
			new Column("two streams, ms", (line) -> number(line.score().twice().toMillis())),
			new Column("revoked, ms", (line) -> number(line.score().revoked().toMillis())),
			new Column("refused", (line) -> number(line.score().refused())),
			new Column("refusal, s", (line) -> seconds(line.score().slowestRefusal())),
			new Column("streams ended", (line) -> number(line.score().closed())),
			new Column("revived", (line) -> number(line.score().revived())));

	private final Timing timing;

	private final List<Line> lines = new ArrayList<>();

	/**
	 * An empty report.
	 * @param timing of the deployment
	 */
	public Report(Timing timing) {
		this.timing = timing;
	}

	private record Column(String title, Function<Line, String> cell) {
	}

	private record Line(Scenario scenario, Score score) {
	}

	/**
	 * Adds a line.
	 * @param scenario what was played
	 * @param score what came of it
	 */
	public void add(Scenario scenario, Score score) {
		this.lines.add(new Line(scenario, score));
	}

	/**
	 * The report as a table of equally wide columns.
	 * @return lines of text
	 */
	public String asText() {
		List<List<String>> rows = new ArrayList<>();
		rows.add(COLUMNS.stream().map(Column::title).toList());
		this.lines.forEach((line) -> rows.add(COLUMNS.stream().map((column) -> column.cell().apply(line)).toList()));
		StringBuilder text = new StringBuilder();
		for (List<String> row : rows) {
			for (int i = 0; i < row.size(); i++) {
				int column = i;
				int width = rows.stream().mapToInt((other) -> other.get(column).length()).max().orElse(0);
				text.append((i == 0) ? row.get(i) : "  ");
				text.append(" ".repeat(width - row.get(i).length()));
				text.append((i == 0) ? "" : row.get(i));
			}
			text.append('\n');
		}
		this.lines.forEach((line) -> line.score()
			.measured()
			.forEach((measured) -> text.append(line.scenario().name()).append(": ").append(measured).append('\n')));
		return text.toString();
	}

	/**
	 * The report as the page of the documentation.
	 * @return Markdown
	 */
	public String asMarkdown() {
		StringBuilder text = new StringBuilder(head());
		text.append(row(COLUMNS.stream().map(Column::title).toList()));
		text.append(row(COLUMNS.stream().map((column) -> column.equals(COLUMNS.getFirst()) ? "---" : "--:").toList()));
		for (Line line : this.lines) {
			text.append(row(COLUMNS.stream().map((column) -> column.cell().apply(line)).toList()));
		}
		text.append("\n## What happens in them\n\n| scenario | | measured besides |\n| --- | --- | --- |\n");
		this.lines.forEach((line) -> text.append(row(
				List.of(line.scenario().name(), line.scenario().what(), String.join("; ", line.score().measured())))));
		return text.toString();
	}

	private String head() {
		return """
				# Faults

				What Fanfare loses when things fail: nothing without a word. Written by the fault suite, `push-faults`, from a run of

				    ./mvnw verify -P%s -pl push-faults -am -Dfanfare.faults.report=docs/faults.md

				Real processes, from the jars and the nginx configuration that are shipped: Redis 7, two nodes, the API, nginx. \
				26 users listen through nginx to their own channel, two topics and all; some lose their network every second or so, some \
				open one page after another. Six backends publish all the time, one by one and in batches, and repeat what was not \
				answered by 200 with the same idempotency key. %s more users listen whose right is revoked, of one after the other, \
				and whose clients try to return all the time, under any client id. Where a scenario says so there are thousands more, each with topics of its own, on one node directly. \
				Then something fails for %s s or longer (lease %s s, heartbeat \
				%s s), and what pages heard is held against what the API accepted.

				One scenario alone: `./mvnw verify -Pfaults -pl push-faults -am -Dfanfare.faults.scenario=redis-killed`. \
				With `-Pfaults,long` faults last 20 s and settings are those that are shipped; the short form, with shorter times, is part of `./mvnw verify`.

				- **lost**: accepted, not heard by a page that should have, and not within an announced gap.
				- **unannounced**: of these, passed over by a stream that was open all along.
				- **doubled**, **reordered**: within one stream or across a page's streams.
				- **gaps**, **false gaps**: announced; of these, where nothing was missing, unless Redis had lost data.
				- **silence**: longest time without a message for any page, the fault included.
				- **back after**: from the end of the fault until the last page had heard something published since.
				- **two streams**: longest time for which a stream heard messages after a newer one of its user had begun.
				- **revoked**: longest time for which a stream heard messages after the revocation of its user was answered by 200. \
				It must be below 1 s; where not all nodes answered or something is wrong with their links to Redis, below a lease and 1 s. \
				Where Redis loses data nothing is promised.
				- **refused**, **refusal**: publishes not answered by 200, and the longest wait for such an answer.
				- **streams ended**: of the 18 users who only listen.
				- **revived**: streams that clients got which had been told to stop, or whose user was revoked, and tried again all the same. \
				Where Redis loses data, a revoked user may have one until the API has written the revocation back; at the end none has.

				"""
			.formatted(this.timing.equals(Timing.SHORT) ? "faults" : "faults,long", Outcasts.USERS,
					this.timing.outage().toSeconds(), this.timing.lease().toSeconds(),
					this.timing.heartbeat().toSeconds());
	}

	private static String row(List<String> cells) {
		return cells.stream().collect(Collectors.joining(" | ", "| ", " |\n"));
	}

	private static String number(long value) {
		return Long.toString(value);
	}

	private static String seconds(@Nullable Duration duration) {
		return (duration == null) ? "" : String.format(Locale.ROOT, "%.1f", duration.toMillis() / 1000.0);
	}

}
