package io.fanfare.node.stream;

import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RequestArrivalTests {

	private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

	private final RequestArrival arrival = new RequestArrival(5 * SECOND, 10 * SECOND);

	@Test
	void beforeItsFirstByteARequestHasAllItsTime() {
		assertThat(this.arrival.leftNanos(5 * SECOND)).isEqualTo(10 * SECOND);
		assertThat(this.arrival.leftNanos(15 * SECOND)).isZero();
	}

	@Test
	void fromItsFirstByteOnItHasALittleAndWhatItsBytesTake() {
		assertThat(this.arrival.add(1, 7 * SECOND)).isTrue();
		assertThat(this.arrival.leftNanos(7 * SECOND)).isEqualTo(3 * SECOND + SECOND / 100);
		assertThat(this.arrival.add(199, 9 * SECOND)).isFalse();
		assertThat(this.arrival.leftNanos(9 * SECOND)).isEqualTo(3 * SECOND);
		assertThat(this.arrival.leftNanos(12 * SECOND)).isZero();
	}

	@Test
	void noRateGivesItMoreThanItsTime() {
		this.arrival.add(1_000_000, 5 * SECOND);
		assertThat(this.arrival.leftNanos(6 * SECOND)).isEqualTo(9 * SECOND);
	}

	@Test
	void aByteNowAndThenIsNotEnough() {
		long now = 5 * SECOND;
		while (this.arrival.leftNanos(now) > 0) {
			this.arrival.add(1, now);
			now += SECOND / 2;
		}
		assertThat(now).isBetween(8 * SECOND, 9 * SECOND);
	}

}
