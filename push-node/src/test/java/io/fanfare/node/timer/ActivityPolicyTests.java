package io.fanfare.node.timer;

import java.time.Duration;

import io.fanfare.node.timer.ActivityPolicy.Activity;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ActivityPolicyTests {

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private final ActivityPolicy policy = new ActivityPolicy(Duration.ofSeconds(15), Duration.ofMinutes(5));

	@Test
	void aHeartbeatIsDueAfterItsIntervalWithoutAWrite() {
		assertThat(look(15 * SECOND - 1, 0, true, true)).isEqualTo(Due.in(1));
		assertThat(look(15 * SECOND, 0, true, true).action()).isEqualTo(new Action.Heartbeat());
		assertThat(look(0, 0, true, true)).isEqualTo(Due.in(15 * SECOND));
	}

	@Test
	void noHeartbeatIsWrittenWhileTheSocketHasSomethingLeft() {
		Due due = look(20 * SECOND, 0, true, false);
		assertThat(due.isDue()).isFalse();
		assertThat(due.nextNanos()).isNotPositive();
	}

	@Test
	void theCursorOfASettledStreamIsMovedBeforeAHeartbeat() {
		assertThat(look(15 * SECOND, 300 * SECOND, true, true).action()).isEqualTo(new Action.MoveCursor());
		assertThat(look(15 * SECOND, 300 * SECOND - 1, true, true).action()).isEqualTo(new Action.Heartbeat());
	}

	@Test
	void theCursorOfAStreamThatIsOwedSomethingStays() {
		assertThat(look(0, 300 * SECOND, false, true)).isEqualTo(Due.in(15 * SECOND));
	}

	private Due look(long quiet, long cursor, boolean settled, boolean takesHeartbeat) {
		return this.policy.look(new Activity(quiet, cursor, settled, takesHeartbeat));
	}

}
