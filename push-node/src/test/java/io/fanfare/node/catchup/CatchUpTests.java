package io.fanfare.node.catchup;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.history.History.Batch;
import io.fanfare.redis.history.History.Entry;
import io.fanfare.protocol.Predecessor;
import org.junit.jupiter.api.Test;

import static io.fanfare.node.catchup.Batches.batch;
import static io.fanfare.node.catchup.Batches.entries;
import static io.fanfare.node.catchup.Batches.entry;
import static org.assertj.core.api.Assertions.assertThat;

class CatchUpTests {

	private static final ChannelName ALICE = ChannelName.user("alice");

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final long NOW = 1_000;

	private final Batches history = new Batches();

	private final CatchUp catchUp = new CatchUp(this.history, () -> Instant.ofEpochMilli(NOW));

	private CompletableFuture<Round> round(long position) {
		return this.catchUp.round(List.of(ALICE, NEWS), new Standing(position, position, Set.of(), 0, Map.of()));
	}

	private static List<Long> ids(Round round) {
		return round.messages().stream().map(Message::id).toList();
	}

	@Test
	void channelsAreMergedInOneOrder() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, 0, entries(20, 50, 60)));
		assertThat(round).isNotDone();
		this.history.answer(1, batch(100, true, 0, entries(15, 55, 99)));
		assertThat(ids(round.resultNow())).containsExactly(15L, 20L, 50L, 55L, 60L, 99L);
		assertThat(round.resultNow().upTo()).isEqualTo(100);
		assertThat(round.resultNow().complete()).isTrue();
		assertThat(round.resultNow().gaps()).isEmpty();
	}

	@Test
	void aRoundEndsWhereTheShortestBatchEnds() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(30, false, 0, entries(20, 30)));
		this.history.answer(1, batch(100, true, 0, entries(25, 30, 31, 90)));
		assertThat(ids(round.resultNow())).containsExactly(20L, 25L, 30L, 30L);
		assertThat(round.resultNow().upTo()).isEqualTo(30);
		assertThat(round.resultNow().complete()).isFalse();
	}

	@Test
	void whatIsPastItsTimeIsLeftOut() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, 0, entry(20, NOW), entry(21, NOW + 1)));
		this.history.answer(1, batch(100, true, 0));
		assertThat(ids(round.resultNow())).containsExactly(21L);
	}

	@Test
	void aPredecessorAboveThePositionIsAGapOfThatChannelAlone() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, 10, entries(20)));
		this.history.answer(1, batch(100, true, 40, entries(50)));
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(NEWS, 10, 40, Gap.Reason.RETENTION));
		assertThat(ids(round.resultNow())).containsExactly(20L, 50L);
	}

	@Test
	void withoutMessagesTheLastIdAboveThePositionIsAGap() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, 11));
		this.history.answer(1, batch(100, true, 10));
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(ALICE, 10, 11, Gap.Reason.RETENTION));
	}

	@Test
	void aPredecessorPastItsOwnTimeIsNoGap() {
		CompletableFuture<Round> expired = round(10);
		this.history.answer(0, batch(100, true, new Predecessor(20, 9, NOW), 0, entries(30)));
		this.history.answer(1, batch(100, true, new Predecessor(20, 10, NOW - 1), 0));
		assertThat(expired.resultNow().gaps()).isEmpty();
		CompletableFuture<Round> living = round(10);
		this.history.answer(2, batch(100, true, new Predecessor(20, 9, NOW + 1), 0, entries(30)));
		this.history.asked.stream().skip(3).forEach((asked) -> asked.answer().complete(batch(100, true, 0)));
		assertThat(living.resultNow().gaps()).containsExactly(new Gap(ALICE, 10, 20, Gap.Reason.RETENTION));
	}

	@Test
	void aStoreThatForgotIsAGapOfEachChannel() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, new Predecessor(0, 0, 0), 70, entries(80)));
		this.history.answer(1, batch(100, true, new Predecessor(0, 0, 0), 70));
		assertThat(round.resultNow().since()).isEqualTo(70);
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(ALICE, 10, 70, Gap.Reason.DATA_LOSS),
				new Gap(NEWS, 10, 70, Gap.Reason.DATA_LOSS));
		assertThat(ids(round.resultNow())).containsExactly(80L);
	}

	@Test
	void ofAChannelWithAStartNothingBelowItIsPromised() {
		CompletableFuture<Round> round = this.catchUp.round(List.of(ALICE, NEWS),
				new Standing(10, 10, Set.of(), 0, Map.of(NEWS, 40L)));
		this.history.answer(0, batch(100, true, 0, entries(20, 45)));
		this.history.answer(1, batch(100, true, 30, entries(35, 40, 41)));
		assertThat(ids(round.resultNow())).containsExactly(20L, 41L, 45L);
		assertThat(round.resultNow().gaps()).isEmpty();
	}

	@Test
	void whatTheUsersChannelHoldsBelowThePositionAndWasNotReceivedWasHidden() {
		CompletableFuture<Round> round = behind(Set.of());
		assertThat(this.history.asked.get(0).position()).as("read from what was received").isEqualTo(20);
		assertThat(this.history.asked.get(1).position()).isEqualTo(50);
		this.history.answer(0, batch(100, true, 20, entries(30, 60)));
		this.history.answer(1, batch(100, true, 40, entries(70)));
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(ALICE, 20, 50, Gap.Reason.PRESENCE_LOSS));
		assertThat(ids(round.resultNow())).as("never out of order").containsExactly(60L, 70L);
	}

	@Test
	void whereTheUsersChannelHoldsNothingBelowThePositionNothingWasHidden() {
		CompletableFuture<Round> round = behind(Set.of());
		this.history.answer(0, batch(100, true, 20, entries(60)));
		this.history.answer(1, batch(100, true, 40));
		assertThat(round.resultNow().gaps()).isEmpty();
		assertThat(ids(round.resultNow())).containsExactly(60L);
	}

	@Test
	void whatCameByWayOfAllNodesWasNotHidden() {
		CompletableFuture<Round> round = behind(Set.of(30L));
		this.history.answer(0, batch(100, true, 20, entries(30, 60)));
		this.history.answer(1, batch(100, true, 40));
		assertThat(round.resultNow().gaps()).isEmpty();
	}

	@Test
	void whatWasTrimmedBelowThePositionMayHaveBeenHidden() {
		CompletableFuture<Round> round = behind(Set.of(30L));
		this.history.answer(0, batch(100, true, 25, entries(30, 60)));
		this.history.answer(1, batch(100, true, 40));
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(ALICE, 20, 50, Gap.Reason.PRESENCE_LOSS));
	}

	@Test
	void aDataLossThatCostNothingIsNoGap() {
		CompletableFuture<Round> round = this.catchUp.round(List.of(ALICE, NEWS),
				new Standing(50, 20, Set.of(), 70, Map.of()));
		this.history.answer(0, batch(100, true, new Predecessor(0, 0, 0), 70));
		this.history.answer(1, batch(100, true, new Predecessor(0, 0, 0), 70));
		assertThat(round.resultNow().gaps()).isEmpty();
	}

	/** Received its user's channel up to 20, all else up to 50. */
	private CompletableFuture<Round> behind(Set<Long> receivedAlso) {
		return this.catchUp.round(List.of(ALICE, NEWS), new Standing(50, 20, receivedAlso, 0, Map.of()));
	}

	@Test
	void aReadThatFailsFailsTheRound() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, 0));
		this.history.asked.get(1).answer().completeExceptionally(new IllegalStateException("away"));
		assertThat(round).isCompletedExceptionally();
	}

	@Test
	void anEntryThatCannotBeReadIsAGapAndTheRestFollows() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, 0));
		this.history.answer(1, unreadable(100, 10, List.of(20L, 30L), entries(15, 25, 40)));
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(NEWS, 10, 30, Gap.Reason.DATA_LOSS));
		assertThat(ids(round.resultNow())).containsExactly(15L, 25L, 40L);
		assertThat(round.resultNow().upTo()).isEqualTo(100);
	}

	@Test
	void anEntryThatCannotBeReadIsAnnouncedByTheRoundThatPassesIt() {
		CompletableFuture<Round> first = round(10);
		this.history.answer(0, batch(15, false, 0, entries(15)));
		this.history.answer(1, unreadable(100, 10, List.of(20L)));
		assertThat(first.resultNow().gaps()).isEmpty();
		CompletableFuture<Round> second = round(15);
		assertThat(this.history.asked).as("the topic's batch is kept").hasSize(3);
		this.history.answer(2, batch(100, true, 15));
		assertThat(second.resultNow().gaps()).containsExactly(new Gap(NEWS, 15, 20, Gap.Reason.DATA_LOSS));
		assertThat(round(20).thenApply(Round::gaps)).isNotDone();
	}

	@Test
	void whatWasTrimmedBeforeAnEntryThatCannotBeReadIsAGapAsWell() {
		CompletableFuture<Round> round = round(10);
		this.history.answer(0, batch(100, true, 0));
		this.history.answer(1, unreadable(100, 14, List.of(15L), entries(20)));
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(NEWS, 10, 14, Gap.Reason.RETENTION),
				new Gap(NEWS, 10, 15, Gap.Reason.DATA_LOSS));
	}

	@Test
	void anEntryOfTheUsersChannelThatCannotBeReadMayHaveBeenHidden() {
		CompletableFuture<Round> round = behind(Set.of());
		this.history.answer(0, unreadable(100, 20, List.of(30L, 60L)));
		this.history.answer(1, batch(100, true, 40));
		assertThat(round.resultNow().gaps()).containsExactly(new Gap(ALICE, 20, 50, Gap.Reason.PRESENCE_LOSS),
				new Gap(ALICE, 50, 60, Gap.Reason.DATA_LOSS));
	}

	@Test
	void anEntryThatCannotBeReadCountsWhereAnyDoes() {
		CompletableFuture<Boolean> any = this.catchUp.isAnyWithin(ALICE, 10, 30, Set.of());
		this.history.answer(0, unreadable(100, 10, List.of(30L)));
		assertThat(any.resultNow()).isTrue();
		CompletableFuture<Boolean> above = this.catchUp.isAnyWithin(ALICE, 10, 29, Set.of());
		this.history.answer(1, unreadable(100, 10, List.of(30L)));
		assertThat(above.resultNow()).isFalse();
	}

	private static Batch unreadable(long upTo, long predecessor, List<Long> unreadable, Entry... entries) {
		return new Batch(upTo, 0, true, new Predecessor(predecessor, predecessor, 0), List.of(entries), unreadable);
	}

	@Test
	void ofAChannelWithAStartOnlyWhatLiesAboveIsRead() {
		this.catchUp.round(List.of(ALICE, NEWS), new Standing(10, 10, Set.of(), 0, Map.of(NEWS, 40L)));
		assertThat(this.history.asked.get(1).position()).isEqualTo(40);
	}

	@Test
	void streamsBeginJustBelowTheFirstMessageTheyWant() {
		retained(NEWS, 10, 10, 10, 10, 10, 10, 10, 10);
		retained(ChannelName.ALL, 10, 10);
		assertThat(starts(5, 1_000, ALICE, NEWS, ChannelName.ALL)).isEqualTo(Map.of(NEWS, 3L, ChannelName.ALL, 0L));
		assertThat(starts(8, 1_000, NEWS)).isEqualTo(Map.of(NEWS, 0L));
		assertThat(starts(1, 1_000, NEWS)).isEqualTo(Map.of(NEWS, 7L));
		assertThat(this.catchUp.starts(List.of(ALICE, NEWS), 0, () -> true).resultNow()).isEqualTo(Map.of(NEWS, 0L));
	}

	@Test
	void whereTheBytesDoNotReachTheNewestMessagesGetThem() {
		retained(NEWS, 10, 10, 10, 10, 10, 10);
		assertThat(starts(6, 45, NEWS)).isEqualTo(Map.of(NEWS, 2L));
		assertThat(starts(6, 60, NEWS)).isEqualTo(Map.of(NEWS, 0L));
		assertThat(starts(6, 9, NEWS)).as("one message at least").isEqualTo(Map.of(NEWS, 5L));
	}

	@Test
	void aChannelTakesOneMebibyteAtMost() {
		int third = LastMessages.CHANNEL_BYTES / 3;
		retained(NEWS, third, third, third, third, third, third);
		assertThat(starts(6, 1L << 30, NEWS)).isEqualTo(Map.of(NEWS, 3L));
		retained(NEWS, 1, LastMessages.CHANNEL_BYTES);
		assertThat(starts(6, 1L << 30, NEWS)).isEqualTo(Map.of(NEWS, 1L));
		retained(NEWS, 1, LastMessages.CHANNEL_BYTES + 1);
		assertThat(starts(6, 1L << 30, NEWS)).as("one message at least").isEqualTo(Map.of(NEWS, 1L));
		assertThat(starts(6, 10, NEWS)).isEqualTo(Map.of(NEWS, 1L));
		retained(ChannelName.ALL, 1, 1);
		assertThat(starts(6, 10, NEWS, ChannelName.ALL)).isEqualTo(Map.of(ChannelName.ALL, 0L));
	}

	@Test
	void whatOneChannelDoesNotNeedIsSharedByTheOthers() {
		ChannelName wide = ChannelName.topic("wide");
		retained(NEWS, 10);
		retained(ChannelName.ALL, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10);
		retained(wide, 30, 30, 30, 30);
		// 40 each leaves 40: 20 each, then 10 each, neither of which does for one of 30.
		assertThat(starts(10, 120, NEWS, ChannelName.ALL, wide))
			.isEqualTo(Map.of(NEWS, 0L, ChannelName.ALL, 3L, wide, 3L));
		assertThat(starts(10, 130, NEWS, ChannelName.ALL, wide)).as("the order of answers and of names does not count")
			.isEqualTo(starts(10, 130, wide, ChannelName.ALL, NEWS));
		assertThat(starts(10, 1_000, NEWS, ChannelName.ALL, wide))
			.isEqualTo(Map.of(NEWS, 0L, ChannelName.ALL, 0L, wide, 0L));
	}

	@Test
	void newestMessagesThatNoShareIsEnoughForAreTakenInOrderWhileTheyFit() {
		ChannelName wide = ChannelName.topic("wide");
		retained(NEWS, 5, 60);
		retained(ChannelName.ALL, 5, 60);
		retained(wide, 5, 60);
		assertThat(starts(2, 130, NEWS, ChannelName.ALL, wide)).isEqualTo(Map.of(NEWS, 1L, ChannelName.ALL, 1L));
		assertThat(starts(2, 59, NEWS, ChannelName.ALL, wide)).isEqualTo(Map.of(NEWS, 1L));
		retained(wide, 5, 5);
		assertThat(starts(2, 75, NEWS, ChannelName.ALL, wide)).isEqualTo(Map.of(NEWS, 1L, wide, 0L));
	}

	@Test
	void onlyAFewWalksAreOnTheirWayAtOnce() {
		List<ChannelName> many = IntStream.range(0, 34).mapToObj((i) -> ChannelName.topic("t" + i)).toList();
		many.forEach((channel) -> retained(channel, 10));
		CompletableFuture<Map<ChannelName, Long>> starts = this.catchUp.starts(many, 1, () -> true);
		int walks = 0;
		while (!starts.isDone()) {
			assertThat(this.history.walks).hasSizeBetween(1, 2);
			this.history.walks.remove().run();
			walks++;
		}
		assertThat(walks).isEqualTo(34);
		assertThat(starts.resultNow()).hasSize(34);
	}

	private void retained(ChannelName channel, Integer... sizes) {
		this.history.retained.put(channel, sizes);
	}

	private Map<ChannelName, Long> starts(int count, long bytes, ChannelName... channels) {
		CompletableFuture<Map<ChannelName, Long>> starts = new CatchUp(this.history, () -> Instant.ofEpochMilli(NOW),
				Long.MAX_VALUE, bytes)
			.starts(List.of(channels), count, () -> true);
		while (!this.history.walks.isEmpty()) {
			this.history.walks.remove().run();
		}
		return starts.resultNow();
	}

}
