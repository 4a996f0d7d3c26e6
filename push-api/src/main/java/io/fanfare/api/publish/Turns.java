package io.fanfare.api.publish;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.stereotype.Component;

/**
 * How many publish scripts of this process Redis has before it at once: few enough that
 * whatever else is asked waits for them no longer than some tens of milliseconds. A
 * request that has no turn yet waits in its own, virtual thread, first come, first
 * served.
 */
@Component
final class Turns {

	/** Scripts that are sent and not answered. */
	private static final int IN_FLIGHT = 32;

	private final Ticker ticker;

	private final Semaphore free = new Semaphore(IN_FLIGHT, true);

	Turns(MeterRegistry meters, Ticker ticker) {
		this.ticker = ticker;
		Gauge.builder("fanfare.publish.waiting", this.free, Semaphore::getQueueLength)
			.description("Requests that wait for their turn to publish")
			.register(meters);
	}

	/**
	 * Waits for a turn.
	 * @param deadline how long, a time by the {@link Ticker} of the process
	 * @return whether it came
	 */
	boolean take(long deadline) {
		try {
			return this.free.tryAcquire(Math.max(0, deadline - this.ticker.nanoTime()), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return false;
		}
	}

	/** Ends a turn; any thread may. */
	void end() {
		this.free.release();
	}

}
