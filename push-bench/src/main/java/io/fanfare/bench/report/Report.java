package io.fanfare.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

import tools.jackson.databind.json.JsonMapper;

/** Writes a run down, and reads it again. */
public final class Report {

	private static final JsonMapper JSON = JsonMapper.builder().build();

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
		json(run, folder.resolve("run.json"));
		Files.writeString(folder.resolve("run.txt"), text(run));
		Files.writeString(folder.resolve("run.svg"), Picture.of(run));
	}

	/**
	 * Writes what is published: the page, its picture, its figures.
	 * @param run the run
	 * @param remarks what people have to say, see {@link Page}
	 * @param folder where
	 * @throws IOException if that fails
	 */
	public static void publish(Run run, String remarks, Path folder) throws IOException {
		Files.writeString(folder.resolve("performance.md"), new Page(run, remarks).write("performance.svg"));
		Files.writeString(folder.resolve("performance.svg"), Picture.of(run));
		json(run, folder.resolve("performance.json"));
	}

	/** A run that is interrupted while it writes leaves what was there before. */
	private static void json(Run run, Path file) throws IOException {
		Path fresh = file.resolveSibling(file.getFileName() + ".new");
		Files.writeString(fresh, JSON.writerWithDefaultPrettyPrinter().writeValueAsString(run) + "\n");
		Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
	}

	/**
	 * Puts runs together, later ones over earlier ones of the same point.
	 * @param files their {@code run.json}
	 * @return one run
	 * @throws IOException if one cannot be read
	 */
	public static Run read(List<Path> files) throws IOException {
		Run sum = Run.EMPTY;
		for (Path file : files) {
			sum = sum.with(JSON.readValue(Files.readString(file), Run.class));
		}
		return sum;
	}

	/**
	 * The run as text.
	 * @param run the run
	 * @return the text
	 */
	public static String text(Run run) {
		StringBuilder text = new StringBuilder();
		run.sessions()
			.forEach((session) -> text.append(session.at())
				.append("  ")
				.append(session.machine())
				.append("  ")
				.append(session.command())
				.append('\n'));
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
