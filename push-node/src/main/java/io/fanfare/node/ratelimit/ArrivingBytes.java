package io.fanfare.node.ratelimit;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes the node holds of requests that have not arrived as a whole. A request
 * that comes in one piece, as nearly all do, is not counted. Any thread may call.
 */
public final class ArrivingBytes {

	/** Two thousand of the longest bodies. */
	static final int MAX = 32 * 1024 * 1024;

	private final AtomicInteger held = new AtomicInteger();

	private final AtomicLong refused = new AtomicLong();

	ArrivingBytes() {
	}

	/**
	 * Changes how many are held.
	 * @param change what comes, or goes where negative
	 * @return whether they fit; they are counted in any case
	 */
	public boolean change(int change) {
		boolean fits = this.held.addAndGet(change) <= MAX || change <= 0;
		if (!fits) {
			this.refused.incrementAndGet();
		}
		return fits;
	}

	/**
	 * How many are held.
	 * @return bytes
	 */
	public int held() {
		return this.held.get();
	}

	/**
	 * How often more came than fit.
	 * @return the number
	 */
	public long refused() {
		return this.refused.get();
	}

}
