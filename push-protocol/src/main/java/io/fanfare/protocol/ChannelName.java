package io.fanfare.protocol;

/**
 * The name of a channel: {@code user:<id>} for what one user receives, {@code all} for what
 * everyone does, or a topic.
 *
 * @param value the name as it stands in keys and messages
 */
public record ChannelName(String value) {

	/** What every stream receives. */
	public static final ChannelName ALL = new ChannelName("all");

	/** Longest user id, in characters. */
	public static final int MAX_USER_LENGTH = 128;

	/** What a user id is, for people: "must have" or "A user id has" goes before it. */
	public static final String USER_RULE = "1 to " + MAX_USER_LENGTH + " characters and no controls";

	/** Longest topic, in characters. */
	public static final int MAX_TOPIC_LENGTH = 128;

	private static final String USER_PREFIX = "user:";

	/**
	 * Names the channel of one user.
	 * @param user the user's id
	 * @return the channel
	 * @throws IllegalArgumentException if that is no user id; the message says why
	 */
	public static ChannelName user(String user) {
		if (!isUser(user)) {
			throw new IllegalArgumentException("A user id has " + USER_RULE);
		}
		return new ChannelName(USER_PREFIX + user);
	}

	/**
	 * Names a topic.
	 * @param topic the topic
	 * @return the channel
	 * @throws IllegalArgumentException if that is no topic; the message says why
	 */
	public static ChannelName topic(String topic) {
		if (!isTopic(topic)) {
			throw new IllegalArgumentException("A topic has 1 to " + MAX_TOPIC_LENGTH
					+ " letters, digits or _ . : ~ - and begins with a letter or digit; 'all', 'user:' and 'push.' are taken");
		}
		return new ChannelName(topic);
	}

	/**
	 * Reads the name of any channel.
	 * @param name {@code user:<id>}, {@code all} or a topic
	 * @return the channel
	 * @throws IllegalArgumentException if that is no channel; the message says why
	 */
	public static ChannelName parse(String name) {
		if (name.startsWith(USER_PREFIX)) {
			return user(name.substring(USER_PREFIX.length()));
		}
		return name.equals(ALL.value) ? ALL : topic(name);
	}

	/**
	 * Tells whether a text may be a user id: 1 to 128 characters, no controls, no lone
	 * surrogates.
	 * @param user the text
	 * @return whether it is one
	 */
	public static boolean isUser(String user) {
		if (user.isEmpty() || user.length() > MAX_USER_LENGTH) {
			return false;
		}
		int i = 0;
		while (i < user.length()) {
			int c = user.codePointAt(i);
			if (Character.isISOControl(c) || c == 0x2028 || c == 0x2029 || c >= 0xD800 && c <= 0xDFFF) {
				return false;
			}
			i += Character.charCount(c);
		}
		return true;
	}

	/**
	 * Tells whether a text may be a topic.
	 * @param topic the text
	 * @return whether it is one
	 */
	public static boolean isTopic(String topic) {
		if (topic.isEmpty() || topic.length() > MAX_TOPIC_LENGTH || !isAlphanumeric(topic.charAt(0))) {
			return false;
		}
		for (int i = 1; i < topic.length(); i++) {
			char c = topic.charAt(i);
			if (!isAlphanumeric(c) && "_.:~-".indexOf(c) < 0) {
				return false;
			}
		}
		return !topic.equals(ALL.value) && !topic.startsWith(USER_PREFIX) && !topic.startsWith("push.");
	}

	private static boolean isAlphanumeric(char c) {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
	}

	/**
	 * Tells whether this is the channel of one user.
	 * @return whether it is
	 */
	public boolean isUser() {
		return this.value.startsWith(USER_PREFIX);
	}

	/**
	 * The user whose channel this is.
	 * @return the user's id
	 * @throws IllegalStateException if this is no user's channel
	 */
	public String userId() {
		if (!isUser()) {
			throw new IllegalStateException(this.value + " is not the channel of a user");
		}
		return this.value.substring(USER_PREFIX.length());
	}

	@Override
	public String toString() {
		return this.value;
	}

}
