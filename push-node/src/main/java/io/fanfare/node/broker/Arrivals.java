package io.fanfare.node.broker;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Judges by the probes that arrive, and by the one that is missing, whether messages do.
 * <p>
 * A time in which the whole process stood still is no silence of the link: what came
 * meanwhile waits in the socket. A tick that is late shows such a pause, and silence does
 * not count for as long as it was late. It does count after {@link #MAX_PAUSE}, for then
 * it is the thread of the probe that is stuck, and where the tick before was late, too: a
 * process that is slow all the time is not excused. Any thread may call; times are those
 * of the monotonic clock.
 */
final class Arrivals {

	/** A tick that is later shows that the process stood still. */
	private static final Duration SLACK = Duration.ofSeconds(1);

	/** The longest pause that is excused. */
	static final Duration MAX_PAUSE = Duration.ofSeconds(30);

	private final long interval;

	private final long timeout;

	/** When the last tick was; null before the first. */
	private @Nullable Long tickedAt;

	/** Whether the last tick was late. */
	private boolean late;

	/** When the last probe arrived; null where none did since the link was up. */
	private @Nullable Long arrivedAt;

	/** When the first probe left that has not arrived; null when none is missing. */
	private @Nullable Long missingSince;

	/**
	 * Makes it.
	 * @param settings how often a tick is due, and how long a probe may take
	 */
	Arrivals(Probe.Settings settings) {
		this.interval = settings.interval().toNanos();
		this.timeout = settings.timeout().toNanos();
	}

	/** It is time for a probe. */
	synchronized void tick(long now) {
		long pause = pause(now);
		if (pause > 0) {
			this.arrivedAt = later(this.arrivedAt, pause, now);
			this.missingSince = later(this.missingSince, pause, now);
		}
		this.late = lateness(now) > SLACK.toNanos();
		this.tickedAt = now;
	}

	private static @Nullable Long later(@Nullable Long time, long pause, long now) {
		return (time == null) ? null : (time + pause - now < 0) ? time + pause : (Long) now;
	}

	private long lateness(long now) {
		Long ticked = this.tickedAt;
		return (ticked != null) ? now - ticked - this.interval : 0;
	}

	/** For how long the process stood still since the last tick, if that is excused. */
	private long pause(long now) {
		long lateness = lateness(now);
		return (!this.late && lateness > SLACK.toNanos() && lateness <= MAX_PAUSE.toNanos()) ? lateness : 0;
	}

	/** Redis took a probe that was sent at that time. */
	synchronized void sent(long at) {
		Long arrived = this.arrivedAt;
		if (this.missingSince == null && (arrived == null || arrived - at < 0)) {
			this.missingSince = at;
		}
	}

	/** A probe arrived. */
	synchronized void arrived(long now) {
		this.arrivedAt = now;
		this.missingSince = null;
	}

	/** The link is up, or is given up: nothing is missing. */
	synchronized void forgive() {
		this.missingSince = null;
	}

	/** The link is down. */
	synchronized void reset() {
		this.arrivedAt = null;
		this.missingSince = null;
	}

	/** Whether a probe is missing for longer than the timeout. */
	synchronized boolean isOverdue(long now) {
		Long since = this.missingSince;
		return since != null && now - since > this.timeout;
	}

	/** Whether a probe arrived within an interval and the timeout. */
	synchronized boolean isArriving(long now) {
		Long last = this.arrivedAt;
		return last != null && now - last - pause(now) < this.interval + this.timeout;
	}

}
