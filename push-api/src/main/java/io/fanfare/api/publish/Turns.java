package io.fanfare.api.publish;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.stereotype.Component;

/**
 * Bounds how many publish scripts of this process are sent to Redis and not answered: few
 * enough that any other command waits for them no longer than some tens of milliseconds.
 * A request without a turn waits in its own, virtual thread; turns are given in the order
 * of arrival.
 */
@Component
final class Turns {

	private static final int MAX_SCRIPTS_IN_FLIGHT = 32;

	private final Ticker ticker;

	private final Semaphore free = new Semaphore(MAX_SCRIPTS_IN_FLIGHT, true);

	Turns(MeterRegistry meters, Ticker ticker) {
		this.ticker = ticker;
		Gauge.builder("fanfare.publish.waiting", this.free, Semaphore::getQueueLength)
			.description("Requests that wait for their turn to publish")
			.register(meters);
	}

	/**
	 * Waits for a turn.
	 * @param deadline the end of the wait, by the {@link Ticker} of the process
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
