package io.fanfare.node.timer;

import java.time.Duration;

import io.fanfare.protocol.CloseReason;
import org.jspecify.annotations.Nullable;

/**
 * Ends streams that no longer reach their clients: the client's kernel acknowledges
 * nothing of what is sent, or a client that promised to acknowledge says nothing. Any
 * thread may ask.
 */
public final class LivenessPolicy {

	private static final Action ABORT = new Action.Abort();

	private static final Action PROBE = new Action.Probe();

	private static final Action ZOMBIE = new Action.End(CloseReason.ZOMBIE);

	private final long unreachableAfterNanos;

	private final long ackTimeoutNanos;

	private final long probeTimeoutNanos;

	/**
	 * Makes the policy.
	 * @param unreachableAfter how long the client's kernel may acknowledge nothing; zero
	 * for what the system does
	 * @param ackTimeout how long a client that acknowledges may say nothing before it is
	 * probed
	 * @param probeTimeout how long it may then take before its stream ends
	 */
	public LivenessPolicy(Duration unreachableAfter, Duration ackTimeout, Duration probeTimeout) {
		this.unreachableAfterNanos = unreachableAfter.toNanos();
		this.ackTimeoutNanos = ackTimeout.toNanos();
		this.probeTimeoutNanos = probeTimeout.toNanos();
	}

	/**
	 * A client's kernel surely acknowledged nothing since.
	 *
	 * @param sinceNanos since when
	 */
	public record Silence(long sinceNanos) {

	}

	/**
	 * Returns whether the client's kernel is to be asked at all.
	 * @return whether it is
	 */
	public boolean watchesKernel() {
		return this.unreachableAfterNanos > 0;
	}

	/**
	 * Finds out since when a client's kernel is silent. While anything is unacknowledged,
	 * what was written last is.
	 * @param before the silence at the last look, or null
	 * @param acknowledged how long ago the kernel last acknowledged anything; null where
	 * nothing is unacknowledged
	 * @param lastWriteNanos when something was last written
	 * @param nowNanos now
	 * @return the silence, or null
	 */
	public static @Nullable Silence silence(@Nullable Silence before, @Nullable Duration acknowledged,
			long lastWriteNanos, long nowNanos) {
		if (acknowledged == null) {
			return null;
		}
		if (before == null || nowNanos - acknowledged.toNanos() - before.sinceNanos() > 0) {
			return new Silence(lastWriteNanos);
		}
		return before;
	}

	/**
	 * Asks what is due of the wire.
	 * @param silence the silence of the client's kernel, or null
	 * @param nowNanos now
	 * @return closes the socket, or waits until it is to be closed
	 */
	public Due lookAtWire(@Nullable Silence silence, long nowNanos) {
		long silent = (silence != null) ? nowNanos - silence.sinceNanos() : 0;
		if (silent <= 0) {
			return Due.NEVER;
		}
		return (silent >= this.unreachableAfterNanos) ? Due.now(ABORT) : Due.in(this.unreachableAfterNanos - silent);
	}

	/**
	 * Asks what is due of a client that acknowledges.
	 * @param probed whether a probe is out
	 * @param sinceNanos since when the client owes something: an acknowledgement, or the
	 * answer to the probe
	 * @param nowNanos now
	 * @return ends the stream, probes the client, or waits
	 */
	public Due lookAtClient(boolean probed, long sinceNanos, long nowNanos) {
		long left = sinceNanos + (probed ? this.probeTimeoutNanos : this.ackTimeoutNanos) - nowNanos;
		if (left > 0) {
			return Due.in(left);
		}
		return Due.now(probed ? ZOMBIE : PROBE);
	}

}
