package io.fanfare.node.admission;

import java.util.List;

import io.fanfare.node.connection.Outlet;
import io.fanfare.node.connection.SocketEvents;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.QuotaUse;
import org.jspecify.annotations.Nullable;

/**
 * A request for a stream that arrived at the node and is still to be decided about.
 * Belongs to the loop of its socket, unless said otherwise.
 */
public interface Newcomer {

	/**
	 * What is asked for.
	 * @return the request
	 */
	StreamRequest request();

	/**
	 * The socket by which it is answered.
	 * @return the socket
	 */
	Outlet outlet();

	/**
	 * The quota that its socket had used up when it was accepted.
	 * @return the quota, or null for none
	 */
	@Nullable Quota exceeded();

	/**
	 * There is a connection for it: admitted, or in the queue.
	 * @param connection takes what the socket reports
	 */
	void opened(SocketEvents connection);

	/**
	 * Its address may have its stream.
	 * @param left what the address has left with it
	 */
	default void allowed(List<QuotaUse> left) {
	}

	/** Its address has used up a quota; the refusal follows. */
	void limited();

	/**
	 * Runs a task once when its socket is closed, at once if it is; on any thread.
	 * @param task the task
	 */
	void whenClosed(Runnable task);

	/**
	 * Runs a task on its loop, and closes its socket if the task throws. Any thread may
	 * call.
	 * @param task the task
	 */
	void onLoop(Runnable task);

}
