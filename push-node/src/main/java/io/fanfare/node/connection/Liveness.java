package io.fanfare.node.connection;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Whether a client that promised to acknowledge still hears its stream. It may do so by
 * itself; if it does not, it is probed, and then only the probe's nonce will do: a page
 * that lives proves nothing about its stream. Belongs to its connection's loop.
 */
final class Liveness {

	/** When it last showed that it hears. */
	private long heardNanos;

	/** When it was probed, and with what; null while no probe is out. */
	private long probedNanos;

	private @Nullable String nonce;

	private boolean everHeard;

	/** From the last probe that was answered to its answer; 0 for none. */
	private long roundTripNanos;

	Liveness(long nowNanos) {
		this.heardNanos = nowNanos;
	}

	/** Returns whether it shows that the stream is heard. */
	boolean acknowledged(List<String> nonces, long nowNanos) {
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

	void probed(String with, long nowNanos) {
		this.nonce = with;
		this.probedNanos = nowNanos;
	}

	boolean isProbed() {
		return this.nonce != null;
	}

	/** Whether it ever acknowledged. */
	boolean isEverHeard() {
		return this.everHeard;
	}

	long heardNanos() {
		return this.heardNanos;
	}

	long roundTripNanos() {
		return this.roundTripNanos;
	}

	/** Since when it owes something: an acknowledgement, or the answer to a probe. */
	long sinceNanos() {
		return isProbed() ? this.probedNanos : this.heardNanos;
	}

}
