package io.fanfare.node;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Queue;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import org.jspecify.annotations.Nullable;

/**
 * A scheduler whose time passes when a test says so, and whose tasks run on the test's
 * thread meanwhile. Any thread may hand in tasks.
 */
public final class ManualScheduler implements Scheduler {

	private final Errors errors;

	/** Guarded by this, as is what follows. */
	private final Queue<Due> tasks = new PriorityQueue<>(
			Comparator.comparingLong(Due::nanos).thenComparingLong(Due::number));

	private long number;

	private volatile long nanos;

	/** Makes one; what tasks throw is noted. */
	public ManualScheduler(Errors errors) {
		this.errors = errors;
	}

	private record Due(long nanos, long number, ManualWorker worker, Runnable task) {

	}

	@Override
	public Worker createWorker(String where) {
		return new ManualWorker(where);
	}

	@Override
	public Ticker ticker() {
		return () -> this.nanos;
	}

	/** Runs what is due by now, and what that makes due. */
	public void run() {
		pass(Duration.ZERO);
	}

	/** Lets time pass, and runs what is due meanwhile. */
	public void pass(Duration time) {
		long end = this.nanos + time.toNanos();
		Due next;
		while ((next = next(end)) != null) {
			this.nanos = Math.max(this.nanos, next.nanos());
			if (!next.worker().closed) {
				this.errors.run(next.worker().where, next.task());
			}
		}
		this.nanos = end;
	}

	/** Lets time pass in which nothing runs, as when a process stands still. */
	public void skip(Duration time) {
		this.nanos += time.toNanos();
	}

	private synchronized @Nullable Due next(long end) {
		Due next = this.tasks.peek();
		return (next != null && next.nanos() <= end) ? this.tasks.remove() : null;
	}

	private synchronized void add(Duration delay, ManualWorker worker, Runnable task) {
		this.tasks.add(new Due(this.nanos + delay.toNanos(), this.number++, worker, task));
	}

	private final class ManualWorker implements Worker {

		private final String where;

		private volatile boolean closed;

		private ManualWorker(String where) {
			this.where = where;
		}

		@Override
		public void execute(Runnable task) {
			add(Duration.ZERO, this, task);
		}

		@Override
		public void schedule(Duration delay, Runnable task) {
			add(delay, this, task);
		}

		@Override
		public void every(Duration first, Duration interval, Runnable task) {
			add(first, this, () -> {
				try {
					task.run();
				}
				finally {
					every(interval, interval, task);
				}
			});
		}

		@Override
		public void close() {
			this.closed = true;
		}

	}

}
