package io.fanfare.protocol.guard;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The {@link Scheduler} of a process: one thread knows what is due when and runs none of
 * it; a small pool of threads does.
 * <p>
 * The pool has a thread for each worker that is at work and keeps four when none is. So
 * there are never more than workers, and a task that stands still takes a thread from no
 * other. They are platform threads: a task that computes for ever would keep one of the
 * few carriers of virtual threads, and with it what all parts of the process wait for.
 * All are daemons.
 */
public final class ThreadScheduler implements Scheduler, AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(ThreadScheduler.class);

	/**
	 * There when none is needed: a process that cannot start threads still runs tasks.
	 */
	private static final int IDLE_THREADS = 4;

	/** Until a thread is tried to be started again. */
	private static final Duration RETRY = Duration.ofSeconds(1);

	/** How long a further thread waits for a task. */
	private static final Duration IDLE_TIME = Duration.ofSeconds(10);

	private static final String IDLE_NAME = "fanfare-idle";

	private final Ticker ticker;

	private final Errors errors;

	private final ScheduledThreadPoolExecutor timer;

	private final ThreadPoolExecutor threads;

	/**
	 * Starts the threads.
	 * @param ticker the clock; the threads themselves wait by that of the virtual machine
	 * @param errors notes what tasks throw
	 */
	public ThreadScheduler(Ticker ticker, Errors errors) {
		this.ticker = ticker;
		this.errors = errors;
		this.timer = new ScheduledThreadPoolExecutor(1, daemon("fanfare-scheduler"));
		this.threads = new ThreadPoolExecutor(IDLE_THREADS, Integer.MAX_VALUE, IDLE_TIME.toMillis(),
				TimeUnit.MILLISECONDS, new SynchronousQueue<>(), daemon(IDLE_NAME));
		this.timer.prestartAllCoreThreads();
		this.threads.prestartAllCoreThreads();
	}

	private static ThreadFactory daemon(String name) {
		return Thread.ofPlatform().daemon().name(name).factory();
	}

	@Override
	public Worker createWorker(String where) {
		return new SerialWorker(where);
	}

	@Override
	public Ticker ticker() {
		return this.ticker;
	}

	/** Ends all threads; tasks that run are interrupted. */
	@Override
	public void close() {
		this.timer.shutdownNow();
		this.threads.shutdownNow();
	}

	/** Has a thread of the pool for as long as tasks wait. */
	private final class SerialWorker implements Worker {

		private final String where;

		/** Guarded by this, as is what follows. */
		private final Queue<Runnable> waiting = new ArrayDeque<>();

		/** Whether a thread runs tasks, or is about to. */
		private boolean active;

		/** The thread, once it runs them. */
		private @Nullable Thread runner;

		private boolean closed;

		private SerialWorker(String where) {
			this.where = where;
		}

		@Override
		public void execute(Runnable task) {
			synchronized (this) {
				if (this.closed) {
					return;
				}
				this.waiting.add(task);
				if (this.active) {
					return;
				}
				this.active = true;
			}
			begin();
		}

		private void begin() {
			try {
				ThreadScheduler.this.threads.execute(this::runAll);
			}
			catch (RejectedExecutionException ex) {
				// The process ends, and what the task concerns with it.
				close();
			}
			catch (OutOfMemoryError ex) {
				// No thread can be started now; the tasks wait for one.
				ThreadScheduler.this.errors.note(this.where, new IllegalStateException("No thread can be started", ex));
				runAfter(RETRY, this::begin);
			}
		}

		@Override
		public void schedule(Duration delay, Runnable task) {
			if (!delay.isPositive()) {
				execute(task);
				return;
			}
			try {
				runAfter(delay, () -> execute(task));
			}
			catch (RejectedExecutionException ex) {
				// The process ends, as above.
			}
		}

		/** Runs on the thread of the timer what neither blocks nor computes. */
		private void runAfter(Duration delay, Runnable step) {
			ThreadScheduler.this.timer.schedule(ThreadScheduler.this.errors.guard(this.where, step), delay.toNanos(),
					TimeUnit.NANOSECONDS);
		}

		@Override
		public void every(Duration first, Duration interval, Runnable task) {
			schedule(first, new Runnable() {
				@Override
				public void run() {
					try {
						task.run();
					}
					finally {
						schedule(interval, this);
					}
				}
			});
		}

		private void runAll() {
			Thread thread = Thread.currentThread();
			thread.setName("fanfare-" + this.where);
			Runnable next;
			while ((next = next(thread)) != null) {
				try {
					ThreadScheduler.this.errors.run(this.where, next);
				}
				catch (Throwable ex) {
					// The barrier itself failed; the next task has its turn all the same.
					log.error("error where={} barrier=failed", this.where, ex);
				}
			}
			thread.setName(IDLE_NAME);
		}

		/**
		 * Takes the next task, or gives the thread back without the interrupt of this.
		 */
		private synchronized @Nullable Runnable next(Thread thread) {
			Thread.interrupted();
			Runnable next = ThreadScheduler.this.threads.isShutdown() ? null : this.waiting.poll();
			this.runner = (next != null) ? thread : null;
			this.active = next != null;
			return next;
		}

		@Override
		public synchronized void close() {
			this.closed = true;
			this.waiting.clear();
			Thread running = this.runner;
			if (running != null && running != Thread.currentThread()) {
				running.interrupt();
			}
		}

	}

}
