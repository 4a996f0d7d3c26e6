package io.fanfare.node.ratelimit;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many bytes the node holds of requests that have not arrived as a whole. A request
 * that comes in one piece, as nearly all do, is not counted. When all that may be held
 * is, connections that hold little still get on: refused are those that hold more. Any
 * thread may call.
 */
public final class ArrivingBytes {

	/** Two thousand of the longest bodies. */
	static final int MAX = 32 * 1024 * 1024;

	/** What a connection may hold in any case: a head with all that browsers send. */
	static final int SMALL = 8 * 1024;

	private final AtomicInteger held = new AtomicInteger();

	private final AtomicLong refused = new AtomicLong();

	ArrivingBytes() {
	}

	/**
	 * Changes how many are held.
	 * @param change what comes, or goes where negative
	 * @param own how many its connection holds then
	 * @return whether they fit; they are counted in any case
	 */
	public boolean change(int change, int own) {
		boolean fits = this.held.addAndGet(change) <= MAX || change <= 0 || own <= SMALL;
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
