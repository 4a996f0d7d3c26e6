package io.fanfare.api.trace;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** How far back it is known which nodes there were. */
class WitnessesTests {

	private final Witnesses witnesses = new Witnesses();

	@Test
	void withoutANodeNothingIsKnown() {
		assertThat(this.witnesses.reachBackTo(50)).isFalse();
		this.witnesses.add(10, 90);
		assertThat(this.witnesses.reachBackTo(50)).as("nothing since then").isFalse();
	}

	@Test
	void aNodeTellsOfTheTimeSinceItBegan() {
		this.witnesses.add(50);
		assertThat(this.witnesses.reachBackTo(50)).isTrue();
		assertThat(this.witnesses.reachBackTo(49)).isFalse();
	}

	@Test
	void nodesThatEndedAreContinuedByThoseThatBeganBefore() {
		this.witnesses.add(10, 40);
		this.witnesses.add(70);
		this.witnesses.add(35, 75);
		assertThat(this.witnesses.reachBackTo(10)).isTrue();
		assertThat(this.witnesses.reachBackTo(9)).isFalse();
	}

	@Test
	void aTimeWithoutANodeIsNotPassedOver() {
		this.witnesses.add(10, 40);
		this.witnesses.add(41);
		assertThat(this.witnesses.reachBackTo(41)).isTrue();
		assertThat(this.witnesses.reachBackTo(40)).isFalse();
	}

}
