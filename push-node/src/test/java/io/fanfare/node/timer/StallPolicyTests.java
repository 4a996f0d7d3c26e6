package io.fanfare.node.timer;

import java.time.Duration;

import io.fanfare.node.timer.StallPolicy.Stall;
import io.fanfare.protocol.CloseReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class StallPolicyTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final StallPolicy policy = new StallPolicy(Duration.ofSeconds(30));

	private Stall stall = Stall.NONE;

	@Test
	void aReaderThatTakesAllIsForgotten() {
		look(false, 0, 1);
		assertThat(this.stall.stopped()).isNotNull();
		assertThat(this.policy.look(this.stall, true, false, 0, 2).stall()).isSameAs(Stall.NONE);
	}

	@Test
	void aStallIsCountedOnceAndThenEndsTheStream() {
		assertThat(look(false, 7, 0).action()).isEqualTo(Action.NOTHING);
		assertThat(look(false, 7, 5 * SECOND - 1).action()).isEqualTo(Action.NOTHING);
		assertThat(look(false, 7, 5 * SECOND).action()).isEqualTo(new Action.CountStall());
		assertThat(look(false, 7, 6 * SECOND)).isEqualTo(Due.in(SECOND));
		assertThat(look(false, 7, 30 * SECOND).action()).isEqualTo(new Action.End(CloseReason.SLOW));
	}

	@Test
	void progressBeginsANewStall() {
		look(false, 7, 0);
		look(false, 7, 5 * SECOND);
		assertThat(look(false, 8, 6 * SECOND).action()).isEqualTo(Action.NOTHING);
		assertThat(look(false, 8, 11 * SECOND - 1).action()).isEqualTo(Action.NOTHING);
		assertThat(look(false, 8, 11 * SECOND).action()).isEqualTo(new Action.CountStall());
	}

	@Test
	void aReaderBelowTheLeastRateIsEnded() {
		assertThat(look(true, 0, 0).action()).isEqualTo(Action.NOTHING);
		assertThat(look(true, 30 * 1024 - 1, 30 * SECOND).action()).isEqualTo(new Action.End(CloseReason.SLOW));
	}

	@Test
	void aReaderAtTheLeastRateIsMeasuredAnew() {
		look(true, 0, 0);
		assertThat(look(true, 30 * 1024, 30 * SECOND).action()).isEqualTo(Action.NOTHING);
		assertThat(look(true, 30 * 1024, 59 * SECOND).action()).isEqualTo(Action.NOTHING);
		assertThat(look(true, 30 * 1024, 60 * SECOND).action()).isEqualTo(new Action.End(CloseReason.SLOW));
	}

	private Due look(boolean writable, long drained, long nanos) {
		StallPolicy.Look look = this.policy.look(this.stall, writable, true, drained, nanos);
		this.stall = look.stall();
		return look.due();
	}

}
