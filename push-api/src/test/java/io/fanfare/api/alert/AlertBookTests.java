package io.fanfare.api.alert;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import io.fanfare.api.alert.Reading.Verdict;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Pending, firing, repeated, resolved, by a clock that the test moves. */
class AlertBookTests {

	private static final Duration HOLD = Duration.ofMinutes(5);

	private static final String CHANNEL = "mail";

	private static final String NODE = "n1.abc";

	private final AlertBook book = new AlertBook(Duration.ofHours(4), List.of(CHANNEL, "webhook"));

	private long now = 1_000_000_000;

	@Test
	void anAlertFiresOnceItHeldForLongEnough() {
		look(Verdict.OVER);
		pass(Duration.ofMinutes(4));
		look(Verdict.OVER);
		assertThat(due()).isEmpty();
		pass(Duration.ofMinutes(1));
		look(Verdict.OVER);
		assertThat(due()).singleElement().satisfies((alert) -> {
			assertThat(alert.isFiring()).isTrue();
			assertThat(alert.id()).isEqualTo("connections/n1.abc");
			assertThat(alert.sinceMs()).isEqualTo(this.now);
		});
		assertThat(this.book.firing(AlertRule.CONNECTIONS)).isOne();
		assertThat(this.book.firing(AlertRule.MEMORY)).isZero();
	}

	@Test
	void whatDoesNotHoldDoesNotFire() {
		for (Verdict verdict : List.of(Verdict.NEAR, Verdict.WELL, Verdict.UNKNOWN)) {
			look(Verdict.OVER);
			pass(Duration.ofMinutes(4));
			look(verdict);
			pass(Duration.ofMinutes(4));
			look(Verdict.OVER);
			assertThat(due()).as("after " + verdict).isEmpty();
			look(Verdict.WELL);
		}
	}

	@Test
	void eachChannelIsNotifiedOnceAndAgainAfterTheInterval() {
		fire();
		sent();
		assertThat(due()).isEmpty();
		assertThat(this.book.due("webhook", this.now, AlertBook.MAX_DUE)).hasSize(1);
		pass(Duration.ofHours(4).minusMillis(1));
		look(Verdict.OVER);
		assertThat(due()).isEmpty();
		pass(Duration.ofMillis(1));
		assertThat(due()).hasSize(1);
		sent();
		assertThat(due()).isEmpty();
	}

	@Test
	void anAlertIsResolvedOnceItWasWellForLongEnough() {
		fire();
		sent();
		look(Verdict.WELL);
		pass(Duration.ofMinutes(4));
		look(Verdict.WELL);
		assertThat(due()).isEmpty();
		pass(Duration.ofMinutes(1));
		look(Verdict.WELL);
		assertThat(due()).singleElement().satisfies((alert) -> {
			assertThat(alert.isFiring()).isFalse();
			assertThat(alert.resolvedMs()).isEqualTo(this.now);
		});
		assertThat(this.book.firing(AlertRule.CONNECTIONS)).isZero();
		sent();
		assertThat(this.book.find("connections/n1.abc")).isNull();
	}

	@Test
	void aChannelThatWasNotNotifiedNeedsNoEnd() {
		fire();
		sent();
		resolve();
		assertThat(this.book.due("webhook", this.now, AlertBook.MAX_DUE)).isEmpty();
		assertThat(due()).hasSize(1);
	}

	@Test
	void aValueThatSwingsAboutItsThresholdNotifiesOnce() {
		fire();
		sent();
		for (int i = 0; i < 100; i++) {
			pass(Duration.ofMinutes(1));
			look(List.of(Verdict.WELL, Verdict.NEAR, Verdict.OVER).get(i % 3));
			assertThat(due()).isEmpty();
		}
	}

	@Test
	void whatIsNotKnownNeitherFiresNorResolves() {
		for (int i = 0; i < 10; i++) {
			look(Verdict.UNKNOWN);
			pass(HOLD);
		}
		assertThat(due()).isEmpty();
		fire();
		sent();
		for (int i = 0; i < 10; i++) {
			look(Verdict.UNKNOWN);
			pass(HOLD);
		}
		assertThat(this.book.firing(AlertRule.CONNECTIONS)).isOne();
		assertThat(due()).isEmpty();
	}

	@Test
	void anAlertThatFiresAgainBeforeItsEndWasSentNeedsNoNotice() {
		fire();
		sent();
		resolve();
		fire();
		assertThat(due()).isEmpty();
		assertThat(this.book.firing(AlertRule.CONNECTIONS)).isOne();
	}

