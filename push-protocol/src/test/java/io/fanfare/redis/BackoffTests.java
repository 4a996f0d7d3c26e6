package io.fanfare.redis;

import java.time.Duration;
import java.util.SplittableRandom;

import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

import static org.assertj.core.api.Assertions.assertThat;

class BackoffTests {

	@RepeatedTest(20)
	void theTimeDoublesUpToALimitWithJitterAndBeginsAnew(RepetitionInfo repetition) {
		Backoff backoff = new Backoff(new SplittableRandom(repetition.getCurrentRepetition()));
		for (int round = 0; round < 2; round++) {
			for (int least : new int[] { 50, 100, 200, 400, 800, 1000, 1000, 1000 }) {
				assertThat(backoff.next()).isBetween(Duration.ofMillis(least), Duration.ofMillis(2 * least - 1));
			}
			backoff.reset();
		}
	}

}
