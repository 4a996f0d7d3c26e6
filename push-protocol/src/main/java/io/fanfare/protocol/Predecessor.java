package io.fanfare.protocol;

/**
 * What came before an entry in its channel.
 *
 * @param id the last id
 * @param durable the last id of a message that had no time to live of its own
 * @param expiresAt when the last of those that had one expires, in milliseconds since the
 * epoch
 */
public record Predecessor(long id, long durable, long expiresAt) {

	/**
	 * Reads what an entry, or the last state, says of a channel.
	 * @param value what it says
	 * @param otherwise the id to assume where that is no state of a channel: then
	 * something up to there may be missing
	 */
	public static Predecessor parse(String value, long otherwise) {
		try {
			return parse(value);
		}
		catch (IllegalArgumentException ex) {
			return new Predecessor(otherwise, otherwise, 0);
		}
	}

	/**
	 * Reads what an entry, or the last state, says of a channel.
	 * @param value what it says
	 * @throws IllegalArgumentException if that is no state of a channel
	 */
	public static Predecessor parse(String value) {
		int first = value.indexOf(' ');
		if (first < 0) {
			long id = MessageId.parse(value);
			return new Predecessor(id, id, 0);
		}
		int second = value.indexOf(' ', first + 1);
		if (second < 0) {
			throw new IllegalArgumentException("No state of a channel");
		}
		return new Predecessor(MessageId.parse(value.substring(0, first)),
				MessageId.parse(value.substring(first + 1, second)), Long.parseLong(value.substring(second + 1)));
	}

	/**
	 * Returns whether something that a client with this position was promised is gone. A
	 * message past its own time to live is no loss.
	 * @param position everything up to it was written
	 * @param now milliseconds since the epoch
	 * @return whether there is a hole, up to {@link #id()}
	 */
	public boolean isAbove(long position, long now) {
		return this.durable > position || this.id > position && this.expiresAt > now;
	}

}
