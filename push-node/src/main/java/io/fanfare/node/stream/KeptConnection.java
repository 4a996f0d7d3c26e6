package io.fanfare.node.stream;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long a connection is kept that carries requests and no stream. A proxy makes
 * another one when it is ended, and a client that only wants to hold it cannot. Not safe
 * for threads.
 */
final class KeptConnection {

	/** The last request is served with {@code Connection: close}. */
	static final int MAX_REQUESTS = 1_000;

	static final int MAX_REFUSALS = 20;

	/** The first answer after it is the last. */
	static final Duration MAX_AGE = Duration.ofMinutes(5);

	private final LongSupplier nanoTime;

	private final long openedNanos;

	private int served;

	private int refused;

	/**
	 * It opens now.
	 * @param nanoTime the monotonic clock
	 */
	KeptConnection(LongSupplier nanoTime) {
		this.nanoTime = nanoTime;
		this.openedNanos = nanoTime.getAsLong();
	}

	void served() {
		this.served++;
	}

	void refused() {
		this.refused++;
	}

	/** Whether its next answer is its last. */
	boolean isSpent() {
		return this.served >= MAX_REQUESTS || this.refused >= MAX_REFUSALS
				|| this.nanoTime.getAsLong() - this.openedNanos >= MAX_AGE.toNanos();
	}

}
