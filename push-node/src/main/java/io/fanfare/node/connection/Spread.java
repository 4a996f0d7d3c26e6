package io.fanfare.node.connection;

import java.time.Duration;
import java.util.random.RandomGenerator;

import io.fanfare.node.encoding.Blocks;
import io.fanfare.node.ratelimit.Quota;

/**
 * Spreads over time what many clients would do at once. Any thread may call, as far as
 * the generator of random numbers allows.
 */
public final class Spread {

	private final ConnectionSettings settings;

	private final RandomGenerator random;

	Spread(ConnectionSettings settings, RandomGenerator random) {
		this.settings = settings;
		this.random = random;
	}

	/** When a client is to come back after an ordinary end. */
	Duration ordinaryRetry() {
		return Blocks.spread(this.random, this.settings.minRetry(), this.settings.maxRetry());
	}

	/**
	 * When a client is to come back that many others may come back with.
	 * @return how long to wait
	 */
	public Duration retry() {
		return Blocks.spread(this.random, this.settings.minRetry(), this.settings.maxSpread());
	}

	/**
	 * When to come back to a quota that is used up: spread over its next window, for
	 * others who share it do so, too.
	 * @param quota the quota
	 * @return how long to wait
	 */
	public Duration retryAfter(Quota quota) {
		Duration reset = quota.reset();
		Duration window = quota.window();
		if (reset == null || window == null) {
			return retry();
		}
		Duration least = this.settings.minRetry();
		return reset.plus(Blocks.spread(this.random, least, (window.compareTo(least) > 0) ? window : least));
	}

	/** How long a stream that begins now may live. */
	long lifetimeNanos() {
		Duration most = this.settings.lifetime();
		Duration least = Duration.ofMillis(most.toMillis() / 10 * 9);
		return most.isPositive() ? Blocks.spread(this.random, least, most).toNanos() : Long.MAX_VALUE / 2;
	}

	/** What a probe asks to have back. */
	String nonce() {
		return Long.toHexString(this.random.nextLong());
	}

}
