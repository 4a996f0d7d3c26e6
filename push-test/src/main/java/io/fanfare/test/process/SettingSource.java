package io.fanfare.test.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Where an operator sets something. */
public enum SettingSource {

	/** As arguments of the command. */
	ARGUMENT,
	/** As variables of the environment. */
	VARIABLE,
	/** In a file of YAML. */
	FILE;

	/**
	 * Settings as a process is started with them.
	 *
	 * @param arguments the arguments of the command
	 * @param variables what its environment has besides
	 */
	public record Start(List<String> arguments, Map<String, String> variables) {

	}

	/**
	 * Sets something here.
	 * @param settings the values by their properties
	 * @param directory where a file may be written
	 * @return how a process is started
	 */
	public Start start(Map<String, String> settings, Path directory) {
		return switch (this) {
			case ARGUMENT -> new Start(lines(settings, "--", "=", ""), Map.of());
			case VARIABLE -> new Start(List.of(),
					settings.entrySet()
						.stream()
						.collect(Collectors.toMap((setting) -> variable(setting.getKey()), Map.Entry::getValue)));
			case FILE -> new Start(List.of("--spring.config.additional-location=" + file(settings, directory).toUri()),
					Map.of());
		};
	}

	private static Path file(Map<String, String> settings, Path directory) {
		try {
			return Files.write(directory.resolve("settings.yml"), lines(settings, "\"", "\": '", "'"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static List<String> lines(Map<String, String> settings, String before, String between, String behind) {
		return settings.entrySet()
			.stream()
			.map((setting) -> before + setting.getKey() + between + setting.getValue() + behind)
			.toList();
	}

	/**
	 * The environment variable of a property.
	 * @param property the property
	 * @return the name of the variable
	 */
	public static String variable(String property) {
		return property.replaceAll("\\[(\\d+)]", ".$1").replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT);
	}

}
