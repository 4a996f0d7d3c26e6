package io.fanfare.faults.traffic;

/**
 * What a page wrote down. Times are of {@link System#nanoTime()}; streams of a page are
 * numbered from 0; ids are those of {@link io.fanfare.protocol.MessageId}.
 */
public sealed interface Entry {

	/**
	 * When.
	 * @return the time
	 */
	long at();

	/**
	 * On which of its streams.
	 * @return the number
	 */
	int stream();

	/**
	 * A stream began.
	 *
	 * @param at when
	 * @param stream on which
	 * @param connection its connection id
	 * @param node the node that holds it
	 * @param from where it begins
	 */
	record Connected(long at, int stream, String connection, String node, long from) implements Entry {
	}

	/**
	 * A message of this scenario.
	 *
	 * @param at when
	 * @param stream on which
	 * @param id its id
	 * @param number its number among those that the scenario publishes
	 */
	record Heard(long at, int stream, long id, int number) implements Entry {
	}

	/**
	 * A gap was announced.
	 *
	 * @param at when
	 * @param stream on which
	 * @param channel of which channel
	 * @param from after which id
	 * @param to up to which
	 * @param reason why
	 */
	record Announced(long at, int stream, String channel, long from, long to, String reason) implements Entry {

		/**
		 * Whether a message may be missed because of this gap.
		 * @param channel the message's channel
		 * @param id its id
		 * @return whether it lies inside
		 */
		public boolean covers(String channel, long id) {
			return this.channel.equals(channel) && id > this.from && id <= this.to;
		}

	}

	/**
	 * A stream ended, or was never admitted.
	 *
	 * @param at when
	 * @param stream which
	 * @param why the last platform block and its reason, a status, or how the connection
	 * ended
	 */
	record Ended(long at, int stream, String why) implements Entry {
	}

}
