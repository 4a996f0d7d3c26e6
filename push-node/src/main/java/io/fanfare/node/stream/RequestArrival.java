package io.fanfare.node.stream;

import java.time.Duration;

/**
 * How long a request may take to arrive: a time in all, and, from its first byte on, no
 * longer than a little and what its bytes take at the least rate. Times are those of one
 * monotonic clock, in nanoseconds. Not safe for threads.
 */
final class RequestArrival {

	/** Within it a packet that was lost is sent again, twice. */
	static final Duration GRACE = Duration.ofSeconds(3);

	/** Bytes per second: the slowest link that can hold a stream has ten times that. */
	static final int LEAST_RATE = 100;

	private static final long NANOS_PER_BYTE = Duration.ofSeconds(1).toNanos() / LEAST_RATE;

	private final long endsNanos;

	private long firstByteNanos;

	private long bytes;

	/**
	 * It is awaited from now on.
	 * @param nowNanos the time
	 * @param mostNanos how long it may take in all
	 */
	RequestArrival(long nowNanos, long mostNanos) {
		this.endsNanos = nowNanos + mostNanos;
	}

	/** More of it has come. Returns whether it is the first. */
	boolean add(int more, long nowNanos) {
		boolean first = this.bytes == 0 && more > 0;
		if (first) {
			this.firstByteNanos = nowNanos;
		}
		this.bytes += more;
		return first;
	}

	/** How long it may still take if nothing more comes; none where it is late. */
	long leftNanos(long nowNanos) {
		long left = this.endsNanos - nowNanos;
		return (this.bytes == 0) ? left
				: Math.min(left, this.firstByteNanos + GRACE.toNanos() + this.bytes * NANOS_PER_BYTE - nowNanos);
	}

}
