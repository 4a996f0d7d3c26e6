package io.fanfare.node.timer;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Whether a client that promised to acknowledge still receives its stream. It may do so
 * by itself; if it does not, it is probed, and then only the probe's nonce will do: a
 * page that lives proves nothing about its stream. Belongs to its connection's loop.
 */
public final class Liveness {

	/** When it last showed that it receives. */
	private long heardNanos;

	/** When it was probed, and with what; null while no probe is out. */
	private long probedNanos;

	private @Nullable String nonce;

	private boolean everHeard;

	/** From the last probe that was answered to its answer; 0 for none. */
	private long roundTripNanos;

	/**
	 * Begins: the client is received now.
	 * @param nowNanos now
	 */
	public Liveness(long nowNanos) {
		this.heardNanos = nowNanos;
	}

	/**
	 * The client acknowledged.
	 * @param nonces the nonces of the probes that it received
	 * @param nowNanos now
	 * @return whether that shows that it receives the stream
	 */
	public boolean acknowledged(List<String> nonces, long nowNanos) {
		if (this.nonce != null) {
			if (!nonces.contains(this.nonce)) {
				return false;
			}
			this.nonce = null;
			this.roundTripNanos = nowNanos - this.probedNanos;
		}
		this.heardNanos = nowNanos;
		this.everHeard = true;
		return true;
	}

	/**
	 * The client was probed.
	 * @param with the nonce that it has to send back
	 * @param nowNanos now
	 */
	public void probed(String with, long nowNanos) {
		this.nonce = with;
		this.probedNanos = nowNanos;
	}

	/**
	 * Returns whether a probe is out.
	 * @return whether one is
	 */
	public boolean isProbed() {
		return this.nonce != null;
	}

	/**
	 * Returns whether the client ever acknowledged.
	 * @return whether it did
	 */
	public boolean isEverHeard() {
		return this.everHeard;
	}

	/**
	 * When it last showed that it receives the stream, at first when that began.
	 * @return the time of the monotonic clock
	 */
	public long heardNanos() {
		return this.heardNanos;
	}

	/**
	 * From the last probe that was answered to its answer.
	 * @return nanoseconds, 0 for none
	 */
	public long roundTripNanos() {
		return this.roundTripNanos;
	}

	/**
	 * Since when it owes something: an acknowledgement, or the answer to a probe.
	 * @return the time of the monotonic clock
	 */
	public long sinceNanos() {
		return isProbed() ? this.probedNanos : this.heardNanos;
	}

}
