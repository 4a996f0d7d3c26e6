package io.fanfare.node.auth;

import java.time.Duration;

import io.fanfare.protocol.guard.Ticker;

/**
 * How many tickets a node looks up in Redis per second, from all clients together: a
 * client chooses when it sends one. Any thread may call; nothing blocks.
 */
final class Lookups {

	/** As many as calls beside the stream, which are Redis's work as well. */
	static final int MAX_PER_SECOND = 2_000;

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final Ticker ticker;

	private long secondBegan;

	private int inSecond;

	Lookups(Ticker ticker) {
		this.ticker = ticker;
		this.secondBegan = ticker.nanoTime();
	}

	/** Counts one more. Returns false where there were as many as may be. */
	synchronized boolean take() {
		long now = this.ticker.nanoTime();
		if (now - this.secondBegan >= SECOND) {
			this.secondBegan = now;
			this.inSecond = 0;
		}
		if (this.inSecond >= MAX_PER_SECOND) {
			return false;
		}
		this.inSecond++;
		return true;
	}

}
