package io.fanfare.test.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The rows of {@code docs/reference/settings.md}, to be compared with what a process has.
 */
public final class SettingsPage {

	private static final int COLUMNS = 7;

	private final Map<String, Row> rows = new LinkedHashMap<>();

	private SettingsPage() {
	}

	/**
	 * What the page says of a setting.
	 *
	 * @param variable its environment variable
	 * @param processes the processes that have it
	 * @param type its type
	 * @param defaultValue its default
	 */
	private record Row(String variable, List<String> processes, String type, String defaultValue) {

	}

	/**
	 * What a process has.
	 *
	 * @param type the Java type
	 * @param defaultValue the default, empty where there is none
	 */
	public record Setting(String type, String defaultValue) {

		String word() {
			if (this.type.startsWith("java.util.List")) {
				return "list";
			}
			return switch (this.type) {
				case "java.time.Duration" -> "duration";
				case "org.springframework.util.unit.DataSize" -> "size";
				case "java.lang.Integer", "java.lang.Long", "java.lang.Double" -> "number";
				case "java.lang.Boolean" -> "true or false";
				case "java.lang.String" -> "text";
				case "java.io.File" -> "file";
				case "io.fanfare.node.memory.HeapShare" -> "share or size";
				default -> "choice";
			};
		}

	}

	/**
	 * Reads the page.
	 * @return the page
	 */
	public static SettingsPage read() {
		SettingsPage page = new SettingsPage();
		try {
			for (String line : Files.readAllLines(Path.of("..", "docs", "reference", "settings.md"))) {
				List<String> cells = Arrays.stream(line.split("\\|", -1)).map(String::strip).toList();
				if (line.startsWith("| `fanfare.") && cells.size() == COLUMNS + 2) {
					page.rows.put(plain(cells.get(1)), new Row(plain(cells.get(2)), List.of(cells.get(3).split(", ")),
							cells.get(4), plain(cells.get(5))));
				}
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return page;
	}

	/**
	 * The settings of a process.
	 * @param process {@code node} or {@code API}
	 * @return their names
	 */
	public Set<String> names(String process) {
		return this.rows.entrySet()
			.stream()
			.filter((row) -> row.getValue().processes().contains(process))
			.map(Map.Entry::getKey)
			.collect(Collectors.toCollection(TreeSet::new));
	}

	/**
	 * Compares the page with a process.
	 * @param process {@code node} or {@code API}
	 * @param settings what it has, by name
	 * @return what is to be done, a line for each difference
	 */
	public List<String> differences(String process, Map<String, Setting> settings) {
		List<String> differences = new ArrayList<>();
		settings.forEach((name, setting) -> {
			Row row = this.rows.get(name);
			String wanted = "| `" + name + "` | `" + variable(name) + "` | " + process + " | " + setting.word() + " | "
					+ (setting.defaultValue().isEmpty() ? "–" : setting.defaultValue())
					+ " | <bounds> | <meaning, and what it costs> |";
			if (row == null) {
				differences.add("docs/reference/settings.md lacks the row " + wanted);
			}
			else if (!row.variable().equals(variable(name)) || !row.processes().contains(process)
					|| !row.type().equals(setting.word()) || !hasDefault(row, process, setting)) {
				differences.add("docs/reference/settings.md has " + row + ", the row should be " + wanted);
			}
		});
		this.rows.forEach((name, row) -> {
			if (row.processes().contains(process) && !settings.containsKey(name)) {
				differences
					.add("docs/reference/settings.md names " + name + ", which the " + process + " does not have");
			}
		});
		return differences;
	}

	/** Where processes differ the page says {@code 9081 on nodes, 9080 on the API}. */
	private static boolean hasDefault(Row row, String process, Setting setting) {
		String said = row.defaultValue();
		String own = setting.defaultValue().isEmpty() ? "–" : setting.defaultValue();
		return said.equals(own) || said.contains(own + " on " + (process.equals("node") ? "nodes" : "the " + process));
	}

	private static String variable(String name) {
		return name.replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT);
	}

	private static String plain(String cell) {
		return cell.replace("`", "");
	}

}
