package io.fanfare.node.connection;

import java.time.Duration;
import java.util.concurrent.Executor;

/** The thread of a loop, and its time. */
public interface LoopExecutor extends Executor {

	/**
	 * Runs a task on the loop after it has looked at its sockets once more. A task that
	 * continues itself by {@link #execute} would starve them.
	 * @param task the task
	 */
	void executeAfterIo(Runnable task);

	/**
	 * Runs a task on the loop later.
	 * @param task the task
	 * @param delay how much later
	 */
	void schedule(Runnable task, Duration delay);

	/**
	 * The monotonic clock.
	 * @return nanoseconds
	 */
	long nanoTime();

	/**
	 * The wall clock.
	 * @return milliseconds since the epoch
	 */
	long millis();

}
