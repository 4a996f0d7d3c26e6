package io.fanfare.node.connection;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.jspecify.annotations.Nullable;

/**
 * Signs of life of one loop: when it last ticked, and which probes wait in its inbox. The
 * loop writes it, any thread may look.
 */
public final class LoopPulse {

	/** The loop's thread, known from its first tick on. */
	private volatile @Nullable Thread thread;

	/** Whether it is to tick. */
	private volatile boolean beating;

	private volatile long tickedNanos;

	/** When it last saw a probe; null for never. */
	private volatile @Nullable Long probedNanos;

	/** When the last renewal was sent that was answered; null for never. */
	private volatile @Nullable Long renewedNanos;

	/** When each probe arrived that the loop has not seen yet, the oldest first. */
	private final Queue<Long> unseen = new ConcurrentLinkedQueue<>();

	/** The loop is to tick from now on. */
	void begun(long nowNanos) {
		this.tickedNanos = nowNanos;
		this.beating = true;
	}

	/** The loop ticks. On the loop. */
	void ticked(long nowNanos) {
		this.tickedNanos = nowNanos;
		if (this.thread == null) {
			this.thread = Thread.currentThread();
		}
	}

	/** The loop ends and will not tick again. */
	void stopped() {
		this.beating = false;
	}

	/** A probe was put into the inbox. */
	void probeArrived(long nowNanos) {
		this.unseen.add(nowNanos);
	}

	/** The oldest probe was taken from the inbox. On the loop. */
	void probeSeen(long nowNanos) {
		this.unseen.poll();
		this.probedNanos = nowNanos;
	}

	/** A renewal of its users that was sent then was answered. On the loop. */
	void renewed(long sentNanos) {
		this.renewedNanos = sentNanos;
	}

	/**
	 * Tells how old the lease is by which the loop holds its users.
	 * @param nowNanos now
	 * @return the time, or null if it has none
	 */
	public @Nullable Duration sinceRenewal(long nowNanos) {
		Long last = this.renewedNanos;
		return (last != null) ? Duration.ofNanos(Math.max(0, nowNanos - last)) : null;
	}

	/**
	 * Tells how long ago the loop last ticked, or was to begin.
	 * @param nowNanos now
	 * @return the time; zero for a loop that was not started or that ends
	 */
	public Duration sinceTick(long nowNanos) {
		return this.beating ? Duration.ofNanos(Math.max(0, nowNanos - this.tickedNanos)) : Duration.ZERO;
	}

	/**
	 * Tells for how long a probe that arrived has waited for the loop.
	 * @param nowNanos now
	 * @return the time; zero where none waits, and for a loop that was not started or
	 * that ends
	 */
	public Duration probeWaits(long nowNanos) {
		Long oldest = this.unseen.peek();
		return (this.beating && oldest != null) ? Duration.ofNanos(Math.max(0, nowNanos - oldest)) : Duration.ZERO;
	}

	/**
	 * Tells how long ago the loop last saw a probe.
	 * @param nowNanos now
	 * @return the time, or null if it never did
	 */
	public @Nullable Duration sinceProbe(long nowNanos) {
		Long last = this.probedNanos;
		return (last != null) ? Duration.ofNanos(Math.max(0, nowNanos - last)) : null;
	}

	/**
	 * Tells what the loop does now.
	 * @return the stack of its thread, empty where it is not known
	 */
	public StackTraceElement[] stack() {
		Thread known = this.thread;
		return (known != null) ? known.getStackTrace() : new StackTraceElement[0];
	}

}
