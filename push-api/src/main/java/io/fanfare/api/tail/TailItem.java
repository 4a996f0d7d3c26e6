package io.fanfare.api.tail;

import io.fanfare.redis.cluster.TailFrame;

/** What a tail has to report, in the order in which it came. */
sealed interface TailItem {

	/**
	 * How much it is against the limit of a tail.
	 * @return bytes
	 */
	default int size() {
		return 0;
	}

	/**
	 * Blocks of a stream.
	 *
	 * @param frame the copies
	 * @param from the number of the first block that was to be in it or in one that was
	 * dropped before it
	 */
	record Copies(TailFrame frame, long from) implements TailItem {

		@Override
		public int size() {
			return this.frame.blocks().length;
		}

	}

	/**
	 * A stream is copied from here on.
	 *
	 * @param connection its connection
	 */
	record Found(String connection) implements TailItem {

	}

	/**
	 * A node did not take the order: what it sends to the user is not seen.
	 *
	 * @param node the node's identity
	 */
	record Unanswered(String node) implements TailItem {

	}

	/** The link on which copies come was lost for a while. */
	record Interrupted() implements TailItem {

	}

	/**
	 * It is over.
	 *
	 * @param reason why
	 */
	record End(TailEnd reason) implements TailItem {

	}

}
