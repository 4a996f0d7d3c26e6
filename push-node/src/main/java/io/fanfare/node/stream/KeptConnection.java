package io.fanfare.node.stream;

import java.time.Duration;

import io.fanfare.protocol.guard.Ticker;

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

	private final Ticker ticker;

	private final long openedNanos;

	private int served;

	private int refused;

	/**
	 * It opens now.
	 * @param ticker the monotonic clock
	 */
	KeptConnection(Ticker ticker) {
		this.ticker = ticker;
		this.openedNanos = ticker.nanoTime();
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
				|| this.ticker.nanoTime() - this.openedNanos >= MAX_AGE.toNanos();
	}

}
