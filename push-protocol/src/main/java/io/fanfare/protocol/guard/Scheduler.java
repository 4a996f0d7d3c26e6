package io.fanfare.protocol.guard;

/**
 * Runs the tasks of a process that are due at times. There is one per process; each part
 * of the process has a {@link Worker} of its own.
 * <p>
 * Guarantees: a task that throws, blocks or computes for ever holds up the later tasks of
 * its own worker and no other worker.
 * <p>
 * Any thread may call.
 */
public interface Scheduler {

	/**
	 * Makes a worker.
	 * @param where the place that errors of its tasks are counted for; the name of the
	 * thread follows it while it runs a task
	 * @return the worker, which has run nothing yet
	 */
	Worker createWorker(String where);

	/**
	 * The clock by which tasks are due.
	 * @return the clock
	 */
	Ticker ticker();

}
