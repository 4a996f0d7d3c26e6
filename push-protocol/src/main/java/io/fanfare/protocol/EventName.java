package io.fanfare.protocol;

import java.util.List;

/** The rules for the {@code event} of a published message. */
public final class EventName {

	/** What a message without a name of its own is dispatched as; it does not travel. */
	public static final String DEFAULT = "message";

	/** Longest name, in characters. */
	public static final int MAX_LENGTH = 64;

	/**
	 * What a publisher may use: printable ASCII without space. {@code open} and
	 * {@code error} would reach the page's connection handlers, {@code push.*} belongs to
	 * the platform.
	 */
	public static final NameRule RULE = new NameRule("[!-~]", "[!-~]", MAX_LENGTH, List.of("open", "error"),
			List.of("push."));

	private EventName() {
	}

	/**
	 * Returns whether a publisher may use this name.
	 * @param name the name
	 * @return whether it may be used
	 */
	public static boolean isValid(String name) {
		return RULE.matches(name);
	}

}
