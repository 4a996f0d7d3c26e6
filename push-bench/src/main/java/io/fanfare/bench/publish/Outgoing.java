package io.fanfare.bench.publish;

import java.nio.charset.StandardCharsets;

/**
 * A message on its way out.
 *
 * @param kind whom it is for
 * @param number the topic's or user's number
 * @param data what it carries
 */
public record Outgoing(Kind kind, int number, byte[] data) {

	/** Whom a message is for. */
	public enum Kind {

		/** Every stream. */
		ALL,

		/** Those who receive a topic. */
		TOPIC,

		/** One user. */
		USER

	}

	/**
	 * The data as text.
	 * @return the text
	 */
	public String text() {
		return new String(this.data, StandardCharsets.US_ASCII);
	}

}