	@Test
	void theAlertsOfANodeThatIsGoneAreResolvedAfterAWhile() {
		fire();
		sent();
		this.book.look(this.now, Set.of(), List.of());
		pass(AlertBook.GONE_AFTER.minusMillis(1));
		this.book.look(this.now, Set.of(), List.of());
		assertThat(due()).isEmpty();
		pass(Duration.ofMillis(1));
		this.book.look(this.now, Set.of(), List.of());
		assertThat(due()).singleElement()
			.satisfies((alert) -> assertThat(alert.text()).isEqualTo("n1 is no longer there"));
	}

	@Test
	void aNodeThatIsMissingForAMomentResolvesNothing() {
		fire();
		sent();
		for (int i = 0; i < 10; i++) {
			this.book.look(this.now, Set.of(), List.of());
			pass(AlertBook.GONE_AFTER.minusMillis(1));
			look(Verdict.OVER);
		}
		assertThat(due()).isEmpty();
	}

	@Test
	void theLossOfANodeEndsWhenItIsBackOrInPlaceOfARepetition() {
		lose(Verdict.OVER);
		sent();
		this.book.look(this.now, Set.of(), List.of());
		pass(Duration.ofHours(1));
		this.book.look(this.now, Set.of(), List.of());
		assertThat(due()).isEmpty();
		lose(Verdict.WELL);
		assertThat(due()).singleElement().satisfies((alert) -> assertThat(alert.isFiring()).isFalse());
		sent();
		lose(Verdict.OVER);
		sent();
		pass(Duration.ofHours(4));
		this.book.look(this.now, Set.of(), List.of());
		assertThat(due()).singleElement()
			.satisfies((alert) -> assertThat(alert.text()).isEqualTo("n1 did not come back and counts as removed"));
	}

	@Test
	void aFollowerSendsNothingAgain() {
		fire();
		sent();
		AlertBook follower = new AlertBook(Duration.ofHours(4), List.of(CHANNEL, "webhook"));
		follower.look(this.now, Set.of(NODE), List.of(reading(Verdict.OVER, Duration.ZERO)));
		assertThat(follower.due(CHANNEL, this.now, AlertBook.MAX_DUE)).hasSize(1);
		follower.adopt(List.of(this.book.find("connections/n1.abc")));
		assertThat(follower.due(CHANNEL, this.now, AlertBook.MAX_DUE)).isEmpty();
		assertThat(follower.due("webhook", this.now, AlertBook.MAX_DUE)).hasSize(1);
		assertThat(follower.changed()).isEmpty();
	}

	@Test
	void aFollowerSendsWhatTheLastLeaderDidNot() {
		fire();
		AlertBook follower = new AlertBook(Duration.ofHours(4), List.of(CHANNEL));
		follower.adopt(List
			.of(this.book.find("connections/n1.abc").sentTo(CHANNEL, this.now, false).resolved(this.now, "well")));
		assertThat(follower.due(CHANNEL, this.now, AlertBook.MAX_DUE)).singleElement()
			.satisfies((alert) -> assertThat(alert.isFiring()).isFalse());
	}

	@Test
	void theEndOfAnAlertIsDueWhereItsMessageIsOnItsWay() {
		fire();
		List<Alert> offered = due();
		List<Alert> first = this.book.handOver(CHANNEL, offered);
		assertThat(this.book.changed()).containsExactly("connections/n1.abc");
		resolve();
		assertThat(due()).singleElement().satisfies((alert) -> assertThat(alert.isFiring()).isFalse());
		assertThat(this.book.due("webhook", this.now, AlertBook.MAX_DUE)).isEmpty();
		// The outcome is not known, or late: it may have been taken
		this.book.sent(CHANNEL, this.now, offered);
		assertThat(due()).singleElement().satisfies((alert) -> assertThat(alert.isFiring()).isFalse());
		this.book.refused(CHANNEL, first);
		assertThat(due()).hasSize(1);
		sent();
		assertThat(this.book.find("connections/n1.abc")).isNull();
	}

	@Test
	void anAlertWhoseMessageWasRefusedNeedsNoEnd() {
		fire();
		List<Alert> first = this.book.handOver(CHANNEL, due());
		resolve();
		this.book.refused(CHANNEL, first);
		assertThat(this.book.find("connections/n1.abc")).isNull();
	}

	@Test
	void aRefusalSaysNothingOfAnEarlierMessageThatMayHaveBeenTaken() {
		fire();
		this.book.handOver(CHANNEL, due());
		this.book.refused(CHANNEL, this.book.handOver(CHANNEL, due()));
		resolve();
		assertThat(due()).singleElement().satisfies((alert) -> assertThat(alert.isFiring()).isFalse());
	}

	@Test
	void anEndThatNoChannelTakesIsKeptForDays() {
		fire();
		sent();
		resolve();
		pass(AlertBook.ENDED_KEPT);
		look(Verdict.WELL);
		assertThat(due()).hasSize(1);
		pass(Duration.ofMillis(1));
		look(Verdict.WELL);
		assertThat(this.book.find("connections/n1.abc")).isNull();
	}

