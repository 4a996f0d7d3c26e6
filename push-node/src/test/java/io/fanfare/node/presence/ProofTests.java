package io.fanfare.node.presence;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ProofTests {

	private static final long LEASE = 15_000;

	private final Proof proof = new Proof(3, 1_000_000_000L, 50_000);

	private boolean holds(long link, long nanosLater, long millisLater) {
		return this.proof.holds(link, 1_000_000_000L + nanosLater, 50_000 + millisLater, LEASE);
	}

	@Test
	void itHoldsOnItsLinkWithinTheLease() {
		assertThat(holds(3, 0, 0)).isTrue();
		assertThat(holds(3, 14_999_999_999L, 14_999)).isTrue();
	}

	@Test
	void itEndsWithTheLeaseByEitherClock() {
		assertThat(holds(3, 15_000_000_000L, 0)).isFalse();
		assertThat(holds(3, 0, 15_000)).isFalse();
	}

	@Test
	void itEndsWithItsLink() {
		assertThat(holds(4, 0, 0)).isFalse();
		assertThat(holds(0, 0, 0)).isFalse();
		assertThat(new Proof(0, 0, 0).holds(0, 0, 0, LEASE)).isFalse();
	}

	@Test
	void theLeaseOutlivesTheLink() {
		assertThat(this.proof.isWithinLease(1_000_000_001L, 50_001, LEASE)).isTrue();
		assertThat(this.proof.isWithinLease(16_000_000_000L, 50_001, LEASE)).isFalse();
	}

	@Test
	void aMonotonicClockThatWrapsDoesNotMatter() {
		Proof late = new Proof(1, Long.MAX_VALUE - 10, 0);
		assertThat(late.holds(1, Long.MIN_VALUE + 10, 0, LEASE)).isTrue();
		assertThat(late.holds(1, Long.MIN_VALUE + 15_000_000_000L, 0, LEASE)).isFalse();
	}

}
