package io.fanfare.api.cluster;

import java.time.Duration;

import io.fanfare.redis.cluster.Nodes;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SilenceCheckTests {

	private long nanos = Long.MAX_VALUE - 1_000;

	private long redisMs = 1_700_000_000_000L;

	private final SilenceCheck silence = new SilenceCheck(() -> this.nanos);

	@Test
	void clocksThatGoAlikeAreNoStepHoweverLongBetweenTwoLooks() {
		assertThat(look()).isTrue();
		for (Duration time : new Duration[] { Duration.ofSeconds(1), Duration.ofHours(3), Duration.ofMinutes(1) }) {
			pass(time);
			assertThat(look()).isTrue();
		}
	}

	@Test
	void aStepForwardCountsUntilNodesHaveReportedAgain() {
		look();
		this.redisMs += 5_001;
		assertThat(look()).isFalse();
		pass(Nodes.REWRITTEN.minusMillis(1));
		assertThat(look()).isFalse();
		pass(Duration.ofMillis(1));
		assertThat(look()).isTrue();
	}

	@Test
	void aSmallStepAndAStepBackAreNone() {
		look();
		this.redisMs += 5_000;
		assertThat(look()).isTrue();
		this.redisMs -= 3_600_000;
		assertThat(look()).isTrue();
		pass(Duration.ofSeconds(1));
		assertThat(look()).isTrue();
	}

	@Test
	void nothingIsCertainUntilNodesHaveReportedAfterTheyCould() {
		look();
		this.silence.interrupted();
		pass(Duration.ofSeconds(10));
		this.silence.interrupted();
		pass(Nodes.REWRITTEN.minusMillis(1));
		assertThat(look()).isFalse();
		pass(Duration.ofMillis(1));
		assertThat(look()).isTrue();
	}

	private void pass(Duration time) {
		this.nanos += time.toNanos();
		this.redisMs += time.toMillis();
	}

	private boolean look() {
		return this.silence.isCertain(this.redisMs);
	}

}
