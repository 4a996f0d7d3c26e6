package io.fanfare.node.broker;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class ArrivalsTests {

	/** A monotonic clock may be negative. */
	private static final long BEGIN = -Duration.ofSeconds(5).toNanos();

	private final Arrivals arrivals = new Arrivals(Probe.Settings.DEFAULT);

	private long now = BEGIN;

	private void pass(int millis) {
		this.now += Duration.ofMillis(millis).toNanos();
	}

	/** A probe leaves, and arrives after 10 ms. */
	private void probe() {
		this.arrivals.tick(this.now);
		this.arrivals.sent(this.now);
		pass(10);
		this.arrivals.arrived(this.now);
		pass(1990);
	}

	private boolean isArriving() {
		return this.arrivals.isArriving(this.now);
	}

	private boolean isOverdue() {
		return this.arrivals.isOverdue(this.now);
	}

	@Test
	void nothingArrivesBeforeTheFirstProbeAndAfterTheLinkWent() {
		assertThat(isArriving()).isFalse();
		probe();
		assertThat(isArriving()).isTrue();
		this.arrivals.reset();
		assertThat(isArriving()).isFalse();
	}

	@ParameterizedTest
	@ValueSource(ints = { 1_000, 4_000, 6_000, 10_000, 29_000 })
	void aPauseOfTheProcessIsNoSilence(int pause) {
		probe();
		pass(pause);
		assertThat(isArriving()).as("before the first tick").isTrue();
		this.arrivals.tick(this.now);
		this.arrivals.sent(this.now);
		assertThat(isArriving()).as("before its probe is back").isTrue();
		assertThat(isOverdue()).isFalse();
		pass(10);
		this.arrivals.arrived(this.now);
		pass(1990);
		assertThat(isArriving()).isTrue();
	}

	@Test
	void aProbeThatWasOnItsWayWhenThePauseBeganIsNotOverdue() {
		probe();
		this.arrivals.tick(this.now);
		this.arrivals.sent(this.now);
		pass(9_000);
		this.arrivals.tick(this.now);
		assertThat(isOverdue()).isFalse();
		assertThat(isArriving()).isTrue();
	}

	@Test
	void aProcessThatIsLateAllTheTimeIsNotExcused() {
		probe();
		this.arrivals.tick(this.now);
		this.arrivals.sent(this.now);
		pass(3_500);
		this.arrivals.tick(this.now);
		assertThat(isOverdue()).as("once").isFalse();
		pass(3_500);
		this.arrivals.tick(this.now);
		assertThat(isOverdue()).as("twice").isTrue();
		pass(1_000);
		assertThat(isArriving()).isFalse();
	}

	@Test
	void silenceThatLastsAfterAPauseIsOne() {
		probe();
		pass(6_000);
		for (int i = 0; i < 3; i++) {
			this.arrivals.tick(this.now);
			this.arrivals.sent(this.now);
			pass(2_000);
		}
		assertThat(isArriving()).isFalse();
		assertThat(isOverdue()).isTrue();
	}

	@Test
	void silenceOfTheLinkIsOneWithoutAPause() {
		probe();
		for (int i = 0; i < 2; i++) {
			this.arrivals.tick(this.now);
			this.arrivals.sent(this.now);
			pass(2_000);
		}
		assertThat(isArriving()).isTrue();
		assertThat(isOverdue()).isFalse();
		pass(20);
		assertThat(isArriving()).isFalse();
		assertThat(isOverdue()).isTrue();
		this.arrivals.forgive();
		assertThat(isOverdue()).isFalse();
	}

	@Test
	void aProbeThatIsNotSentForTooLongIsNoPause() {
		probe();
		pass((int) Arrivals.MAX_PAUSE.toMillis() + 1);
		assertThat(isArriving()).isFalse();
		this.arrivals.tick(this.now);
		assertThat(isArriving()).isFalse();
	}

}
