package io.fanfare.bench.report;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A run as Markdown. What people have to say about it stands in a file of remarks: what
 * comes before its first heading goes to the top, what stands below
 * <code>## growth</code> below that measure's table, what stands below
 * <code>## targets</code> below the targets.
 */
final class Page {

	private static final Map<String, String> TITLES = new LinkedHashMap<>();

	static {
		TITLES.put("broadcast", "Broadcasts to all streams");
		TITLES.put("busy", "The highest rate for long, with new streams and users' messages beside it");
		TITLES.put("growth", "Memory of idle streams, and how costs grow");
		TITLES.put("opens", "Opening streams");
		TITLES.put("publish", "Publishing to users through the HTTP API");
		TITLES.put("topics", "Many topics");
		TITLES.put("stalled", "Readers that stop");
		TITLES.put("edge", "What nginx costs");
		TITLES.put("gzip", "4 KiB of JSON, compressed");
		TITLES.put("cluster", "Many streams over six nodes");
	}

	private final Run run;

	private final Map<String, String> remarks = new LinkedHashMap<>();

	private final StringBuilder page = new StringBuilder();

	Page(Run run, String remarks) {
		this.run = run;
		String section = "";
		for (String line : remarks.lines().toList()) {
			if (line.startsWith("## ")) {
				section = line.substring(3).trim();
				if (!TITLES.containsKey(section) && !section.equals("targets")) {
					throw new IllegalArgumentException("Remarks on no measure: " + section);
				}
			}
			else {
				this.remarks.merge(section, line, (before, next) -> before + "\n" + next);
			}
		}
	}

	String write(String picture) {
		this.page.append(
				"# Performance\n\nWritten by `push-bench/run report`. Client, servers and Redis shared the processors, so")
			.append(" ratios say more than times. Times count from when a message was due.")
			.append(" How it is measured: [push-bench](../push-bench/README.md).\n");
		remark("");
		this.run.missing().forEach((line) -> this.page.append("\nNot measured: ").append(line).append(".\n"));
		this.page.append("\n![CPU, deliveries, latency, memory of all systems](").append(picture).append(")\n");
		targets();
		TITLES.forEach((measure, title) -> {
			List<Row> rows = this.run.rows().stream().filter((row) -> row.measure().equals(measure)).toList();
			if (!rows.isEmpty()) {
				this.page.append("\n## ").append(title).append("\n\n");
				table(rows);
				if (measure.equals("broadcast")) {
					ratios();
				}
				remark(measure);
			}
		});
		sessions();
		return this.page.toString();
	}

	private void remark(String section) {
		String text = this.remarks.getOrDefault(section, "").strip();
		if (!text.isEmpty()) {
			this.page.append('\n').append(text).append('\n');
		}
	}

	private void targets() {
		this.page.append("\n## Targets\n\n| target | limit | measured | |\n|---|---:|---:|---|\n");
		for (Targets.Target target : Targets.of(this.run)) {
			this.page.append("| ")
				.append(target.what())
				.append(" | ")
				.append(target.most() ? "≤ " : "≥ ")
				.append(Report.number(target.limit()))
				.append(" | ")
				.append(Report.number(target.value()))
				.append(" | ")
				.append(target.verdict())
				.append(" |\n");
		}
		remark("targets");
	}

	private void ratios() {
		Set<String> points = new LinkedHashSet<>();
		Set<String> systems = new LinkedHashSet<>();
		this.run.of("broadcast").forEach((row) -> {
			points.add(row.point());
			systems.add(row.system());
		});
		this.page.append("\nIn multiples of Fanfare's at the same rate:\n\n| |");
		points.forEach((point) -> this.page.append(" CPU an event, ").append(point).append(" |"));
		points.forEach((point) -> this.page.append(" delivered, ").append(point).append(" |"));
		this.page.append("\n|---|").append("---:|".repeat(2 * points.size())).append('\n');
		for (String system : systems) {
			this.page.append("| ").append(system).append(" |");
			for (String name : List.of("us/event", "delivered/s")) {
				for (String point : points) {
					double ratio = this.run.value("broadcast", system, point, name)
							/ this.run.value("broadcast", "fanfare", point, name);
					this.page.append(' ').append(Report.number(ratio)).append(" |");
				}
			}
			this.page.append('\n');
		}
	}

	private void sessions() {
		this.page.append("\n## Machine, versions, commands\n");
		boolean several = this.run.sessions().size() > 1;
		if (several) {
			this.page.append(
					"\nNot all rows come from one run: the last column of a table says which, where they differ.\n");
		}
		for (Run.Session session : this.run.sessions()) {
			this.page.append(several ? "\nRun " + mark(session.at()) + ", " : "\nRun of ")
				.append(session.at())
				.append(", Fanfare ")
				.append(session.revision())
				.append(", ")
				.append(session.machine())
				.append(":\n\n    push-bench/run ")
				.append(session.command())
				.append("\n\n");
			session.versions().forEach((line) -> this.page.append("- ").append(line).append('\n'));
		}
	}

	/** Sessions are lettered, where there are several. */
	private String mark(String session) {
		List<String> names = this.run.sessions().stream().map(Run.Session::at).toList();
		return (names.size() > 1) ? String.valueOf((char) ('A' + names.indexOf(session))) : "";
	}

	private void table(List<Row> rows) {
		Set<String> columns = new LinkedHashSet<>();
		rows.forEach((row) -> columns.addAll(row.values().keySet()));
		boolean notes = rows.stream().anyMatch((row) -> !row.note().isEmpty());
		boolean runs = rows.stream().map(Row::run).distinct().count() > 1;
		this.page.append("| system | streams | |");
		columns.forEach((column) -> this.page.append(' ').append(column).append(" |"));
		this.page.append(notes ? " remarks |" : "").append(runs ? " run |\n" : "\n");
		this.page.append("|---|---:|---|")
			.append("---:|".repeat(columns.size()))
			.append(notes ? "---|" : "")
			.append(runs ? "---|\n" : "\n");
		for (Row row : rows) {
			this.page.append("| ")
				.append(row.system())
				.append(" | ")
				.append(row.streams())
				.append(" | ")
				.append(row.point())
				.append(" |");
			columns.forEach((column) -> this.page.append(' ').append(Report.number(row.value(column))).append(" |"));
			this.page.append(notes ? " " + row.note().replace("|", "/") + " |" : "")
				.append(runs ? " " + mark(row.run()) + " |\n" : "\n");
		}
	}

}
