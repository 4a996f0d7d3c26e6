package io.fanfare.protocol.http;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * Notices that the process did not run for some time. What clients sent meanwhile is not
 * read yet, so it cannot be told which of them are late.
 */
final class Pauses {

	private final Duration longest;

	private final Duration settling;

	private @Nullable Long looked;

	private @Nullable Long settlesAt;

	/**
	 * Nothing was looked at yet.
	 * @param longest more between two looks is a pause
	 * @param settling how long what came meanwhile takes to be read
	 */
	Pauses(Duration longest, Duration settling) {
		this.longest = longest;
		this.settling = settling;
	}

	/**
	 * To be asked at each look. On a machine that is slow for ever every second look
	 * counts.
	 * @param now by a clock in nanoseconds
	 * @return whether it can be told which clients are late
	 */
	synchronized boolean isSettled(long now) {
		boolean paused = this.looked != null && now - this.looked > this.longest.toNanos();
		this.looked = now;
		if (this.settlesAt != null) {
			if (now - this.settlesAt < 0) {
				return false;
			}
			this.settlesAt = null;
			return true;
		}
		if (paused) {
			this.settlesAt = now + this.settling.toNanos();
			return false;
		}
		return true;
	}

}
