package io.fanfare.node.auth;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;

/**
 * Checks signatures that cost more than an HMAC, away from the loops: some 30 us for RSA,
 * 150 us for ES256. It has half of the processors, so that streams go on under a flood of
 * them, and a bounded queue, so that an answer never waits for long. Any thread may call.
 */
public final class SignatureChecks implements AutoCloseable {

	/** Some 80 ms of work. */
	private static final int MAX_WAITING_PER_WORKER = 512;

	private final List<Worker> workers = new ArrayList<>();

	private final int maxWaiting;

	private final Errors errors;

	private final AtomicInteger waiting = new AtomicInteger();

	private final AtomicInteger next = new AtomicInteger();

	/**
	 * Has checked nothing yet.
	 * @param workers how many checks may run at once
	 * @param scheduler runs them
	 * @param errors notes what they throw
	 */
	public SignatureChecks(int workers, Scheduler scheduler, Errors errors) {
		this.maxWaiting = workers * MAX_WAITING_PER_WORKER;
		this.errors = errors;
		for (int i = 0; i < workers; i++) {
			this.workers.add(scheduler.createWorker("auth"));
		}
	}

	/**
	 * How many checks may run at once on a machine.
	 * @param processors the processors of the process
	 * @return half of them, at least one
	 */
	public static int workers(int processors) {
		return Math.max(1, processors / 2);
	}

	/**
	 * How many checks wait or run.
	 * @return the number
	 */
	public int waiting() {
		return this.waiting.get();
	}

	/**
	 * Runs a check soon.
	 * @param check the check
	 * @param failed is run where the check throws
	 * @return false where too many wait: neither is run
	 */
	boolean submit(Runnable check, Runnable failed) {
		if (this.waiting.incrementAndGet() > this.maxWaiting) {
			this.waiting.decrementAndGet();
			return false;
		}
		Worker worker = this.workers.get(Math.floorMod(this.next.getAndIncrement(), this.workers.size()));
		worker.execute(() -> {
			try {
				if (!this.errors.run("auth", check)) {
					failed.run();
				}
			}
			finally {
				this.waiting.decrementAndGet();
			}
		});
		return true;
	}

	@Override
	public void close() {
		this.workers.forEach(Worker::close);
	}

}
