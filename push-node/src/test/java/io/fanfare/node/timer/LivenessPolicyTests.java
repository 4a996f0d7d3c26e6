package io.fanfare.node.timer;

import java.time.Duration;
import java.util.List;

import io.fanfare.node.timer.LivenessPolicy.Silence;
import io.fanfare.protocol.CloseReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LivenessPolicyTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final LivenessPolicy policy = new LivenessPolicy(Duration.ofSeconds(25), Duration.ofSeconds(60),
			Duration.ofSeconds(30));

	@Test
	void aClientThatOwesAnAcknowledgementIsProbedAndThenEnded() {
		assertThat(this.policy.lookAtClient(false, 0, 60 * SECOND - 1)).isEqualTo(Due.in(1));
		assertThat(this.policy.lookAtClient(false, 0, 60 * SECOND).action()).isEqualTo(new Action.Probe());
		assertThat(this.policy.lookAtClient(true, 60 * SECOND, 60 * SECOND)).isEqualTo(Due.in(30 * SECOND));
		assertThat(this.policy.lookAtClient(true, 60 * SECOND, 90 * SECOND).action())
			.isEqualTo(new Action.End(CloseReason.ZOMBIE));
	}

	@Test
	void aSilentKernelEndsTheConnectionAtTheLimit() {
		assertThat(this.policy.lookAtWire(null, SECOND)).isEqualTo(Due.NEVER);
		assertThat(this.policy.lookAtWire(new Silence(SECOND), SECOND)).isEqualTo(Due.NEVER);
		assertThat(this.policy.lookAtWire(new Silence(SECOND), 26 * SECOND - 1)).isEqualTo(Due.in(1));
		assertThat(this.policy.lookAtWire(new Silence(SECOND), 26 * SECOND).action()).isEqualTo(new Action.Abort());
	}

	@Test
	void silenceBeginsAtTheLastWriteAndEndsWithAnAcknowledgement() {
		assertThat(LivenessPolicy.silence(null, null, SECOND, 2 * SECOND)).isNull();
		Silence first = LivenessPolicy.silence(null, Duration.ofSeconds(9), SECOND, 2 * SECOND);
		assertThat(first).isEqualTo(new Silence(SECOND));
		assertThat(LivenessPolicy.silence(first, Duration.ofSeconds(9), 3 * SECOND, 4 * SECOND)).isSameAs(first);
		assertThat(LivenessPolicy.silence(first, Duration.ofSeconds(2), 3 * SECOND, 4 * SECOND))
			.as("acknowledged at second 2, after the first silence began")
			.isEqualTo(new Silence(3 * SECOND));
		assertThat(LivenessPolicy.silence(first, null, 3 * SECOND, 4 * SECOND)).isNull();
	}

	@Test
	void onlyTheNonceAnswersAProbe() {
		Liveness liveness = new Liveness(0);
		assertThat(liveness.acknowledged(List.of(), 1)).isTrue();
		liveness.probed("n", 2);
		assertThat(liveness.acknowledged(List.of("m"), 3)).isFalse();
		assertThat(liveness.sinceNanos()).isEqualTo(2);
		assertThat(liveness.acknowledged(List.of("m", "n"), 5)).isTrue();
		assertThat(liveness.sinceNanos()).isEqualTo(5);
		assertThat(liveness.roundTripNanos()).isEqualTo(3);
	}

}
