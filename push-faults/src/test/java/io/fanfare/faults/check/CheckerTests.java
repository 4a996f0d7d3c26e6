package io.fanfare.faults.check;

import java.time.Duration;
import java.util.List;

import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.Entry;
import io.fanfare.faults.traffic.Notes;
import io.fanfare.faults.traffic.Publisher.Accepted;
import io.fanfare.test.api.ApiClient;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A checker that finds nothing proves nothing. */
class CheckerTests {

	private static final List<Accepted> PUBLISHED = List.of(accepted(0, "news", 10), accepted(1, "user:anna", 20),
			accepted(2, "all", 30), accepted(3, "news", 40));

	@Test
	void pageThatHeardAllIsFine() {
		Score score = check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), heard(0, 2), heard(0, 3)));
		assertThat(score.complaints()).isEmpty();
		assertThat(score.delivered()).isEqualTo(4);
	}

	@Test
	void pageIsOwedNothingFromBeforeItBegan() {
		assertThat(check(page("a", true, connected(0, 25), heard(0, 2), heard(0, 3))).complaints()).isEmpty();
	}

	@Test
	void messageThatALivePageDidNotHearIsLost() {
		assertThat(check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), heard(0, 2))).lost()).isOne();
		assertThat(check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 2), heard(0, 3))).lost()).isOne();
	}

	@Test
	void pageThatStoppedIsOwedWhatLiesBelowTheNewestItHeard() {
		assertThat(check(page("a", false, connected(0, 5), heard(0, 0), heard(0, 1))).lost()).isZero();
		assertThat(check(page("a", false, connected(0, 5), heard(0, 0), heard(0, 2))).lost()).isOne();
	}

	@Test
	void pageThatWasTakenOverIsNotOwedWhatItsUserGotAfterwards() {
		Entry kicked = new Entry.Ended(ms(3), 0, "push.kicked takeover");
		Notes older = page("a", false, connected(0, 5), heard(0, 0), heard(0, 2), kicked);
		assertThat(check(older).lost()).as("no page took it over").isOne();
		Notes newer = page("b", true, new Entry.Connected(ms(1), 0, "c2", "n", 15), heard(0, 1), heard(0, 2),
				heard(0, 3));
		assertThat(check(older, newer).lost()).isZero();
		Notes late = page("b", true, new Entry.Connected(ms(1), 0, "c2", "n", 25), heard(0, 2), heard(0, 3));
		assertThat(check(older, late).lost()).as("no page had it").isOne();
	}

	@Test
	void gapCoversWhatLiesInsideItOnItsChannelOnly() {
		Entry news = new Entry.Announced(0, 0, "news", 5, 10, "data-loss");
		Score covered = new Checker(Expectations.ORDINARY.dataLost(), PUBLISHED, 0, null).check(
				List.of(page("a", true, connected(0, 5), news, heard(0, 1), heard(0, 2), heard(0, 3))), List.of(),
				List.of(), Timing.SHORT);
		assertThat(covered.complaints()).isEmpty();
		assertThat(covered.gaps()).isOne();
		assertThat(check(page("a", true, connected(0, 5), news, heard(0, 0), heard(0, 2), heard(0, 3))).lost()).isOne();
	}

	@Test
	void lostMessageIsUnannouncedWhereAStreamThatWasOpenPassedItOver() {
		assertThat(check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 2), heard(0, 3))).unannounced())
			.isOne();
		assertThat(check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), heard(0, 2))).unannounced())
			.as("nothing above it")
			.isZero();
		assertThat(check(page("a", true, connected(0, 5), heard(0, 0), new Entry.Ended(0, 0, "CUT"),
				new Entry.Connected(ms(1), 1, "c2", "n", 10), heard(1, 2), heard(1, 3)))
			.unannounced()).as("it came back after the message").isZero();
	}

	@Test
	void gapMayHaveAnyReasonWhereMessagesAreHiddenButMustCoverOne() {
		Expectations hiding = Expectations.ORDINARY.hiding();
		Entry around = new Entry.Announced(0, 0, "user:anna", 10, 30, "presence-loss");
		Score honest = check(hiding, page("a", true, connected(0, 5), heard(0, 0), heard(0, 2), around, heard(0, 3)));
		assertThat(honest.complaints()).isEmpty();
		assertThat(honest.gaps()).isOne();
		Score beside = check(hiding, page("a", true, connected(0, 5), heard(0, 0), heard(0, 2),
				new Entry.Announced(0, 0, "user:anna", 20, 30, "presence-loss"), heard(0, 3)));
		assertThat(beside.lost()).isOne();
		assertThat(beside.falseGaps()).isOne();
		assertThat(check(hiding,
				page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), heard(0, 2), around, heard(0, 3)))
			.falseGaps()).isOne();
	}

	@Test
	void gapWhereNothingWasLostIsFalse() {
		Score score = check(page("a", true, connected(0, 5), new Entry.Announced(0, 0, "news", 5, 10, "retention"),
				heard(0, 0), heard(0, 1), heard(0, 2), heard(0, 3)));
		assertThat(score.falseGaps()).isOne();
		assertThat(score.complaints()).hasSize(1);
	}

	@Test
	void messageToManyUsersIsOwedToEach() {
		List<Accepted> many = List.of(accepted(0, "user:anna", 10), accepted(0, "user:bert", 20),
				accepted(1, "all", 30));
		Score score = new Checker(Expectations.ORDINARY, many, 0, null).check(List.of(
				new Notes("a", "anna", List.of("user:anna", "all"), true, Duration.ZERO,
						List.of(connected(0, 5), new Entry.Heard(0, 0, 10, 0), new Entry.Heard(0, 0, 30, 1))),
				new Notes("b", "bert", List.of("user:bert", "all"), true, Duration.ZERO,
						List.of(connected(0, 5), new Entry.Heard(0, 0, 30, 1)))),
				List.of(), List.of(), Timing.SHORT);
		assertThat(score.lost()).isOne();
		assertThat(score.complaints()).singleElement().asString().contains("bert");
	}

	@Test
	void messageHeardTwiceIsDoubledAcrossStreamsToo() {
		assertThat(
				check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 0), heard(0, 1), heard(0, 2), heard(0, 3)))
					.doubled())
			.isOne();
		assertThat(check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), connected(1, 10), heard(1, 1),
				heard(1, 2), heard(1, 3)))
			.doubled()).isOne();
	}

	@Test
	void sameMessageUnderTwoIdsIsDoubled() {
		assertThat(check(page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), heard(0, 2), heard(0, 3),
				new Entry.Heard(0, 0, 50, 3)))
			.doubled()).isOne();
	}

	@Test
	void messageBelowOneHeardBeforeIsReordered() {
		assertThat(
				check(page("a", true, connected(0, 5), heard(0, 1), heard(0, 0), heard(0, 2), heard(0, 3))).reordered())
			.isOne();
	}

	@Test
	void streamThatHearsAfterANewerOneBeganIsCounted() {
		Notes older = page("a", false, new Entry.Connected(0, 0, "c1", "n", 5), new Entry.Heard(ms(4000), 0, 10, 0));
		Notes newer = page("b", true, new Entry.Connected(ms(1000), 0, "c2", "n", 15), heard(0, 1), heard(0, 2),
				heard(0, 3));
		Score score = check(older, newer);
		assertThat(score.twice()).isEqualTo(Duration.ofSeconds(3));
		assertThat(score.complaints()).hasSize(1);
		assertThat(new Checker(Expectations.ORDINARY.unlinked(), PUBLISHED, 0, null)
			.check(List.of(older, newer), List.of(), List.of(), Timing.SHORT)
			.complaints()).isEmpty();
	}

	@Test
	void olderPageThatWasAwayWhenTheNewerCameMayWin() {
		Notes older = page("a", true, new Entry.Connected(0, 0, "c1", "n", 5), heard(0, 0),
				new Entry.Ended(ms(900), 0, "CUT"), new Entry.Connected(ms(1100), 1, "c3", "n", 10), heard(1, 1),
				heard(1, 2), heard(1, 3));
		Notes newer = page("b", false, new Entry.Connected(ms(1000), 0, "c2", "n", 35));
		assertThat(check(older, newer).complaints()).isEmpty();
	}

	@Test
	void olderPageThatWinsIsAComplaint() {
		Notes older = page("a", true, new Entry.Connected(0, 0, "c1", "n", 5), heard(0, 0), heard(0, 1), heard(0, 2),
				heard(0, 3));
		Notes newer = page("b", false, new Entry.Connected(ms(1000), 0, "c2", "n", 35));
		assertThat(check(older, newer).complaints()).containsExactly("an older page won: anna");
		assertThat(check(older).complaints()).isEmpty();
	}

	@Test
	void statusThatEndsAnEventSourceForGoodIsAComplaint() {
		assertThat(check(page("a", false, connected(0, 5), new Entry.Ended(0, 0, "status 502"))).complaints())
			.hasSize(1);
		assertThat(check(page("a", false, connected(0, 5), new Entry.Ended(0, 0, "status 204"))).complaints())
			.isEmpty();
	}

	@Test
	void pageThatHearsNothingAfterTheFaultIsAComplaint() {
		Notes page = page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), heard(0, 2), heard(0, 3));
		assertThat(new Checker(Expectations.ORDINARY, PUBLISHED, 0, ms(1))
			.check(List.of(page), List.of(page), List.of(), Timing.SHORT)
			.complaints()).containsExactly("not back: anna");
	}

	@Test
	void pageThatIsBackLaterThanItsTimeIsAComplaint() {
		Notes page = page("a", true, connected(0, 5), heard(0, 0), heard(0, 1), heard(0, 2),
				new Entry.Heard(ms(3_000), 0, 40, 3));
		assertThat(back(page, Duration.ofSeconds(4))).isEmpty();
		assertThat(back(page, Duration.ofSeconds(2))).hasSize(1);
	}

	private static List<String> back(Notes page, Duration within) {
		List<Accepted> published = List.of(PUBLISHED.get(0), PUBLISHED.get(1), PUBLISHED.get(2),
				new Accepted(3, "news", 40, ms(2)));
		return new Checker(Expectations.ORDINARY.backWithin(within), published, 0, ms(1))
			.check(List.of(page), List.of(page), List.of(), Timing.SHORT)
			.complaints();
	}

	@Test
	void refusalThatIsLateOrSaysNotWhenToComeBackIsAComplaint() {
		assertThat(refused(new ApiClient.Reply(503, null, true, Duration.ofMillis(1900)))).isEmpty();
		assertThat(refused(new ApiClient.Reply(503, null, true, Duration.ofMillis(2100)))).hasSize(1);
		assertThat(refused(new ApiClient.Reply(503, null, false, Duration.ZERO))).hasSize(1);
		assertThat(refused(new ApiClient.Reply(500, null, true, Duration.ZERO))).hasSize(1);
	}

	@Test
	void endOfAStreamIsAComplaintWhereNoneMayEnd() {
		Notes page = page("a", true, connected(0, 5), new Entry.Ended(0, 0, "RESET"), connected(1, 5), heard(1, 0),
				heard(1, 1), heard(1, 2), heard(1, 3));
		assertThat(new Checker(Expectations.ORDINARY.streamsStaying(), PUBLISHED, 0, null)
			.check(List.of(page), List.of(page), List.of(), Timing.SHORT)
			.complaints()).hasSize(1);
		assertThat(new Checker(Expectations.ORDINARY.streamsStaying(), PUBLISHED, ms(1), null)
			.check(List.of(page), List.of(page), List.of(), Timing.SHORT)
			.complaints()).isEmpty();
	}

	private static Score check(Notes... pages) {
		return check(Expectations.ORDINARY, pages);
	}

	private static Score check(Expectations expectations, Notes... pages) {
		return new Checker(expectations, PUBLISHED, 0, null).check(List.of(pages), List.of(), List.of(), Timing.SHORT);
	}

	private static List<String> refused(ApiClient.Reply reply) {
		return new Checker(Expectations.ORDINARY, PUBLISHED, 0, null)
			.check(List.of(), List.of(), List.of(reply), Timing.SHORT)
			.complaints();
	}

	private static Notes page(String page, boolean live, Entry... journal) {
		return new Notes(page, "anna", List.of("news", "user:anna", "all"), live, Duration.ZERO, List.of(journal));
	}

	private static Accepted accepted(int number, String channel, long id) {
		return new Accepted(number, channel, id, 0);
	}

	private static Entry connected(int stream, long from) {
		return new Entry.Connected(0, stream, "c", "n", from);
	}

	private static Entry heard(int stream, int number) {
		return new Entry.Heard(0, stream, PUBLISHED.get(number).id(), number);
	}

	private static long ms(long value) {
		return Duration.ofMillis(value).toNanos();
	}

}
