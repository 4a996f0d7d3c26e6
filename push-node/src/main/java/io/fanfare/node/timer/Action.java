package io.fanfare.node.timer;

import io.fanfare.node.encoding.Blocks;
import io.fanfare.protocol.CloseReason;

/** What a policy wants done with a stream. */
public sealed interface Action {

	/** Nothing is to be done. */
	Nothing NOTHING = new Nothing();

	/** Nothing is to be done. */
	record Nothing() implements Action {

	}

	/** A heartbeat is to be written. */
	record Heartbeat() implements Action {

	}

	/** The client's cursor is to be moved forward. */
	record MoveCursor() implements Action {

	}

	/**
	 * The client is to be notified of an end that is near.
	 *
	 * @param expiry what ends
	 * @param atMillis when, in milliseconds since the epoch
	 */
	record Announce(Blocks.Expiry expiry, long atMillis) implements Action {

	}

	/** The client is to be probed: its acknowledgement is missing. */
	record Probe() implements Action {

	}

	/** The reader stalled, which counts as an error. */
	record CountStall() implements Action {

	}

	/**
	 * The client is to be asked to reconnect.
	 *
	 * @param reason why
	 */
	record End(CloseReason reason) implements Action {

	}

	/** The socket is to be closed at once: nothing reaches the client any more. */
	record Abort() implements Action {

	}

}
