package io.fanfare.api.settings;

import java.util.Locale;

/** A setting with which the API cannot start. */
@SuppressWarnings("serial")
public final class InvalidSettingException extends RuntimeException {

	/**
	 * Refuses a setting.
	 * @param property its name
	 * @param reason what is wrong; never the value of a secret
	 */
	public InvalidSettingException(String property, String reason) {
		super(property + " (" + environment(property) + ") " + reason);
	}

	/**
	 * The environment variable of a setting.
	 * @param property the setting's name
	 * @return the variable's
	 */
	static String environment(String property) {
		return property.replace('.', '_').replace("-", "").replaceAll("\\[.*", "").toUpperCase(Locale.ROOT);
	}

}
