package io.fanfare.node.timer;

import java.time.Duration;

/**
 * Keeps a quiet stream alive: heartbeats show proxies and the client that the wire works,
 * and a cursor that moves forward stays within retention. Any thread may ask.
 */
public final class ActivityPolicy {

	private static final Action HEARTBEAT = new Action.Heartbeat();

	private static final Action MOVE_CURSOR = new Action.MoveCursor();

	private final long heartbeatNanos;

	private final long cursorIntervalNanos;

	/**
	 * Makes the policy.
	 * @param heartbeat after how long without a write a heartbeat is due
	 * @param cursorInterval after how long the cursor of a quiet stream is moved
	 */
	public ActivityPolicy(Duration heartbeat, Duration cursorInterval) {
		this.heartbeatNanos = heartbeat.toNanos();
		this.cursorIntervalNanos = cursorInterval.toNanos();
	}

	/**
	 * What is known of a stream.
	 *
	 * @param quietNanos for how long it lacks what a heartbeat would show
	 * @param cursorNanos how long ago its cursor was moved
	 * @param settled whether all that arrived was written and its user is surely its own,
	 * so that the cursor may be moved
	 * @param takesHeartbeat whether a heartbeat makes sense now: the socket has nothing
	 * left, or the client waits for heartbeats whatever else is written
	 */
	public record Activity(long quietNanos, long cursorNanos, boolean settled, boolean takesHeartbeat) {

	}

	/**
	 * Asks what is due.
	 * @param activity what is known of the stream
	 * @return moves the cursor, or writes a heartbeat, or waits for the next heartbeat
	 */
	public Due look(Activity activity) {
		if (activity.settled() && activity.cursorNanos() >= this.cursorIntervalNanos) {
			return Due.now(MOVE_CURSOR);
		}
		if (activity.takesHeartbeat() && activity.quietNanos() >= this.heartbeatNanos) {
			return Due.now(HEARTBEAT);
		}
		return Due.in(this.heartbeatNanos - activity.quietNanos());
	}

}
