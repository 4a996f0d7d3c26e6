package io.fanfare.faults.check;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/**
 * What a scenario found to be otherwise than it should be. Each makes the scenario fail.
 * Used by one thread.
 */
public final class Complaints {

	private final List<String> all = new ArrayList<>();

	/**
	 * Adds one.
	 * @param complaint in words
	 */
	public void add(String complaint) {
		this.all.add(complaint);
	}

	/**
	 * Something must come true.
	 * @param what in words
	 * @param atMost within which time
	 * @param condition the condition; what throws is not true yet
	 */
	public void expect(String what, Duration atMost, Callable<Boolean> condition) {
		try {
			Awaitility.await()
				.pollDelay(Duration.ZERO)
				.pollInterval(Duration.ofMillis(20))
				.atMost(atMost)
				.ignoreExceptions()
				.until(condition);
		}
		catch (ConditionTimeoutException ex) {
			add("Not within " + atMost.toMillis() + " ms: " + what);
		}
	}

	/**
	 * Something must be true now.
	 * @param what in words
	 * @param holds whether it is
	 * @param found what there is instead
	 */
	public void check(String what, boolean holds, Object found) {
		if (!holds) {
			add("Not so: " + what + ": " + found);
		}
	}

	/**
	 * Adds them to those that the checker has.
	 * @param score what the checker found
	 * @return the score with all of them
	 */
	public Score in(Score score) {
		List<String> together = new ArrayList<>(this.all);
		together.addAll(score.complaints());
		return score.with(together);
	}

}
