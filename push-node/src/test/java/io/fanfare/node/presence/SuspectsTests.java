package io.fanfare.node.presence;

import java.time.Duration;
import java.util.List;

import io.fanfare.redis.presence.Presence.Silent;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class SuspectsTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final Silent DEAD = new Silent("dead", "1.7");

	private long nanos = -5;

	private final Suspects suspects = new Suspects(PATIENCE, () -> this.nanos);

	@Test
	void aNodeIsDeadOnceItWasSilentForAllOfThePatience() {
		seen("7", DEAD);
		pass(PATIENCE.minusNanos(1));
		seen("7", DEAD);
		assertThat(this.suspects.held()).containsExactly(new Suspect(DEAD, Suspicion.SILENT));
		pass(Duration.ofNanos(1));
		assertThat(this.suspects.held()).containsExactly(new Suspect(DEAD, Suspicion.DEAD));
	}

	@Test
	void anotherValueBeginsTheWaitAnew() {
		seen("7", DEAD);
		pass(PATIENCE.minusSeconds(1));
		Silent renewed = new Silent("dead", "1.8");
		seen("7", renewed);
		pass(PATIENCE.minusSeconds(1));
		seen("7", renewed);
		assertThat(this.suspects.held()).containsExactly(new Suspect(renewed, Suspicion.SILENT));
	}

	@Test
	void anOlderValueBeginsItAnewAsWellForTheStoreMayHaveBeenRolledBack() {
		seen("7", DEAD);
		pass(PATIENCE);
		seen("7", new Silent("dead", "1.6"));
		assertThat(this.suspects.held()).containsExactly(new Suspect(new Silent("dead", "1.6"), Suspicion.SILENT));
	}

	@Test
	void aLeaseInBetweenEndsTheSuspicion() {
		seen("7", DEAD);
		pass(PATIENCE);
		seen("7");
		assertThat(this.suspects.held()).isEmpty();
		seen("7", DEAD);
		assertThat(this.suspects.held()).containsExactly(new Suspect(DEAD, Suspicion.SILENT));
	}

	@Test
	void absenceOfAValueIsAValue() {
		Silent none = new Silent("dead", "");
		seen("7", none);
		pass(PATIENCE);
		seen("7", none);
		assertThat(this.suspects.held()).containsExactly(new Suspect(none, Suspicion.DEAD));
	}

	@Test
	void aDeadNodeIsForgottenOnceAWholeWalkBegunAfterItsDeathIsOver() {
		seen("0", DEAD);
		pass(PATIENCE);
		seen("7", DEAD);
		seen("0", DEAD);
		assertThat(this.suspects.held()).containsExactly(new Suspect(DEAD, Suspicion.DEAD));
		seen("0", DEAD);
		assertThat(this.suspects.held()).containsExactly(new Suspect(DEAD, Suspicion.GONE));
		seen("7", DEAD);
		assertThat(this.suspects.held()).as("the call that forgot it still named it").isEmpty();
	}

	private void pass(Duration time) {
		this.nanos += time.toNanos();
	}

	private void seen(String cursor, Silent... silent) {
		this.suspects.seen(new Slice(cursor, 0, 0, List.of(silent), List.of()));
	}

}
