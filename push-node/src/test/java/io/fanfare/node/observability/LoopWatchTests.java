package io.fanfare.node.observability;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.connection.LoopPulse;
import io.fanfare.node.connection.LoopTasks;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LoopWatchTests {

	private static final Duration SECOND = Duration.ofSeconds(1);

	private long nanos = 1;

	private final LoopPulse first = LoopTasks.started(this.nanos);

	private final LoopPulse second = LoopTasks.started(this.nanos);

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final LoopWatch watch = new LoopWatch(() -> List.of(this.first, this.second), () -> this.nanos,
			this.registry);

	/** Time passes while the watch looks, and these loops tick. */
	private void pass(Duration time, LoopPulse... ticking) {
		long end = this.nanos + time.toNanos();
		while (this.nanos < end) {
			this.nanos += LoopWatch.INTERVAL.toNanos();
			for (LoopPulse pulse : ticking) {
				LoopTasks.tick(pulse, this.nanos);
			}
			this.watch.look();
		}
	}

	/** Time passes in which nothing runs. */
	private void pause(Duration time) {
		this.nanos += time.toNanos();
	}

	@Test
	void aLoopThatStandsStillIsBlockedAfterFourSecondsAndNotAliveAfterThirty() {
		pass(SECOND, this.first, this.second);
		pass(Duration.ofMillis(3_750), this.first);
		assertThat(this.watch.isReady()).isTrue();
		pass(Duration.ofMillis(250), this.first);
		assertThat(this.watch.isReady()).isFalse();
		assertThat(this.watch.blocked()).containsExactly(1);
		assertThat(this.watch.loops().get(1).blocked()).isTrue();
		assertThat(this.watch.loops().get(0).blocked()).isFalse();
		pass(Duration.ofMillis(25_750), this.first);
		assertThat(this.watch.isAlive()).isTrue();
		pass(Duration.ofMillis(250), this.first);
		assertThat(this.watch.isAlive()).isFalse();
		pass(SECOND, this.first, this.second);
		assertThat(this.watch.isReady()).isTrue();
		assertThat(this.watch.isAlive()).isTrue();
	}

	@Test
	void aLoopThatIsBlockedBeforeItsFirstTickIsNotUp() {
		pass(Duration.ofSeconds(4), this.first);
		assertThat(this.watch.blocked()).containsExactly(1);
		pass(Duration.ofSeconds(26), this.first);
		assertThat(this.watch.isAlive()).isFalse();
	}

	@Test
	void theAgeOfALeaseIsKnownOnceItWasRenewed() {
		pass(SECOND, this.first, this.second);
		LoopTasks.renewed(this.second, this.nanos);
		pass(SECOND, this.first, this.second);
		assertThat(leaseAge("0")).isNaN();
		assertThat(leaseAge("1")).isEqualTo(1);
	}

	private double leaseAge(String loop) {
		return this.registry.get("fanfare.lease.age").tag("loop", loop).timeGauge().value(TimeUnit.SECONDS);
	}

	@Test
	void aPauseOfTheWholeProcessSaysNothingOfItsLoops() {
		pass(SECOND, this.first, this.second);
		pause(Duration.ofSeconds(40));
		assertThat(this.watch.isReady()).as("asked before the watch looks").isTrue();
		this.watch.look();
		assertThat(this.watch.isReady()).as("asked before the loops tick").isTrue();
		assertThat(this.watch.isAlive()).isTrue();
		pass(SECOND, this.first, this.second);
		assertThat(this.watch.isReady()).isTrue();
		assertThat(this.watch.isAlive()).isTrue();
	}

	@Test
	void aLoopThatDoesNotGoOnAfterAPauseIsBlocked() {
		pass(SECOND, this.first, this.second);
		pause(Duration.ofSeconds(5));
		pass(SECOND, this.first);
		assertThat(this.watch.blocked()).containsExactly(1);
		pause(Duration.ofSeconds(5));
		this.watch.look();
		assertThat(this.watch.isReady()).as("what was found before the pause holds").isFalse();
	}

	@Test
	void aWatchThatIsAlwaysLateJudgesAllTheSame() {
		pass(SECOND, this.first, this.second);
		for (int i = 0; i < 3; i++) {
			pause(Duration.ofSeconds(2));
			LoopTasks.tick(this.first, this.nanos);
			this.watch.look();
		}
		assertThat(this.watch.blocked()).containsExactly(1);
	}

}
