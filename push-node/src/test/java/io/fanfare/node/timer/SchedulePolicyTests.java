package io.fanfare.node.timer;

import java.time.Duration;

import io.fanfare.node.encoding.Blocks.Expiry;
import io.fanfare.node.timer.SchedulePolicy.Announced;
import io.fanfare.node.timer.SchedulePolicy.Stream;
import io.fanfare.protocol.CloseReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SchedulePolicyTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private static final long FAR_MILLIS = Duration.ofDays(1).toMillis();

	private static final long FAR_NANOS = Duration.ofDays(1).toNanos();

	private final SchedulePolicy policy = new SchedulePolicy(Duration.ofHours(1), Duration.ofMinutes(2));

	@Test
	void aTokenExpiresAtItsTime() {
		assertThat(this.policy.lookAtToken(10, 9)).isEqualTo(Due.NEVER);
		assertThat(this.policy.lookAtToken(10, 10).action()).isEqualTo(new Action.End(CloseReason.TOKEN_EXPIRED));
	}

	@Test
	void aTokenIsAnnouncedOnceAtItsRenewal() {
		Stream stream = new Stream(70_000, 100_000, FAR_NANOS, 0, true, true);
		assertThat(this.policy.look(stream, Announced.NONE, 0, 69_000)).isEqualTo(Due.in(SECOND));
		assertThat(this.policy.look(stream, Announced.NONE, 0, 70_000).action())
			.isEqualTo(new Action.Announce(Expiry.TOKEN, 100_000));
		Announced announced = Announced.NONE.and(Expiry.TOKEN, 0);
		assertThat(this.policy.look(stream, announced, 0, 70_000)).isEqualTo(Due.in(30 * SECOND));
	}

	@Test
	void aTokenIsAnnouncedTwoSecondsBeforeItExpiresAtLeast() {
		Stream stream = new Stream(100_000, 100_000, FAR_NANOS, 0, true, true);
		assertThat(this.policy.look(stream, Announced.NONE, 0, 97_999).isDue()).isFalse();
		assertThat(this.policy.look(stream, Announced.NONE, 0, 98_000).isDue()).isTrue();
	}

	@Test
	void aLifeThatEndsIsAnnouncedAMinuteBeforeAndEndsAtAQuietMoment() {
		Stream quiet = new Stream(FAR_MILLIS, FAR_MILLIS, 100 * SECOND, 99 * SECOND, true, true);
		assertThat(this.policy.look(quiet, Announced.NONE, 39 * SECOND, 0)).isEqualTo(Due.in(SECOND));
		assertThat(this.policy.look(quiet, Announced.NONE, 40 * SECOND, 0).action())
			.isEqualTo(new Action.Announce(Expiry.LIFETIME, 60_000));
		Announced announced = Announced.NONE.and(Expiry.LIFETIME, 0);
		assertThat(this.policy.look(quiet, announced, 100 * SECOND - 1, 0)).isEqualTo(Due.in(1));
		assertThat(this.policy.look(quiet, announced, 100 * SECOND, 0).action())
			.isEqualTo(new Action.End(CloseReason.LIFETIME));
	}

	@Test
	void aBusyStreamLivesHalfAMinuteLongerAtMost() {
		Stream busy = new Stream(FAR_MILLIS, FAR_MILLIS, 100 * SECOND, 0, false, true);
		Announced announced = Announced.NONE.and(Expiry.LIFETIME, 0);
		assertThat(this.policy.look(busy, announced, 130 * SECOND - 1, 0).isDue()).isFalse();
		assertThat(this.policy.look(busy, announced, 130 * SECOND, 0).action())
			.isEqualTo(new Action.End(CloseReason.LIFETIME));
	}

	@Test
	void anIdleStreamIsAnnouncedAndEndsUnlessItsClientAcknowledges() {
		Stream idle = new Stream(FAR_MILLIS, FAR_MILLIS, FAR_NANOS, SECOND, true, false);
		assertThat(this.policy.look(idle, Announced.NONE, 90 * SECOND, 0)).isEqualTo(Due.in(SECOND));
		assertThat(this.policy.look(idle, Announced.NONE, 91 * SECOND, 0).action())
			.isEqualTo(new Action.Announce(Expiry.IDLE, 30_000));
		Announced announced = Announced.NONE.and(Expiry.IDLE, SECOND);
		assertThat(this.policy.look(idle, announced, 121 * SECOND - 1, 0)).isEqualTo(Due.in(1));
		assertThat(this.policy.look(idle, announced, 121 * SECOND, 0).action())
			.isEqualTo(new Action.End(CloseReason.IDLE));
		Stream acknowledging = new Stream(FAR_MILLIS, FAR_MILLIS, FAR_NANOS, SECOND, true, true);
		assertThat(this.policy.look(acknowledging, Announced.NONE, 121 * SECOND, 0).isDue()).isFalse();
	}

	@Test
	void idlenessAfterALaterMessageIsAnnouncedAnew() {
		Stream later = new Stream(FAR_MILLIS, FAR_MILLIS, FAR_NANOS, 50 * SECOND, true, false);
		assertThat(this.policy.look(later, Announced.NONE.and(Expiry.IDLE, SECOND), 140 * SECOND, 0).action())
			.isEqualTo(new Action.Announce(Expiry.IDLE, 30_000));
	}

	@Test
	void whatIsOffNeverComes() {
		SchedulePolicy off = new SchedulePolicy(Duration.ZERO, Duration.ZERO);
		Stream stream = new Stream(FAR_MILLIS, Long.MAX_VALUE, Long.MAX_VALUE / 2, 0, true, false);
		assertThat(off.look(stream, Announced.NONE, FAR_NANOS, 0)).isEqualTo(Due.in(FAR_NANOS));
	}

}
