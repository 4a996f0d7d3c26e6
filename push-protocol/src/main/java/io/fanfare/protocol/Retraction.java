package io.fanfare.protocol;

import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * What clients are given when messages were erased: a message of the platform in the
 * channel of what it retracts. Its data is {@code {"channel":…,"id":…}}, or
 * {@code {"channel":…,"upTo":…}} where everything up to an id was erased.
 *
 * @param channel the channel
 * @param id the id of the message, or the last of all messages that were erased
 * @param all whether everything up to that id was erased
 */
public record Retraction(ChannelName channel, long id, boolean all) {

	/** The event's name. No publisher may use it. */
	public static final String EVENT = "push.retracted";

	private static final String ONE = ",\"id\":\"";

	private static final String ALL = ",\"upTo\":\"";

	private static final String END = "\"}";

	/**
	 * Returns whether a message was erased.
	 * @param of the message's channel
	 * @param message its id
	 * @return whether it was
	 */
	public boolean covers(ChannelName of, long message) {
		return (this.all ? message <= this.id : message == this.id) && this.channel.equals(of);
	}

	/**
	 * Writes the data.
	 * @return JSON
	 */
	public String data() {
		return head(this.channel, this.all) + MessageId.format(this.id) + END;
	}

	/**
	 * Writes the data up to the id, which a script gives that erases everything.
	 * @param channel the channel
	 * @return the beginning of the JSON
	 */
	public static String dataUpToId(ChannelName channel) {
		return head(channel, true);
	}

	private static String head(ChannelName channel, boolean all) {
		StringBuilder json = new StringBuilder("{\"channel\":\"");
		JsonStringEncoder.getInstance().quoteAsString(channel.value(), json);
		return json.append('"').append(all ? ALL : ONE).toString();
	}

	/**
	 * Reads what a message retracts.
	 * @param channel its channel
	 * @param envelope the message
	 * @return what it retracts; null where it is another message, or says nothing that
	 * this version can read
	 */
	public static @Nullable Retraction of(ChannelName channel, Envelope envelope) {
		if (!envelope.event().equals(EVENT)) {
			return null;
		}
		String data = new String(envelope.data(), StandardCharsets.UTF_8);
		if (!data.endsWith(END)) {
			return null;
		}
		int end = data.length() - END.length();
		int begin = data.lastIndexOf('"', end - 1) + 1;
		String head = data.substring(0, begin);
		Long id = MessageId.tryParse(data.substring(begin, end));
		return (id != null && (head.endsWith(ONE) || head.endsWith(ALL)))
				? new Retraction(channel, id, head.endsWith(ALL)) : null;
	}

}
