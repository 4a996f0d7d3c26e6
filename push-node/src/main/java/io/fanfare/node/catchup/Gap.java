package io.fanfare.node.catchup;

import io.fanfare.protocol.ChannelName;

/**
 * A hole in what a client was promised.
 *
 * @param channel the channel
 * @param from everything up to it was written
 * @param to up to here something may be missing
 * @param reason why
 */
public record Gap(ChannelName channel, long from, long to, Reason reason) {

	/**
	 * What gaps of several channels may have in common.
	 *
	 * @param from everything up to it was written
	 * @param to up to here something may be missing
	 * @param reason why
	 */
	public record Stretch(long from, long to, Reason reason) {

	}

	/**
	 * Without the channel.
	 * @return the stretch
	 */
	public Stretch stretch() {
		return new Stretch(this.from, this.to, this.reason);
	}

	/** Why something is missing. */
	public enum Reason {

		/**
		 * It lay longer than messages are retained, or more came after it than are
		 * retained.
		 */
		RETENTION("retention"),
		/** Redis lost data, or may have. */
		DATA_LOSS("data-loss"),
		/** The cursor lies ahead of all that Redis knows. */
		CURSOR_AHEAD("cursor-ahead"),
		/** The cursor is no id, so what the client has is not known. */
		CURSOR_UNKNOWN("cursor-unknown"),
		/**
		 * Presence did not name the stream for a while: messages to its user went to
		 * history alone, and the stream has passed them.
		 */
		PRESENCE_LOSS("presence-loss");

		private final String wireName;

		Reason(String wireName) {
			this.wireName = wireName;
		}

		/**
		 * The name on the wire.
		 * @return the name
		 */
		public String wireName() {
			return this.wireName;
		}

	}

}
