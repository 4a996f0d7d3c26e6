package io.fanfare.node.presence;

/**
 * What vouches that a connection still receives its user's messages: a claim of it or a
 * renewal that listed it, by the moment at which the request was <em>sent</em> and the
 * pub/sub link that was up then. The lease in Redis began later, so it outlives the
 * proof; a node that was frozen finds its proofs too old before it writes.
 * <p>
 * Two clocks are asked: the monotonic one stands still while a virtual machine is
 * suspended, the other may be set.
 *
 * @param link the number of the link
 * @param nanos when, by the monotonic clock
 * @param millis when, by the wall clock
 */
public record Proof(long link, long nanos, long millis) {

	/**
	 * Returns whether it holds.
	 * @param presentLink the number of the present link, 0 for none
	 * @param nowNanos now, by the monotonic clock
	 * @param nowMillis now, by the wall clock
	 * @param leaseMillis how long a lease lasts
	 * @return whether a message may be written
	 */
	public boolean holds(long presentLink, long nowNanos, long nowMillis, long leaseMillis) {
		return this.link == presentLink && presentLink != 0 && isWithinLease(nowNanos, nowMillis, leaseMillis);
	}

	/**
	 * Returns whether the lease that came with it still runs.
	 * @param nowNanos now, by the monotonic clock
	 * @param nowMillis now, by the wall clock
	 * @param leaseMillis how long a lease lasts
	 * @return whether the node still counts as alive
	 */
	public boolean isWithinLease(long nowNanos, long nowMillis, long leaseMillis) {
		return nowNanos - this.nanos < leaseMillis * 1_000_000 && nowMillis - this.millis < leaseMillis;
	}

}
