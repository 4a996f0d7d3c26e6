package io.fanfare.node.connection;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before something that failed is tried again: twice as long after each
 * failure up to a limit, and between half of that and all of it at random, so that what
 * failed together is not tried together.
 */
final class Backoff {

	private static final int MOST_DOUBLINGS = 16;

	private Backoff() {
	}

	/**
	 * The wait.
	 * @param failures how often it failed before
	 * @param first the longest wait after the first failure
	 * @param most the longest wait after any
	 * @param random spreads it
	 * @return the time
	 */
	static Duration after(int failures, Duration first, Duration most, RandomGenerator random) {
		long wait = Math.min(first.toNanos() << Math.clamp(failures, 0, MOST_DOUBLINGS), most.toNanos());
		return Duration.ofNanos(wait / 2 + random.nextLong(Math.max(1, wait / 2)));
	}

}
