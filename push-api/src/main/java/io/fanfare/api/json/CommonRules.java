package io.fanfare.api.json;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.NameRule;
import io.fanfare.protocol.Tier;

/** Rules of what several features read. */
public final class CommonRules {

	/** The tiers, as they are written. */
	public static final List<String> TIERS = Stream.of(Tier.values()).map(Tier::wireName).toList();

	/** The longest text for people. */
	public static final int MAX_LINE = 256;

	private static final NameRule LINE = new NameRule("[^\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029]", MAX_LINE);

	private static final Description USER_ID = Description
		.of("UserId",
				"A user's id, without control characters and line separators; at most " + ChannelName.MAX_USER_LENGTH
						+ " UTF-16 code units.")
		.example("alice");

	private static final Description TOPIC_NAME = Description
		.of("TopicName", "A topic. Not all, and not beginning with user: or push.")
		.example("news");

	private static final Description TIER = Description.of("Tier",
			"How much a stream counts where there is not room for all.");

	private CommonRules() {
	}

	/**
	 * A user's id.
	 * @param refusal what is said of any other text
	 * @return the rule
	 */
	public static Rule.Text userId(String refusal) {
		return new Rule.Text(USER_ID, ChannelName.USER, refusal);
	}

	/**
	 * A topic.
	 * @param refusal what is said of any other text
	 * @return the rule
	 */
	public static Rule.Text topic(String refusal) {
		return new Rule.Text(TOPIC_NAME, ChannelName.TOPIC, refusal);
	}

	/**
	 * A line of text for people.
	 * @param about what it is
	 * @return the rule
	 */
	public static Rule.Text line(String about) {
		return new Rule.Text(Description.inside(about + " At most " + MAX_LINE + " characters, no controls."), LINE,
				"must have 1 to " + MAX_LINE + " characters and no controls");
	}

	/**
	 * A tier.
	 * @return the rule
	 */
	public static Rule.Choice tier() {
		return new Rule.Choice(TIER, TIERS, "must be " + Tier.RULE);
	}

	/**
	 * A time span in words, as a description has it.
	 * @param span a span of whole milliseconds
	 * @return an hour, so many hours, minutes, seconds or ms
	 */
	public static String words(Duration span) {
		long ms = span.toMillis();
		if (ms % 3_600_000 == 0) {
			return count(ms / 3_600_000, "hour");
		}
		if (ms % 60_000 == 0) {
			return count(ms / 60_000, "minute");
		}
		return (ms % 1_000 == 0) ? count(ms / 1_000, "second") : ms + " ms";
	}

	private static String count(long number, String unit) {
		return (number == 1) ? (unit.equals("hour") ? "an " : "1 ") + unit : number + " " + unit + "s";
	}

}
