package io.fanfare.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * Draws bars: CPU a delivered event, latency and what was delivered, by rate and system.
 */
final class Picture {

	private static final int WIDTH = 900;

	private static final int LABEL = 150;

	private static final int BAR = 14;

	private static final String[] COLORS = { "#7a7a7a", "#d1495b", "#00798c", "#edae49", "#66a182", "#8d6a9f",
			"#2e4057" };

	private final StringBuilder svg = new StringBuilder();

	private int y = 40;

	/** A system has one colour in all charts. */
	private final List<String> systems;

	private Picture(Run run) {
		this.systems = run.rows().stream().map(Row::system).distinct().toList();
	}

	static String of(Run run) {
		Picture picture = new Picture(run);
		List<Row> rows = run.of("broadcast");
		picture.chart(rows, Row::point, "CPU a delivered event, us (all processes of the system)",
				(row) -> row.value("us/event"), false);
		picture.chart(rows, Row::point, "Delivered a second, thousands, by what was offered",
				(row) -> row.value("delivered/s") / 1000, false);
		picture.chart(rows, Row::point, "Latency from when a message was due: p99, ms (logarithmic)",
				(row) -> row.value("p99 ms"), true);
		picture.chart(run.of("growth"), (row) -> row.streams() + " streams", "Process memory an idle stream, KiB",
				(row) -> row.value("KiB/stream"), false);
		return """
				<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
				<rect width="100%%" height="100%%" fill="#fff"/>
				<text x="10" y="20" font-size="14">%s</text>
				%s</svg>
				""".formatted(WIDTH, picture.y,
				escape(run.sessions().getLast().at() + ", " + run.sessions().getLast().machine()), picture.svg);
	}

	private void chart(List<Row> rows, Function<Row, String> label, String title, ToDoubleFunction<Row> value,
			boolean logarithmic) {
		List<Row> drawn = rows.stream().filter((row) -> Double.isFinite(value.applyAsDouble(row))).toList();
		if (drawn.isEmpty()) {
			return;
		}
		ToDoubleFunction<Row> length = (row) -> logarithmic ? Math.log1p(Math.max(0, value.applyAsDouble(row)))
				: Math.max(0, value.applyAsDouble(row));
		double most = Math.max(1e-9, drawn.stream().mapToDouble(length).max().orElse(1));
		List<String> points = drawn.stream().map(label).distinct().toList();
		this.y += 16;
		text(10, title, "font-weight=\"bold\"");
		this.y += 8;
		for (String point : points) {
			this.y += 14;
			text(10, point, "");
			this.y -= BAR;
			for (Row row : drawn) {
				if (label.apply(row).equals(point)) {
					bar(row, value.applyAsDouble(row), length.applyAsDouble(row) / most,
							this.systems.indexOf(row.system()));
				}
			}
			this.y += 8;
		}
	}

	private void bar(Row row, double value, double share, int color) {
		this.y += BAR;
		double width = Math.max(1, (WIDTH - LABEL - 160) * share);
		this.svg
			.append(String.format(Locale.ROOT, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>%n",
					LABEL, this.y - BAR + 4, width, BAR - 2, COLORS[color % COLORS.length]));
		this.svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\">%s  %s</text>%n", LABEL + width + 6,
				this.y + 1, escape(row.system()), Report.number(value)));
	}

	private void text(int x, String text, String attributes) {
		this.svg.append("<text x=\"%d\" y=\"%d\" %s>%s</text>%n".formatted(x, this.y, attributes, escape(text)));
	}

	private static String escape(String text) {
		return text.replace("&", "&amp;").replace("<", "&lt;");
	}

}
