package io.fanfare.node.connection;

import io.fanfare.protocol.CloseReason;

/**
 * Where a connection stands in its life. It moves in this order and never back:
 * <ul>
 * <li>Opening becomes Waiting where it has to wait for a slot in the queue, and Claiming
 * when it has one;</li>
 * <li>Waiting becomes Claiming when it gets its slot;</li>
 * <li>Claiming becomes Streaming when it owns its user and its client knows;</li>
 * <li>Streaming becomes Leaving when its client is asked to stop and has a grace, which
 * another such notice may change;</li>
 * <li>each becomes Closed.</li>
 * </ul>
 */
sealed interface Phase {

	/**
	 * Whether it is a stream, or was one when it was closed: it was admitted, and its
	 * client knows.
	 */
	default boolean isBegun() {
		return switch (this) {
			case Opening opening -> false;
			case Waiting waiting -> false;
			case Claiming claiming -> false;
			case Streaming streaming -> true;
			case Leaving leaving -> true;
			case Closed closed -> closed.begun();
		};
	}

	/** It asks for a slot, and its client has no answer. */
	record Opening() implements Phase {

	}

	/**
	 * It waits in the queue for a slot.
	 *
	 * @param notified the position of which its client was last notified
	 */
	record Waiting(QueuePosition notified) implements Phase {

	}

	/**
	 * It has a slot, and claims its user.
	 *
	 * @param waited whether it waited in the queue before
	 */
	record Claiming(boolean waited) implements Phase {

	}

	/** It is a stream, and its client knows. */
	record Streaming() implements Phase {

	}

	/**
	 * Its client was asked to stop. Nothing may follow that notice: a block with another
	 * id would wipe its cursor.
	 *
	 * @param reason the reason that the client was given
	 * @param closeAtNanos when the stream is closed, by the monotonic clock
	 */
	record Leaving(CloseReason reason, long closeAtNanos) implements Phase {

	}

	/**
	 * It is gone.
	 *
	 * @param begun whether it was a stream
	 */
	record Closed(boolean begun) implements Phase {

	}

}
