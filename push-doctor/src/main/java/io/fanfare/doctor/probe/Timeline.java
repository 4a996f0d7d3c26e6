package io.fanfare.doctor.probe;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Time of day that neither jumps nor runs backwards during a run: the clock is read once,
 * and what has passed since is measured. Any thread may call.
 */
final class Timeline {

	private final long startMs;

	private final long startNanos;

	private final LongSupplier nanos;

	Timeline() {
		this(System.currentTimeMillis(), System::nanoTime);
	}

	Timeline(long startMs, LongSupplier nanos) {
		this.startMs = startMs;
		this.nanos = nanos;
		this.startNanos = nanos.getAsLong();
	}

	/** Milliseconds since the epoch. */
	long nowMs() {
		return this.startMs + TimeUnit.NANOSECONDS.toMillis(this.nanos.getAsLong() - this.startNanos);
	}

	/** How long this has run. */
	Duration elapsed() {
		return Duration.ofNanos(this.nanos.getAsLong() - this.startNanos);
	}

}
