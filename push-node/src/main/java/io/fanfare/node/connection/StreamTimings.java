package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Tier;

/**
 * What happens to messages and connections, for those that measure how long it takes.
 * Must not block. Nothing here is called for each delivery.
 */
public interface StreamTimings {

	/** Measures nothing. */
	StreamTimings NONE = new StreamTimings() {
	};

	/**
	 * A message arrived at the node. Called by the link, once per message.
	 * @param id its id
	 */
	default void received(long id) {
	}

	/**
	 * A loop took a message out of its inbox. Called on the loops, once per message.
	 * @param id its id
	 */
	default void taken(long id) {
	}

	/**
	 * A request for a stream got the slot for which it waited.
	 * @param tier its tier
	 * @param waited how long
	 */
	default void waited(Tier tier, Duration waited) {
	}

	/**
	 * History was read for a stream: so many messages with one read.
	 * @param messages how many
	 */
	default void replaying(int messages) {
	}

	/**
	 * A stream that was opened with a cursor has all that came since, or all that is
	 * left.
	 * @param gap whether a gap was announced
	 */
	default void resumed(boolean gap) {
	}

	/**
	 * A stream was given notice of its end.
	 * @param reason why
	 * @param by the id of what ends it, from the clock of the store
	 */
	default void kicked(CloseReason reason, long by) {
	}

	/**
	 * A renewal found that a connection does not have its user any more.
	 * @param replaced whether another connection has it
	 */
	default void claimLost(boolean replaced) {
	}

	/**
	 * A client answered a probe.
	 * @param nanos how long after it was written
	 */
	default void answered(long nanos) {
	}

}
