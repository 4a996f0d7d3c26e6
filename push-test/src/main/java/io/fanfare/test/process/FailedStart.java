package io.fanfare.test.process;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/** What a process writes that does not start because of a setting. */
public final class FailedStart {

	private static final String LINE = "start=failed ";

	private FailedStart() {
	}

	/**
	 * Settings in one line.
	 * @param text the settings, each {@code property=value}, separated by {@code " ; "}
	 * @return the values by their properties
	 */
	public static Map<String, String> settings(String text) {
		Map<String, String> settings = new LinkedHashMap<>();
		for (String setting : text.split(" ; ")) {
			String[] parts = setting.split("=", 2);
			settings.put(parts[0], parts[1]);
		}
		return settings;
	}

	/**
	 * Fails unless there is one line of an error, which names the wrong setting by its
	 * property and its environment variable, and no stack trace.
	 * @param output what was written
	 * @param property the setting; of an element of a list the list counts
	 */
	public static void assertNames(String output, String property) {
		String name = list(property);
		assertThat(output.lines().filter((line) -> line.contains("ERROR"))).singleElement()
			.asString()
			.contains(LINE + "A setting is wrong: " + name, "(" + SettingSource.variable(name));
		assertThat(output).doesNotContain("\tat ");
	}

	/**
	 * Fails unless there is one line of an error, in JSON, which names one of the
	 * settings, and no line has the secret.
	 * @param output what was written, in the format {@code ecs}
	 * @param settings the settings
	 * @param secret what no line may have
	 */
	public static void assertHides(String output, Map<String, String> settings, String secret) {
		List<String> lines = output.lines().toList();
		assertThat(lines).filteredOn((line) -> line.contains(secret)).isEmpty();
		assertThat(lines).filteredOn((line) -> line.contains("\"log\":{\"level\":\"ERROR\""))
			.as(output)
			.singleElement()
			.asString()
			.startsWith("{")
			.contains(LINE)
			.containsAnyOf(settings.keySet()
				.stream()
				.map(FailedStart::list)
				.flatMap((name) -> Stream.of(name, SettingSource.variable(name)))
				.toArray(String[]::new));
	}

	private static String list(String property) {
		return property.replaceFirst("\\[.*", "");
	}

}
