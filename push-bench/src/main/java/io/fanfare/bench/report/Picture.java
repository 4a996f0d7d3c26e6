package io.fanfare.bench.report;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
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

	private Picture() {
	}

	static String of(Run run) {
		Picture picture = new Picture();
		List<Row> rows = run.of("broadcast");
		picture.chart(rows, "CPU a delivered event, us (servers only)", (row) -> row.value("us/event"));
		picture.chart(rows, "Delivered a second, thousands", (row) -> row.value("delivered/s") / 1000);
		picture.chart(rows, "Latency from when it was due: p99, ms", (row) -> row.value("p99 ms"));
		List<Row> memory = run.of("growth");
		picture.chart(memory, "Process memory an idle stream, KiB", (row) -> row.value("KiB/stream"));
		return """
				<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
				<rect width="100%%" height="100%%" fill="#fff"/>
				<text x="10" y="20" font-size="14">%s</text>
				%s</svg>
				""".formatted(WIDTH, picture.y,
				escape(run.sessions().getLast().at() + ", " + run.sessions().getLast().machine()), picture.svg);
	}

	private void chart(List<Row> rows, String title, ToDoubleFunction<Row> value) {
		List<Row> drawn = rows.stream().filter((row) -> Double.isFinite(value.applyAsDouble(row))).toList();
		if (drawn.isEmpty()) {
			return;
		}
		double most = drawn.stream().mapToDouble(value).max().orElse(1);
		Set<String> systems = new LinkedHashSet<>();
		Set<String> points = new LinkedHashSet<>();
		drawn.forEach((row) -> {
			systems.add(row.system());
			points.add(row.point());
		});
		this.y += 16;
		text(10, title, "font-weight=\"bold\"");
		this.y += 8;
		for (String point : points) {
			this.y += 14;
			text(10, point, "");
			this.y -= BAR;
			for (Row row : drawn) {
				if (row.point().equals(point)) {
					bar(row, value.applyAsDouble(row), most, List.copyOf(systems).indexOf(row.system()));
				}
			}
			this.y += 8;
		}
	}

	private void bar(Row row, double value, double most, int color) {
		this.y += BAR;
		double width = Math.max(1, (WIDTH - LABEL - 160) * value / Math.max(most, 1e-9));
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
