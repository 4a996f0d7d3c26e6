package io.fanfare.node.connection;

import org.jspecify.annotations.Nullable;

/**
 * A connection's slot on its node, or its request for one, as the connection sees it.
 * Implemented by what decides about slots. Any thread may call.
 */
public interface Slot {

	/**
	 * Where the connection stands in the queue for a slot.
	 * @return its position, or null if it does not wait in the queue
	 */
	@Nullable QueuePosition position();

	/**
	 * Gives up asking for the slot of another connection.
	 * @return whether it asked
	 */
	boolean giveUp();

	/**
	 * Gives up a request that was not answered yet: it asks, or the slot that was
	 * promised did not become free.
	 * @return whether it was one
	 */
	boolean withdraw();

	/** Its connection is gone: the slot is free for another, or no longer asked for. */
	void leave();

}
