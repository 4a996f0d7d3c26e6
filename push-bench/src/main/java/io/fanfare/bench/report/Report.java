package io.fanfare.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import tools.jackson.databind.json.JsonMapper;

/** Writes a run down. */
public final class Report {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final Map<String, String> TITLES = new LinkedHashMap<>();

	static {
		TITLES.put("broadcast", "Broadcasts to all streams");
		TITLES.put("busy", "A new stream and a user's message while broadcasts run");
		TITLES.put("growth", "Memory of idle streams, and how costs grow");
		TITLES.put("opens", "Opening streams");
		TITLES.put("publish", "Publishing to users through the HTTP API");
		TITLES.put("topics", "Many topics");
		TITLES.put("cluster", "Many streams over six nodes");
		TITLES.put("stalled", "Readers that stop");
	}

	private Report() {
	}

	/**
	 * Writes {@code run.json}, {@code run.txt} and {@code run.svg}.
	 * @param run the run
	 * @param folder where
	 * @throws IOException if that fails
	 */
	public static void write(Run run, Path folder) throws IOException {
		Files.createDirectories(folder);
		Files.writeString(folder.resolve("run.json"),
				JSON.writerWithDefaultPrettyPrinter().writeValueAsString(run) + "\n");
		Files.writeString(folder.resolve("run.txt"), text(run));
		Files.writeString(folder.resolve("run.svg"), Picture.of(run));
	}

	/**
	 * Puts runs together, later ones over earlier ones of the same point.
	 * @param files their {@code run.json}
	 * @return one run
	 * @throws IOException if one cannot be read
	 */
	public static Run read(List<Path> files) throws IOException {
		Run sum = new Run("", "", "", List.of(), List.of());
		for (Path file : files) {
			Run next = JSON.readValue(Files.readString(file), Run.class);
			List<Row> rows = new ArrayList<>(sum.rows());
			rows.addAll(next.rows());
			Set<String> missing = new LinkedHashSet<>(sum.missing());
			missing.addAll(next.missing());
			sum = new Run(next.at(), next.machine(), (sum.command() + "\n" + next.command()).trim(),
					List.copyOf(missing), rows);
		}
		return sum;
	}

	/**
	 * The run as a page.
	 * @param run the run
	 * @param picture where the picture is, from the page
	 * @return Markdown
	 */
	public static String page(Run run, String picture) {
		StringBuilder page = new StringBuilder("# Performance\n\nWritten by `push-bench/run report` from a run of "
				+ run.at() + ", " + run.machine()
				+ ". Client, servers and Redis shared the processors, so ratios within the run say more than its times."
				+ " Times count from when a message was due. How it is measured: [push-bench](../push-bench/README.md).\n");
		run.missing().forEach((line) -> page.append("\nNot measured: ").append(line).append('\n'));
		page.append("\n![CPU a delivered event and latency](").append(picture).append(")\n");
		TITLES.forEach((measure, title) -> {
			List<Row> rows = run.rows().stream().filter((row) -> row.measure().equals(measure)).toList();
			if (!rows.isEmpty()) {
				page.append("\n## ").append(title).append("\n\n");
				table(rows, page);
			}
		});
		page.append("\n## Commands\n\n");
		run.command().lines().forEach((line) -> page.append("    push-bench/run ").append(line).append('\n'));
		return page.toString();
	}

	/**
	 * The run as a picture.
	 * @param run the run
	 * @return SVG
	 */
	public static String picture(Run run) {
		return Picture.of(run);
	}

	private static Set<String> columns(List<Row> rows) {
		Set<String> columns = new LinkedHashSet<>();
		rows.forEach((row) -> columns.addAll(row.values().keySet()));
		return columns;
	}

	private static void table(List<Row> rows, StringBuilder page) {
		Set<String> columns = columns(rows);
		boolean notes = rows.stream().anyMatch((row) -> !row.note().isEmpty());
		page.append("| system | streams | |");
		columns.forEach((column) -> page.append(' ').append(column).append(" |"));
		page.append(notes ? " remarks |\n" : "\n");
		page.append("|---|---:|---|").append("---:|".repeat(columns.size())).append(notes ? "---|\n" : "\n");
		for (Row row : rows) {
			page.append("| ")
				.append(row.system())
				.append(" | ")
				.append(row.streams())
				.append(" | ")
				.append(row.point());
			page.append(" |");
			columns.forEach((column) -> page.append(' ').append(number(row.value(column))).append(" |"));
			page.append(notes ? " " + row.note().replace("|", "/") + " |\n" : "\n");
		}
	}

	/**
	 * The run as text.
	 * @param run the run
	 * @return the text
	 */
	public static String text(Run run) {
		StringBuilder text = new StringBuilder(run.at() + "  " + run.machine() + "\n" + run.command() + "\n");
		run.missing().forEach((line) -> text.append("not measured: ").append(line).append('\n'));
		run.rows().forEach((row) -> text.append(line(row)).append('\n'));
		return text.toString();
	}

	/**
	 * One point as a line.
	 * @param row the point
	 * @return the line
	 */
	public static String line(Row row) {
		StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-10s %-11s %6d %-12s", row.measure(),
				row.system(), row.streams(), row.point()));
		row.values().forEach((name, value) -> line.append(' ').append(name).append('=').append(number(value)));
		return line.append(row.note().isEmpty() ? "" : "  (" + row.note() + ")").toString();
	}

	static String number(double value) {
		if (Double.isNaN(value)) {
			return "";
		}
		if (value == Math.rint(value) || Math.abs(value) >= 1000) {
			return String.format(Locale.ROOT, "%.0f", value);
		}
		return String.format(Locale.ROOT, (Math.abs(value) < 10) ? "%.2f" : "%.1f", value);
	}

}
