package io.fanfare.protocol.http;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class PausesTests {

	private final Pauses pauses = new Pauses(Duration.ofMillis(500), Duration.ofMillis(250));

	private boolean isSettledAt(long millis) {
		return this.pauses.isSettled(Duration.ofMillis(millis).toNanos());
	}

	@Test
	void theFirstLookAndRegularOnesCount() {
		assertThat(isSettledAt(-9_000)).isTrue();
		assertThat(isSettledAt(-8_750)).isTrue();
		assertThat(isSettledAt(-8_250)).isTrue();
	}

	@Test
	void afterAPauseALookCountsOnceWhatCameIsRead() {
		isSettledAt(0);
		assertThat(isSettledAt(501)).isFalse();
		assertThat(isSettledAt(526)).isFalse();
		assertThat(isSettledAt(750)).isFalse();
		assertThat(isSettledAt(751)).isTrue();
		assertThat(isSettledAt(1_001)).isTrue();
	}

	/** A machine without time for looks would never make room. */
	@Test
	void whereEachLookIsLateEverySecondCounts() {
		isSettledAt(0);
		assertThat(isSettledAt(2_000)).isFalse();
		assertThat(isSettledAt(4_000)).isTrue();
		assertThat(isSettledAt(6_000)).isFalse();
		assertThat(isSettledAt(8_000)).isTrue();
	}

}