	@Test
	void whatMayBeOverIsNotSentAsFiring() {
		fire();
		Alert stored = this.book.find("connections/n1.abc").sentTo(CHANNEL, this.now, false);
		for (boolean present : new boolean[] { true, false }) {
			AlertBook follower = new AlertBook(Duration.ofHours(4), List.of(CHANNEL, "webhook"));
			follower.adopt(List.of(stored));
			pass(Duration.ofDays(2));
			follower.look(this.now, present ? Set.of(NODE) : Set.of(),
					present ? List.of(reading(Verdict.WELL, HOLD)) : List.of());
			assertThat(follower.due(CHANNEL, this.now, AlertBook.MAX_DUE)).isEmpty();
			assertThat(follower.due("webhook", this.now, AlertBook.MAX_DUE)).isEmpty();
			follower.look(this.now, Set.of(NODE), List.of(reading(Verdict.OVER, HOLD)));
			assertThat(follower.due(CHANNEL, this.now, AlertBook.MAX_DUE)).hasSize(1);
		}
	}

	@Test
	void whatALeaderSentItselfCountsAlsoWhereItCouldNotStoreIt() {
		fire();
		Alert stored = this.book.find("connections/n1.abc");
		sent();
		this.book.adopt(List.of(stored));
		assertThat(due()).isEmpty();
		assertThat(this.book.changed()).containsExactly("connections/n1.abc");
		resolve();
		this.book.adopt(List.of(stored));
		assertThat(due()).singleElement().satisfies((alert) -> assertThat(alert.isFiring()).isFalse());
	}

	@Test
	void oneThatLeadsNoMoreHasNoEndsToSend() {
		fire();
		sent();
		resolve();
		this.book.follow();
		assertThat(due()).isEmpty();
		assertThat(this.book.changed()).isEmpty();
	}

	@Test
	void whatChangedIsKnownUntilItIsStored() {
		fire();
		assertThat(this.book.changed()).containsExactly("connections/n1.abc");
		this.book.stored(this.book.changed());
		look(Verdict.OVER);
		assertThat(this.book.changed()).isEmpty();
		sent();
		assertThat(this.book.changed()).containsExactly("connections/n1.abc");
	}

	@Test
	void aClockThatIsSetBackDelaysAnAlertByNoMoreThanItsHold() {
		look(Verdict.OVER);
		pass(Duration.ofHours(-1));
		look(Verdict.OVER);
		pass(HOLD);
		look(Verdict.OVER);
		assertThat(due()).hasSize(1);
	}

	@Test
	void aMessageIsBounded() {
		List<Reading> all = IntStream.range(0, 3 * AlertBook.MAX_DUE)
			.mapToObj((i) -> Reading.of(AlertRule.MEMORY, "n" + i, "n", Duration.ZERO, 2, 1, "full"))
			.toList();
		this.book.look(this.now, Set.copyOf(all.stream().map(Reading::node).toList()), all);
		assertThat(due()).hasSize(AlertBook.MAX_DUE);
		sent();
		assertThat(due()).hasSize(AlertBook.MAX_DUE);
		sent();
		sent();
		assertThat(due()).isEmpty();
	}

	@Test
	void aValueIsWellOnlyAMarginBelowItsThreshold() {
		assertThat(verdict(1.001)).isEqualTo(Verdict.OVER);
		assertThat(verdict(1)).isEqualTo(Verdict.NEAR);
		assertThat(verdict(0.951)).isEqualTo(Verdict.NEAR);
		assertThat(verdict(0.95)).isEqualTo(Verdict.WELL);
	}

	private static Verdict verdict(double value) {
		return Reading.of(AlertRule.MEMORY, NODE, "n1", HOLD, value, 1, "").verdict();
	}

	private void fire() {
		look(Verdict.OVER);
		pass(HOLD);
		look(Verdict.OVER);
	}

	private void resolve() {
		look(Verdict.WELL);
		pass(HOLD);
		look(Verdict.WELL);
	}

	private void lose(Verdict verdict) {
		this.book.look(this.now, Set.of(NODE),
				List.of(Reading.unmeasured(AlertRule.NODE_LOST, NODE, "n1", verdict, Duration.ZERO, "lost")));
	}

	private void look(Verdict verdict) {
		this.book.look(this.now, Set.of(NODE), List.of(reading(verdict, HOLD)));
	}

	private static Reading reading(Verdict verdict, Duration hold) {
		return Reading.unmeasured(AlertRule.CONNECTIONS, NODE, "n1", verdict, hold, verdict.name());
	}

	private void pass(Duration time) {
		this.now += time.toMillis();
	}

	private List<Alert> due() {
		return this.book.due(CHANNEL, this.now, AlertBook.MAX_DUE);
	}

	private void sent() {
		this.book.sent(CHANNEL, this.now, due());
	}

}
