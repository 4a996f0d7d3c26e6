package io.fanfare.protocol.settings;

import java.util.Locale;

/** A setting with which a process cannot start. Its message is one line. */
@SuppressWarnings("serial")
public final class InvalidSettingException extends IllegalArgumentException {

	/**
	 * Refuses a setting.
	 * @param property its name
	 * @param reason what is wrong; never the value of a secret
	 */
	public InvalidSettingException(String property, String reason) {
		super(named(property) + " " + reason);
	}

	/**
	 * Refuses what is no setting.
	 * @param line what is wrong, with all names
	 */
	InvalidSettingException(String line) {
		super(line);
	}

	/**
	 * Names a setting by its property and its environment variable.
	 * @param property the setting's name
	 * @return both names
	 */
	public static String named(String property) {
		return property + " (" + variable(property) + ")";
	}

	/**
	 * The environment variable of a setting.
	 * @param property the setting's name
	 * @return the variable's
	 */
	public static String variable(String property) {
		return property.replaceAll("\\[(\\d++)]\\.", ".$1.")
			.replaceAll("\\[.*+", "")
			.replace('.', '_')
			.replace("-", "")
			.toUpperCase(Locale.ROOT);
	}

	/**
	 * Refuses a setting unless a condition holds.
	 * @param fits the condition
	 * @param property the setting's name
	 * @param reason what is wrong where it does not hold
	 */
	public static void require(boolean fits, String property, String reason) {
		if (!fits) {
			throw new InvalidSettingException(property, reason);
		}
	}

}
