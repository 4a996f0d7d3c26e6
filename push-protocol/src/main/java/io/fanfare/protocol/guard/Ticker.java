package io.fanfare.protocol.guard;

/**
 * The monotonic clock of a process. Everything that measures how long something takes, or
 * waits for, is given it by constructor. The time of day comes from a
 * {@link java.time.Clock}.
 * <p>
 * Any thread may call.
 */
@FunctionalInterface
public interface Ticker {

	/**
	 * The time.
	 * @return nanoseconds since an arbitrary instant, to be compared by difference alone
	 */
	long nanoTime();

	/**
	 * The clock of the virtual machine.
	 * @return {@link System#nanoTime()}
	 */
	static Ticker system() {
		return System::nanoTime;
	}

}
