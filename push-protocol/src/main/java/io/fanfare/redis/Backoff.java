package io.fanfare.redis;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before each attempt in a row: a time that doubles up to a limit, and
 * is lengthened by up to its own length at random, so that many processes do not come at
 * once. Belongs to one thread.
 */
final class Backoff {

	private static final Duration MIN = Duration.ofMillis(50);

	private static final Duration MAX = Duration.ofSeconds(1);

	private final RandomGenerator random;

	private Duration next = MIN;

	Backoff(RandomGenerator random) {
		this.random = random;
	}

	/** The next attempt is the first of a row again. */
	void reset() {
		this.next = MIN;
	}

	/**
	 * How long to wait before the next attempt. Each call counts as one.
	 * @return from 50 ms to less than 2 s
	 */
	Duration next() {
		Duration wait = this.next.plusMillis(this.random.nextLong(this.next.toMillis()));
		Duration doubled = this.next.multipliedBy(2);
		this.next = (doubled.compareTo(MAX) < 0) ? doubled : MAX;
		return wait;
	}

}
