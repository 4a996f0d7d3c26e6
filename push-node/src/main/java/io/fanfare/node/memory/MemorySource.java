package io.fanfare.node.memory;

import java.time.Duration;

/** Where memory is read. */
interface MemorySource {

	/**
	 * Reads how much is in use now.
	 * @return the reading
	 */
	MemoryReading get();

	/**
	 * Lets the collector run beside the process when it did not run for a time. A heap
	 * that does not fill is never collected otherwise, and what the last collection left
	 * would count for ever, though it may be garbage by now.
	 * @param time for how long; zero to leave that again
	 */
	void collectWhenIdleFor(Duration time);

}
