package io.fanfare.redis;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.ThreadScheduler;
import io.fanfare.protocol.guard.Ticker;

/** The scheduler of tests to which none of its errors matter. */
public final class TestScheduler {

	private static final Scheduler SHARED = new ThreadScheduler(Ticker.system(),
			new Errors(Ticker.system(), (where) -> {
			}, (fatal) -> {
			}));

	private TestScheduler() {
	}

	/** One for all tests of the process; is never closed. */
	public static Scheduler shared() {
		return SHARED;
	}

}
