package io.fanfare.protocol;

import java.util.List;

/**
 * The name of a channel: {@code user:<id>} for what one user receives, {@code all} for
 * what everyone does, or a topic.
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

	/** What a topic is, for people. */
	public static final String TOPIC_RULE = "A topic has 1 to " + MAX_TOPIC_LENGTH
			+ " letters, digits or _ . : ~ - and begins with a letter or digit; 'all', 'user:' and 'push.' are taken";

	private static final String USER_PREFIX = "user:";

	/** What a user id may be: no control characters, no line separators. */
	public static final NameRule USER = new NameRule("[^\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029]",
			MAX_USER_LENGTH);

	/** What a topic may be. */
	public static final NameRule TOPIC = topics(MAX_TOPIC_LENGTH, List.of(ALL.value));

	/** What {@link #parse} reads, as a regular expression. */
	public static final String PATTERN = "^(" + USER_PREFIX + USER.expression() + "|"
			+ topics(MAX_TOPIC_LENGTH, List.of()).expression() + ")$";

	/** The longest name of any channel, in characters. */
	public static final int MAX_LENGTH = Math.max(USER_PREFIX.length() + MAX_USER_LENGTH, MAX_TOPIC_LENGTH);

	/** Topics of some length, but for those that are reserved. */
	static NameRule topics(int maxLength, List<String> reserved) {
		return new NameRule("[A-Za-z0-9]", "[A-Za-z0-9_.:~-]", maxLength, reserved, List.of(USER_PREFIX, "push."));
	}

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
			throw new IllegalArgumentException(TOPIC_RULE);
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
	 * Returns whether a text is the name of any channel.
	 * @param name the text
	 * @return whether {@link #parse} reads it
	 */
	public static boolean isValid(String name) {
		return name.startsWith(USER_PREFIX) ? isUser(name.substring(USER_PREFIX.length()))
				: name.equals(ALL.value) || isTopic(name);
	}

	/**
	 * Returns whether a text may be a user id: 1 to 128 characters, no controls, no lone
	 * surrogates.
	 * @param user the text
	 * @return whether it is one
	 */
	public static boolean isUser(String user) {
		return USER.matches(user);
	}

	/**
	 * Returns whether a text may be a topic.
	 * @param topic the text
	 * @return whether it is one
	 */
	public static boolean isTopic(String topic) {
		return TOPIC.matches(topic);
	}

	/**
	 * Returns whether this is the channel of one user.
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
