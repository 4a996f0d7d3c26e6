package io.fanfare.redis.presence;

/**
 * What a renewal found of one connection.
 *
 * @param index its place in the list that was sent
 * @param kind what was found
 * @param generation the generation that holds the user now
 */
public record Verdict(int index, Kind kind, long generation) {

	/** The kinds. */
	public enum Kind {

		/**
		 * The field was gone or older, and is written back: messages may have gone
		 * nowhere meanwhile.
		 */
		RESTORED,
		/** Another client owns the user, or the user was disconnected. */
		LOST,
		/** The same client owns the user by a newer connection. */
		REPLACED

	}

}
