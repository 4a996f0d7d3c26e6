package io.fanfare.protocol.guard;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * A thread that runs tasks at times, each behind a barrier: a task that throws is noted
 * and, where it is periodic, runs again. After {@link #close()} tasks are dropped without
 * an error.
 * <p>
 * Any thread may call.
 */
public final class GuardedScheduler implements AutoCloseable {

	private final String where;

	private final Errors errors;

	private final ScheduledExecutorService thread;

	/**
	 * Starts the thread, a daemon.
	 * @param where the place that errors are counted for; the thread's name follows it
	 * @param errors notes what tasks throw
	 */
	public GuardedScheduler(String where, Errors errors) {
		this.where = where;
		this.errors = errors;
		this.thread = Executors
			.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("fanfare-" + where).factory());
	}

	/**
	 * Runs a task soon, after those that wait.
	 * @param task the task
	 */
	public void execute(Runnable task) {
		try {
			this.thread.execute(this.errors.guard(this.where, task));
		}
		catch (RejectedExecutionException ex) {
			// Closed: what the task concerns ends, too.
		}
	}

	/**
	 * Runs a task once.
	 * @param delay after which
	 * @param task the task
	 */
	public void schedule(Duration delay, Runnable task) {
		try {
			this.thread.schedule(this.errors.guard(this.where, task), delay.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (RejectedExecutionException ex) {
			// Closed, as above.
		}
	}

	/**
	 * Runs a task again and again.
	 * @param first the delay before it first runs
	 * @param interval between the end of one run and the beginning of the next
	 * @param task the task
	 */
	public void every(Duration first, Duration interval, Runnable task) {
		try {
			this.thread.scheduleWithFixedDelay(this.errors.guard(this.where, task), first.toNanos(), interval.toNanos(),
					TimeUnit.NANOSECONDS);
		}
		catch (RejectedExecutionException ex) {
			// Closed, as above.
		}
	}

	/** Ends the thread; a task that runs is interrupted. */
	@Override
	public void close() {
		this.thread.shutdownNow();
	}

}
