package io.fanfare.protocol;

import java.util.List;

/**
 * Which channels a right covers: one by its exact name, all that begin with a prefix
 * ({@code orders:*}, {@code user:*}), or every one ({@code *}).
 *
 * @param value the pattern
 */
public record ChannelPattern(String value) {

	private static final String EVERY = "*";

	private static final String PREFIX_END = ":*";

	/** The longest pattern of topics: a prefix of a topic's length, and the star. */
	public static final int MAX_TOPICS_LENGTH = ChannelName.MAX_TOPIC_LENGTH + 1;

	/** What {@link #isOfTopics} takes, as a regular expression. */
	public static final String TOPICS = "^(\\*|" + ChannelName.TOPIC.expression() + "|"
			+ ChannelName.topics(ChannelName.MAX_TOPIC_LENGTH - 1, List.of()).expression() + ":\\*)$";

	/**
	 * Checks the pattern.
	 * @throws IllegalArgumentException if it is none; the message says why
	 */
	public ChannelPattern {
		if (!isValid(value)) {
			throw new IllegalArgumentException("'" + value + "' is no channel, no prefix:* and not *");
		}
	}

	private static boolean isValid(String value) {
		if (value.equals(EVERY)) {
			return true;
		}
		try {
			ChannelName.parse(isPrefix(value) ? prefix(value) + "x" : value);
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

	/**
	 * Returns whether a text is a pattern of topics, as stream tokens have them: the
	 * channel of the user and that of everyone are subscribed to without.
	 * @param text the text
	 * @return whether it is one
	 */
	public static boolean isOfTopics(String text) {
		return text.equals(EVERY) || ChannelName.isTopic(text) || isPrefix(text) && ChannelName.isTopic(prefix(text));
	}

	/**
	 * Returns whether the pattern covers a channel.
	 * @param channel the channel
	 * @return whether it does
	 */
	public boolean covers(ChannelName channel) {
		return covers(this.value, channel);
	}

	/**
	 * Returns whether the pattern covers every channel that another pattern covers.
	 * @param other the other pattern
	 * @return whether it does
	 */
	public boolean covers(ChannelPattern other) {
		return this.value.equals(EVERY) || this.value.equals(other.value())
				|| isPrefix(this.value) && other.value().startsWith(prefix(this.value));
	}

	/**
	 * Returns whether a text covers a channel. A text that is no pattern covers none.
	 * @param text the text
	 * @param channel the channel
	 * @return whether it does
	 */
	public static boolean covers(String text, ChannelName channel) {
		return text.equals(EVERY) || text.equals(channel.value())
				|| isPrefix(text) && channel.value().startsWith(prefix(text));
	}

	private static boolean isPrefix(String text) {
		return text.endsWith(PREFIX_END);
	}

	private static String prefix(String text) {
		return text.substring(0, text.length() - 1);
	}

}
