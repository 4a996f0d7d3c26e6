package io.fanfare.protocol;

/** The rules for the {@code event} of a published message. */
public final class EventName {

	/** What a message without a name of its own is dispatched as; it does not travel. */
	public static final String DEFAULT = "message";

	/** Longest name, in characters. */
	public static final int MAX_LENGTH = 64;

	private EventName() {
	}

	/**
	 * Tells whether a publisher may use this name: 1 to 64 printable ASCII characters
	 * without space. {@code open} and {@code error} would reach the page's connection
	 * handlers, {@code push.*} belongs to the platform.
	 * @param name the name
	 * @return whether it may be used
	 */
	public static boolean isValid(String name) {
		if (name.isEmpty() || name.length() > MAX_LENGTH) {
			return false;
		}
		for (int i = 0; i < name.length(); i++) {
			char c = name.charAt(i);
			if (c <= ' ' || c > '~') {
				return false;
			}
		}
		return !name.equals("open") && !name.equals("error") && !name.startsWith("push.");
	}

}
