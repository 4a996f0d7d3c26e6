package io.fanfare.protocol.guard;

import java.time.Duration;

/**
 * Runs the tasks of one part of a process, one at a time and in the order in which they
 * became due, each behind a barrier: a task that throws is noted and, where it is
 * periodic, runs again. A task may block. After {@link #close()} tasks are dropped
 * without an error.
 * <p>
 * What one task wrote is visible to the next. Any thread may call.
 */
public interface Worker extends AutoCloseable {

	/**
	 * Runs a task soon, after those that wait.
	 * @param task the task
	 */
	void execute(Runnable task);

	/**
	 * Runs a task once.
	 * @param delay after which
	 * @param task the task
	 */
	void schedule(Duration delay, Runnable task);

	/**
	 * Runs a task again and again.
	 * @param first the delay before it first runs
	 * @param interval between the end of one run and the time at which the next is due
	 * @param task the task
	 */
	void every(Duration first, Duration interval, Runnable task);

	/**
	 * Drops the tasks that wait. A task that runs is interrupted, unless it is the one
	 * that calls. Does not wait for it.
	 */
	@Override
	void close();

}
