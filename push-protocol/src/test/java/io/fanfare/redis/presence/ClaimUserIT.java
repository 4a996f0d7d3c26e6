package io.fanfare.redis.presence;

import java.time.Duration;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.Script;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.revocation.IssuedToken;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.RUN;
import static io.fanfare.redis.RedisPartition.SINCE;
import static io.fanfare.redis.RedisPartition.TOLD_MS;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class ClaimUserIT {

	private static final String TOMBSTONE = PREFIX + "kicked:alice:";

	private static final String TAKEOVERS = PREFIX + "takeovers:alice";

	private static final Presence.UserLimits TWO_A_MINUTE = new Presence.UserLimits(2, 0, Duration.ofMinutes(1));

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void aFreshClaimOwnsTheUserFromAnIdOfTheClockOn() {
		long before = System.currentTimeMillis();
		RedisPartition.Ear ear = this.partition.listen("node:a", "node:b");
		ClaimResult.Owner result = owner(claim("a", "c1", "page"));
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(MessageId.format(result.generation()));
		assertThat(result.headId()).isEqualTo(result.generation());
		assertThat(result.dataLossFloor()).isLessThan(result.generation());
		Presence.Owner found = get(this.partition.presence().find("alice"));
		assertThat(found.node()).isEqualTo("a");
		assertThat(found.connection()).isEqualTo("c1");
		assertThat(found.generation()).isEqualTo(result.generation());
		assertThat(found.client()).isEqualTo("page");
		assertThat(found.tier()).isEqualTo(Tier.HIGH);
		assertThat(found.openedAt()).isBetween(before, System.currentTimeMillis() + 1000);
		ear.heardNoMore("node:a");
	}

	@Test
	void soonAfterADataLossAllNodesAreToldOfAClaimThatFindsNoOwner() {
		RedisPartition.Ear all = this.partition.listen("ch:all");
		ClaimResult.Owner first = owner(claim("a", "c1", "page"));
		assertThat(all.next(Frame.Displacement.class))
			.isEqualTo(new Frame.Displacement(first.generation(), "c1", "page", "alice"));
		claim("b", "c2", "other");
		all.heardNoMore("ch:all");
		this.partition.redis().del(RedisPartition.PRESENCE);
		this.partition.redis().set(RedisPartition.SINCE, "1-0");
		claim("b", "c3", "third");
		all.heardNoMore("ch:all");
	}

	@Test
	void whatWasPublishedBeforeIsBelowTheHandOverPointAndWhatComesAfterIsAbove() {
		long before = publish();
		ClaimResult.Owner result = owner(claim("a", "c1", "page"));
		assertThat(result.headId()).isGreaterThan(before).isLessThan(publish());
	}

	@Test
	void everyClaimSetsTheLeaseOfItsNode() {
		claim("a", "c1", "page");
		assertThat(this.partition.redis().pttl(PREFIX + "lease:a")).isBetween(14_000L, 15_000L);
		this.partition.redis().pexpire(PREFIX + "lease:a", 5);
		claim("a", "c1", "page");
		assertThat(this.partition.redis().pttl(PREFIX + "lease:a")).as("a repeated one too").isGreaterThan(14_000L);
		this.partition.redis().set(TOMBSTONE + "page", "8000000000000-0");
		this.partition.redis().del(PREFIX + "lease:a");
		claim("a", "c1", "page");
		assertThat(this.partition.redis().pttl(PREFIX + "lease:a")).as("a refused one too").isGreaterThan(14_000L);
	}

	@Test
	void anotherClientTakesOverAndTheVictimIsToldAndKeptAway() {
		ClaimResult.Owner first = owner(claim("a", "c1", "page-1"));
		RedisPartition.Ear ear = this.partition.listen("node:a");
		ClaimResult.Owner second = owner(claim("b", "c2", "page-2"));
		assertThat(second.generation()).isGreaterThan(first.generation());
		Frame.Kick kick = ear.next(Frame.Kick.class);
		assertThat(kick.connection()).isEqualTo("c1");
		assertThat(kick.generation()).isEqualTo(second.generation());
		assertThat(kick.reason()).isEqualTo(CloseReason.TAKEOVER);
		assertThat(kick.grace()).isZero();
		assertThat(this.partition.redis().get(TOMBSTONE + "page-1")).isEqualTo(MessageId.format(second.generation()));
		assertThat(this.partition.redis().pttl(TOMBSTONE + "page-1")).isBetween(299_000L, 300_000L);
		assertThat(this.partition.redis().exists(TOMBSTONE + "page-2")).isZero();
		assertThat(connection()).isEqualTo("c2");
		ear.heardNoMore("node:a");
	}

	@Test
	void theKickStandsBetweenTheMessagesOfTheOldAndTheNewOwner() {
		claim("a", "c1", "page-1");
		RedisPartition.Ear ear = this.partition.listen("node:a");
		long before = publish();
		claim("a", "c2", "page-2");
		long after = publish();
		Frame.Published first = ear.next(Frame.Published.class);
		assertThat(first.id()).isEqualTo(before);
		assertThat(first.connection()).isEqualTo("c1");
		assertThat(ear.next(Frame.Kick.class).generation()).isBetween(before, after);
		Frame.Published last = ear.next(Frame.Published.class);
		assertThat(last.id()).isEqualTo(after);
		assertThat(last.connection()).isEqualTo("c2");
	}

	@Test
	void aReconnectOfTheSameClientEndsItsOldConnectionSilently() {
		claim("a", "c1", "page");
		RedisPartition.Ear ear = this.partition.listen("node:a");
		ClaimResult.Owner second = owner(claim("b", "c2", "page"));
		Frame.Kick kick = ear.next(Frame.Kick.class);
		assertThat(kick.connection()).isEqualTo("c1");
		assertThat(kick.generation()).isEqualTo(second.generation());
		assertThat(kick.reason()).isNull();
		assertThat(this.partition.redis().exists(TOMBSTONE + "page")).isZero();
	}

	@Test
	void theTenthReplacementInARowIsATakeOverWithoutTombstone() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claim("a", "c0", "twin");
		for (int i = 1; i <= 12; i++) {
			owner(claim("a", "c" + i, "twin"));
			Frame.Kick kick = ear.next(Frame.Kick.class);
			assertThat(kick.connection()).isEqualTo("c" + (i - 1));
			assertThat(kick.reason()).as("replacement %d", i).isEqualTo((i < 10) ? null : CloseReason.TAKEOVER);
		}
		assertThat(this.partition.redis().exists(TOMBSTONE + "twin")).isZero();
		assertThat(connection()).isEqualTo("c12");
	}

	@Test
	void replacementsCountWhereEachComesSoonAfterTheOneBefore() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c0", "twin");
		long now = TOLD_MS;
		for (int i = 1; i <= 9; i++) {
			now += 30_000;
			claimAt(now, "c" + i, "twin");
			assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		}
		now += 30_001;
		claimAt(now, "c10", "twin");
		assertThat(ear.next(Frame.Kick.class).reason()).as("a millisecond too late for a row").isNull();
		for (int i = 11; i <= 18; i++) {
			now += 30_000;
			claimAt(now, "c" + i, "twin");
			assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		}
		claimAt(now + 30_000, "c19", "twin");
		assertThat(ear.next(Frame.Kick.class).reason()).isEqualTo(CloseReason.TAKEOVER);
	}

	@Test
	void aFieldOfAnOlderVersionIsReadAndItsCountGoesOn() {
		RedisPartition.Ear ear = this.partition.listen("node:b");
		this.partition.redis()
			.hset(PRESENCE, "alice", "b c0 " + MessageId.format(MessageId.of(TOLD_MS - 1, 0)) + " twin " + (TOLD_MS - 1)
					+ " high 9 " + (TOLD_MS - 1));
		claimAt(TOLD_MS, "c1", "twin", "page-1");
		assertThat(ear.next(Frame.Kick.class).reason()).isEqualTo(CloseReason.TAKEOVER);
	}

	@Test
	void anOlderVersionReadsAFieldWithPages() {
		for (String page : List.of("p", "q", "p", "q")) {
			claimAt(TOLD_MS, "c-" + page, "twin", page);
		}
		String field = this.partition.redis().hget(PRESENCE, "alice");
		assertThat(field).matches("a c-q \\d+-\\d+ twin \\d+ normal/q/\\d+/p/\\d+ \\d+ \\d+");
		assertThat(Presence.Owner.parse(field)).isNotNull().extracting(Presence.Owner::tier).isEqualTo(Tier.NORMAL);
		assertThat(Presence.Owner.parse(field.replace("normal", "low"))).isNotNull()
			.extracting(Presence.Owner::tier)
			.isEqualTo(Tier.LOW);
	}

	@Test
	void aTakeOverByAnotherClientBeginsTheCountAnew() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		for (int i = 0; i < 9; i++) {
			claim("a", "c" + i, "twin");
		}
		claim("a", "d0", "other");
		claim("a", "d1", "other");
		Frame.Kick kick = null;
		for (int i = 0; i < 10; i++) {
			kick = ear.next(Frame.Kick.class);
		}
		assertThat(kick.connection()).isEqualTo("d0");
		assertThat(kick.reason()).isNull();
	}

	// ---- pages that share a client id

	@Test
	void aPageThatComesBackTheThirdTimeTellsTheOneThatDisplacedIt() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c0", "twin", "p");
		for (int i = 1; i <= 5; i++) {
			claimAt(TOLD_MS + i * 7_000L, "c" + i, "twin", (i % 2 == 0) ? "p" : "q");
			assertThat(ear.next(Frame.Kick.class).reason()).as("claim %d", i).isNull();
		}
		claimAt(TOLD_MS + 42_000, "c6", "twin", "p");
		Frame.Kick kick = ear.next(Frame.Kick.class);
		assertThat(kick.connection()).isEqualTo("c5");
		assertThat(kick.reason()).isEqualTo(CloseReason.TAKEOVER);
		assertThat(this.partition.redis().exists(TOMBSTONE + "twin")).isZero();
		assertThat(connection()).isEqualTo("c6");
	}

	@Test
	void aPageThatWasToldToStopStaysAwayForAsLongAsItTries() {
		long now = twins(TOLD_MS);
		RedisPartition.Ear ear = this.partition.listen("node:a");
		String owner = this.partition.redis().hget(PRESENCE, "alice").split(" ")[2];
		for (int i = 0; i < 10; i++) {
			now += (i % 2 == 0) ? 3_000 : 299_999;
			assertThat(tryAt(now, "x" + i, "twin", "q")).startsWith("kicked", owner);
		}
		assertThat(connection()).isEqualTo("c6");
		claimAt(now, "c7", "twin", "p");
		assertThat(ear.next(Frame.Kick.class).reason()).as("the page that stayed reconnects").isNull();
		now += 299_999;
		assertThat(tryAt(now, "y1", "twin", "q").getFirst()).isEqualTo("kicked");
		now += 300_000;
		claimAt(now, "y2", "twin", "q");
		assertThat(ear.next(Frame.Kick.class).reason()).as("it did not try for five minutes").isNull();
	}

	@Test
	void aPageThatWasToldToStopIsKeptAwayForADayAtMost() {
		String told = "!" + TOLD_MS + "," + (TOLD_MS + 86_300_000);
		this.partition.redis()
			.hset(PRESENCE, "alice", "b c0 " + MessageId.format(MessageId.of(TOLD_MS, 0)) + " twin " + TOLD_MS
					+ " normal/p//q/" + told + " 0 " + TOLD_MS);
		assertThat(tryAt(TOLD_MS + 86_399_999, "x", "twin", "q").getFirst()).isEqualTo("kicked");
		assertThat(this.partition.redis().hget(PRESENCE, "alice"))
			.contains(" normal/p//q/!" + TOLD_MS + "," + (TOLD_MS + 86_399_999) + " ");
		claimAt(TOLD_MS + 86_400_000, "y", "twin", "q");
		assertThat(this.partition.redis().hget(PRESENCE, "alice"))
			.contains(" normal/q/" + (TOLD_MS + 86_400_000) + "/p/ ");
	}

	@Test
	void aPageThatWasToldToStopIsFreeWhereTheOtherOneIsGone() {
		long now = twins(TOLD_MS);
		this.partition.redis().hdel(PRESENCE, "alice");
		claimAt(now + 3_000, "c7", "twin", "q");
		assertThat(connection()).isEqualTo("c7");
	}

	@Test
	void returnsOlderThanTheWindowDoNotCount() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		// Page p comes back at 1, 200 001, 300 002 and, the third time within 300 000, at
		// 400 000.
		long[] returns = { 1, 200_001, 300_002, 400_000 };
		claimAt(TOLD_MS, "p0", "twin", "p");
		for (int i = 0; i < returns.length; i++) {
			claimAt(TOLD_MS + returns[i], "q" + i, "twin", "q" + i);
			assertThat(ear.next(Frame.Kick.class).reason()).isNull();
			claimAt(TOLD_MS + returns[i], "p" + i, "twin", "p");
			assertThat(ear.next(Frame.Kick.class).reason()).as("return %d", i)
				.isEqualTo((i < 3) ? null : CloseReason.TAKEOVER);
		}
	}

	@Test
	void aPageThatIsLoadedAgainNeverCounts() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c", "twin", "p0");
		for (int i = 1; i <= 20; i++) {
			claimAt(TOLD_MS + i, "c" + i, "twin", "p" + i);
			assertThat(ear.next(Frame.Kick.class).reason()).as("load %d", i).isNull();
		}
		assertThat(this.partition.redis().hget(PRESENCE, "alice").split("/")).as("what a field keeps")
			.hasSize(1 + 2 + 2 * 4);
	}

	@Test
	void aPageThatReconnectsNeverCounts() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c", "twin", "p");
		for (int i = 1; i <= 20; i++) {
			claimAt(TOLD_MS + i, "c" + i, "twin", "p");
			assertThat(ear.next(Frame.Kick.class).reason()).as("reconnect %d", i).isNull();
		}
	}

	@Test
	void aReconnectOfThePageThatHoldsTheUserKeepsWhatItDisplaced() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c", "twin", "p");
		Frame.Kick kick = null;
		for (int i = 1; i <= 6; i++) {
			String page = (i % 2 == 0) ? "p" : "q";
			claimAt(TOLD_MS + i, "c" + i, "twin", page);
			kick = ear.next(Frame.Kick.class);
			claimAt(TOLD_MS + i, "d" + i, "twin", page);
			assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		}
		assertThat(kick.connection()).isEqualTo("d5");
		assertThat(kick.reason()).isEqualTo(CloseReason.TAKEOVER);
	}

	@Test
	void threePagesThatTakeTurnsAreToldUntilOneIsLeft() {
		List<String> pages = new java.util.ArrayList<>(List.of("p", "q", "r"));
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "p", "twin", "p");
		for (int i = 1; i < 40 && pages.size() > 1; i++) {
			String page = pages.get(i % pages.size());
			if (page.equals(connection())) {
				continue;
			}
			claimAt(TOLD_MS + i * 7_000L, page, "twin", page);
			Frame.Kick kick = ear.next(Frame.Kick.class);
			if (kick.reason() == CloseReason.TAKEOVER) {
				pages.remove(kick.connection());
			}
		}
		assertThat(pages).containsExactly(connection());
	}

	@Test
	void whereOneOfTwoPagesDoesNotSayWhichItIsReplacementsCount() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c0", "twin", "");
		int claims = 0;
		Frame.Kick kick;
		do {
			claims++;
			claimAt(TOLD_MS + claims * 7_000L, "c" + claims, "twin", (claims % 2 == 0) ? "" : "p" + claims);
			kick = ear.next(Frame.Kick.class);
		}
		while (kick.reason() == null && claims < 20);
		assertThat(claims).isEqualTo(10);
	}

	@Test
	void anotherClientForgetsThePages() {
		twins(TOLD_MS);
		claimAt(TOLD_MS + 50_000, "d", "other", "q");
		this.partition.redis().del(TOMBSTONE + "twin");
		claimAt(TOLD_MS + 50_000, "e", "twin", "q");
		assertThat(this.partition.redis().hget(PRESENCE, "alice")).contains(" normal/q/ ");
	}

	@Test
	void aReturnThatIsATakeOverCountsAsOne() {
		long now = TOLD_MS;
		claimAt(now, "c0", "twin", "p");
		for (int i = 1; i <= 5; i++) {
			now += 7_000;
			claimAt(now, "c" + i, "twin", (i % 2 == 0) ? "p" : "q");
		}
		this.partition.redis().setex(TAKEOVERS, 50, "1");
		assertThat(tryAt(now, 1, "c6", "twin", "p").getFirst()).isEqualTo("limited");
		assertThat(connection()).isEqualTo("c5");
		this.partition.redis().del(TAKEOVERS);
		assertThat(tryAt(now, 1, "c6", "twin", "p").getFirst()).isEqualTo("owner");
		assertThat(this.partition.redis().get(TAKEOVERS)).isEqualTo("1");
	}

	/** Two pages fight until q is told to stop; p holds the user by connection c6. */
	private long twins(long from) {
		long now = from;
		claimAt(now, "c0", "twin", "p");
		for (int i = 1; i <= 6; i++) {
			now += 7_000;
			claimAt(now, "c" + i, "twin", (i % 2 == 0) ? "p" : "q");
		}
		return now;
	}

	@Test
	void aRepeatedClaimOfTheSameConnectionChangesNothing() {
		ClaimResult.Owner first = owner(claim("a", "c1", "page"));
		String field = this.partition.redis().hget(PRESENCE, "alice");
		long published = publish();
		RedisPartition.Ear ear = this.partition.listen("node:a");
		ClaimResult.Owner again = owner(claim("a", "c1", "page"));
		assertThat(again.generation()).isEqualTo(first.generation());
		assertThat(again.headId()).as("what came meanwhile lies in the history").isEqualTo(published);
		assertThat(this.partition.redis().hget(PRESENCE, "alice")).isEqualTo(field);
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(MessageId.format(published));
		ear.heardNoMore("node:a");
	}

	@Test
	void aTombstoneAnswersEveryClaimOfItsClientAndTakesNoId() {
		claim("a", "c1", "page-1");
		long generation = owner(claim("b", "c2", "page-2")).generation();
		RedisPartition.Ear ear = this.partition.listen("node:b");
		String clock = this.partition.redis().get(CLOCK);
		assertThat(claim("a", "c1", "page-1")).as("repeated").isEqualTo(new ClaimResult.Displaced(generation));
		assertThat(claim("a", "c3", "page-1")).isEqualTo(new ClaimResult.Displaced(generation));
		assertThat(claim("b", "c4", "page-1")).isEqualTo(new ClaimResult.Displaced(generation));
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(clock);
		assertThat(connection()).isEqualTo("c2");
		ear.heardNoMore("node:b");
	}

	@Test
	void aTombstoneAnswersEvenTheConnectionThatIsStillNamed() {
		long generation = owner(claim("a", "c1", "page")).generation();
		this.partition.redis().set(TOMBSTONE + "page", MessageId.format(generation + 5));
		assertThat(claim("a", "c1", "page")).isEqualTo(new ClaimResult.Displaced(generation + 5));
	}

	@Test
	void eachClaimInVainKeepsTheClientAwayForLonger() {
		claim("a", "c1", "page-1");
		claim("b", "c2", "page-2");
		for (int i = 0; i < 3; i++) {
			this.partition.redis().pexpire(TOMBSTONE + "page-1", 5_000);
			assertThat(claim("a", "c3", "page-1")).isInstanceOf(ClaimResult.Displaced.class);
			assertThat(this.partition.redis().pttl(TOMBSTONE + "page-1")).isBetween(290_000L, 300_000L);
		}
		assertThat(connection()).isEqualTo("c2");
	}

	@Test
	void whatADisconnectLeftIsLengthenedTheSameWay() {
		claim("a", "c1", "page-1");
		get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, Duration.ZERO, null));
		this.partition.redis().pexpire(TOMBSTONE + "page-1", 5_000);
		assertThat(claim("a", "c2", "page-1")).isInstanceOf(ClaimResult.Displaced.class);
		assertThat(this.partition.redis().pttl(TOMBSTONE + "page-1")).isBetween(290_000L, 300_000L);
	}

	@Test
	void claimsInVainKeepAClientAwayForADayAtMost() {
		String generation = MessageId.format(MessageId.of(TOLD_MS, 0));
		String tombstone = TOMBSTONE + "page-1";
		this.partition.redis().psetex(tombstone, 5_000, generation);
		this.partition.redis().set(RUN, "run");
		this.partition.redis().set(SINCE, "1-0");
		this.partition.redis().set(CLOCK, generation);
		assertThat(tryAt(TOLD_MS + 86_400_000 - 200_000, "c1", "page-1", "")).startsWith("kicked", generation);
		assertThat(this.partition.redis().pttl(tombstone)).isBetween(190_000L, 200_000L);
		assertThat(tryAt(TOLD_MS + 86_400_000 - 100_000, "c1", "page-1", "").getFirst()).isEqualTo("kicked");
		assertThat(this.partition.redis().pttl(tombstone)).as("is not made shorter").isBetween(190_000L, 200_000L);
		this.partition.redis().pexpire(tombstone, 5_000);
		assertThat(tryAt(TOLD_MS + 86_400_000, "c1", "page-1", "").getFirst()).isEqualTo("kicked");
		assertThat(this.partition.redis().pttl(tombstone)).isBetween(1L, 5_000L);
	}

	@Test
	void aTombstoneIsNobodyElses() {
		claim("a", "c1", "page-1");
		claim("b", "c2", "page-2");
		Presence presence = this.partition.presence();
		assertThat(get(presence.claim("a", new Claim("bob", "c5", "page-1", Tier.NORMAL))))
			.isInstanceOf(ClaimResult.Owner.class);
		owner(claim("a", "c6", "page-10"));
		this.partition.redis().del(TOMBSTONE + "page-1");
		owner(claim("a", "c7", "page-1"));
	}

	@Test
	void aTombstoneFromBeforeALossOfDataIsVoid() {
		claim("a", "c1", "page-1");
		long generation = owner(claim("b", "c2", "page-2")).generation();
		this.partition.redis().set(SINCE, MessageId.format(generation));
		assertThat(claim("a", "c3", "page-1")).as("as young as since").isInstanceOf(ClaimResult.Displaced.class);
		this.partition.redis().set(SINCE, MessageId.format(generation + 1));
		owner(claim("a", "c3", "page-1"));
		assertThat(connection()).isEqualTo("c3");
	}

	@Test
	void anUnknownServerMovesSinceBeforeTheClaim() {
		long before = owner(claim("a", "c1", "page")).generation();
		this.partition.redis().set(RUN, "another");
		ClaimResult.Owner result = owner(claim("b", "c2", "page"));
		assertThat(result.dataLossFloor()).isGreaterThan(before).isLessThan(result.generation());
		assertThat(this.partition.redis().get(RUN)).isEqualTo(this.partition.runId());
	}

	@Test
	void aClaimNeverGoesBelowWhatItsProcessHasSeen() {
		long seen = MessageId.of(System.currentTimeMillis() + 3_600_000, 9);
		this.partition.link().observe(seen);
		ClaimResult.Owner result = owner(claim("a", "c1", "page"));
		assertThat(result.dataLossFloor()).isEqualTo(seen + 1);
		assertThat(result.generation()).isEqualTo(seen + 2);
		assertThat(this.partition.link().seen()).isEqualTo(seen + 2);
	}

	@Test
	void findDoesNotNameTheOwnerOnADeadNode() {
		claim("a", "c1", "page");
		this.partition.redis().del(PREFIX + "lease:a");
		assertThat(get(this.partition.presence().find("alice"))).isNull();
		assertThat(get(this.partition.presence().find("nobody"))).isNull();
	}

	@Test
	void aboveTheLimitOfTakeOversTheOwnerStaysAndNobodyIsTold() {
		limited("c1", "page-1");
		owner(limited("c2", "page-2"));
		long generation = owner(limited("c3", "page-3")).generation();
		assertThat(this.partition.redis().pttl(TAKEOVERS)).isBetween(50_000L, 60_000L);
		RedisPartition.Ear ear = this.partition.listen("node:a");
		for (int i = 0; i < 2; i++) {
			ClaimResult.Limited refused = (ClaimResult.Limited) limited("c4", "page-4");
			assertThat(refused.limits()).isEqualTo(TWO_A_MINUTE);
			assertThat(refused.counted()).isEqualTo(ClaimResult.Counted.TAKEOVERS);
			assertThat(refused.reset()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
		}
		assertThat(connection()).isEqualTo("c3");
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(MessageId.format(generation));
		assertThat(this.partition.redis().exists(TOMBSTONE + "page-3")).isZero();
		ear.heardNoMore("node:a");

		assertThat(owner(limited("c3", "page-3")).generation()).as("a repeated claim").isEqualTo(generation);
		owner(limited("c5", "page-3"));
		assertThat(connection()).as("a reconnect of the owner's page").isEqualTo("c5");
		assertThat(limited("c6", "page-2")).as("a page that was taken over").isInstanceOf(ClaimResult.Displaced.class);
		get(this.partition.presence().release(List.of(new Presence.Field("alice", "c5", MessageId.ZERO))));
		owner(limited("c7", "page-7"));
		assertThat(connection()).as("nobody is displaced").isEqualTo("c7");
		assertThat(limited("c8", "page-8")).isInstanceOf(ClaimResult.Limited.class);
		this.partition.redis().pexpire(TAKEOVERS, 1);
		await().until(() -> this.partition.redis().exists(TAKEOVERS) == 0);
		owner(limited("c8", "page-8"));
		assertThat(connection()).as("counted anew").isEqualTo("c8");
	}

	@Test
	void aTenthReplacementInARowCountsAsATakeOver() {
		for (int i = 0; i <= 11; i++) {
			owner(limited("c" + i, "twin"));
		}
		assertThat(this.partition.redis().get(TAKEOVERS)).isEqualTo("2");
		assertThat(limited("c12", "twin")).isInstanceOf(ClaimResult.Limited.class);
		assertThat(connection()).isEqualTo("c11");
	}

	@Test
	void aboveTheLimitOfOpensTheOwnerStaysWhoeverComes() {
		Presence bounded = this.partition.presence(new Presence.UserLimits(0, 3, Duration.ofMinutes(1)));
		for (int i = 0; i < 3; i++) {
			owner(get(bounded.claim("a", new Claim("alice", "c" + i, "page", Tier.HIGH))));
			owner(get(bounded.claim("a", new Claim("alice", "c" + i, "page", Tier.HIGH))));
		}
		String clock = this.partition.redis().get(CLOCK);
		for (String client : List.of("page", "other")) {
			ClaimResult.Limited refused = (ClaimResult.Limited) get(
					bounded.claim("a", new Claim("alice", "c9", client, Tier.HIGH)));
			assertThat(refused.counted()).isEqualTo(ClaimResult.Counted.OPENS);
			assertThat(refused.reset()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
		}
		assertThat(connection()).isEqualTo("c2");
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(clock);
		owner(get(bounded.claim("a", new Claim("bob", "d1", "page", Tier.HIGH))));
	}

	@Test
	void anOwnerIsToldHowManyOpensItsUserHad() {
		Presence.UserLimits limits = new Presence.UserLimits(0, 3, Duration.ofMinutes(1));
		Presence bounded = this.partition.presence(limits);
		for (int i = 1; i <= 3; i++) {
			Claim claim = new Claim("alice", "c" + i, "page-" + i, Tier.HIGH);
			ClaimResult.Opens opens = owner(get(bounded.claim("a", claim))).opens();
			assertThat(opens).isNotNull();
			assertThat(opens.limits()).isEqualTo(limits);
			assertThat(opens.count()).isEqualTo(i);
			assertThat(opens.reset()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
			assertThat(owner(get(bounded.claim("a", claim))).opens()).as("a repeated one counts for nothing").isNull();
		}
		assertThat(owner(claim("a", "c4", "page-4")).opens()).as("without a limit").isNull();
	}

	@Test
	void takeOversAreCountedForEachUserAlone() {
		for (int i = 0; i < 3; i++) {
			owner(limited("c" + i, "page-" + i));
		}
		assertThat(limited("c3", "page-3")).isInstanceOf(ClaimResult.Limited.class);
		Presence bounded = this.partition.presence(TWO_A_MINUTE);
		owner(get(bounded.claim("a", new Claim("bob", "d1", "page-1", Tier.LOW))));
		owner(get(bounded.claim("a", new Claim("bob", "d2", "page-2", Tier.LOW))));
		owner(claim("a", "c4", "page-4"));
		assertThat(connection()).as("without a limit").isEqualTo("c4");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "junk", "b c0 5 page 1 high 0 0", "b c0 99999999999999-0 page 1 high 0 0" })
	void aFieldThatCannotBeReadNamesNoOwner(String junk) {
		owner(claim("a", "c1", "page"));
		this.partition.redis().set(SINCE, "1-0");
		this.partition.redis().hset(PRESENCE, "alice", junk);
		RedisPartition.Ear all = this.partition.listen("ch:all");
		ClaimResult.Owner result = owner(claim("a", "c2", "other"));
		assertThat(connection()).isEqualTo("c2");
		assertThat(all.next(Frame.Displacement.class)).as("whomever it displaces")
			.isEqualTo(new Frame.Displacement(result.generation(), "c2", "other", "alice"));
	}

	@Test
	void whatOneUsersKeysHoldStopsNoClaim() {
		this.partition.redis().hset(PREFIX + "renewals", "a", "junk");
		this.partition.redis().set(SINCE, "junk");
		for (String key : List.of(TOMBSTONE + "page", TAKEOVERS, PREFIX + "user-opens:alice")) {
			this.partition.redis().set(key, "inf");
		}
		owner(limited("c1", "other"));
		owner(limited("c2", "page"));
		assertThat(this.partition.redis().get(TAKEOVERS)).isEqualTo("1");
		for (String key : List.of(TOMBSTONE + "third", TAKEOVERS, PREFIX + "user-opens:alice")) {
			this.partition.redis().del(key);
			this.partition.redis().hset(key, "no", "text");
		}
		owner(limited("c3", "third"));
		owner(get(this.partition.presence(new Presence.UserLimits(2, 1, Duration.ofMinutes(1)))
			.claim("a", new Claim("alice", "c4", "fourth", Tier.HIGH))));
		assertThat(this.partition.redis().get(PREFIX + "user-opens:alice")).isEqualTo("1");
		assertThat(this.partition.redis().pttl(TAKEOVERS)).isPositive();
	}

	@Test
	void aLargeKeyOfAnotherTypeIsFreedInTheBackground() {
		this.partition.redis().del(TOMBSTONE + "page");
		owner(claim("a", "c1", "page"));
		long freed = this.partition.plantForeign(TOMBSTONE + "page");
		owner(limited("c2", "other"));
		assertThat(this.partition.freedInBackground()).as("a tombstone").isEqualTo(freed + 1);
		this.partition.plantForeign(PREFIX + "hidden:alice");
		freed = this.partition.plantForeign(PREFIX + "user-opens:alice");
		owner(get(this.partition.presence(new Presence.UserLimits(0, 2, Duration.ofMinutes(1)))
			.claim("a", new Claim("alice", "c3", "third", Tier.HIGH, "", 7, IssuedToken.LATEST))));
		assertThat(this.partition.freedInBackground()).as("a stretch and a count").isEqualTo(freed + 2);
	}

	@Test
	void aCountWithoutAnEndGetsOne() {
		owner(claim("a", "c1", "page"));
		for (String key : List.of(TAKEOVERS, PREFIX + "user-opens:alice")) {
			this.partition.redis().set(key, "3");
			Presence.UserLimits limits = new Presence.UserLimits(2, 2, Duration.ofMinutes(1));
			assertThat(get(this.partition.presence(limits).claim("a", new Claim("alice", "c2", "other", Tier.HIGH))))
				.isInstanceOfSatisfying(ClaimResult.Limited.class,
						(limited) -> assertThat(limited.reset()).isEqualTo(Duration.ofMinutes(1)));
			assertThat(this.partition.redis().get(key)).isEqualTo("3");
			assertThat(this.partition.redis().pttl(key)).isBetween(50_000L, 60_000L);
			this.partition.redis().del(key);
		}
	}

	private ClaimResult limited(String connection, String client) {
		return get(this.partition.presence(TWO_A_MINUTE).claim("a", new Claim("alice", connection, client, Tier.HIGH)));
	}

	private ClaimResult claim(String node, String connection, String client) {
		return get(this.partition.presence().claim(node, new Claim("alice", connection, client, Tier.HIGH)));
	}

	private void claimAt(long now, String connection, String client) {
		claimAt(now, connection, client, "");
	}

	private void claimAt(long now, String connection, String client, String page) {
		assertThat(tryAt(now, connection, client, page).getFirst()).isEqualTo("owner");
	}

	private List<Object> tryAt(long now, String connection, String client, String page) {
		return tryAt(now, 0, connection, client, page);
	}

	private List<Object> tryAt(long now, int takeovers, String connection, String client, String page) {
		return this.partition.runAt(now, Script.CLAIM_USER,
				List.of(CLOCK, RUN, SINCE, PRESENCE, PREFIX + "lease:a", TOMBSTONE + client, TAKEOVERS,
						PREFIX + "renewals", PREFIX + "hidden:alice", PREFIX + "user-opens:alice",
						PREFIX + "revoked:alice", PREFIX + "revoked:jti:", PREFIX + "unacknowledged:alice:" + client),
				"run", "0-0", "0", PREFIX, PREFIX, "alice", "a", connection, client, "normal", "15000", "300000",
				Integer.toString(takeovers), "60000", page, "10 30000 3 300000", "1." + now, "0-0", "0", "1000");
	}

	private static ClaimResult.Owner owner(ClaimResult result) {
		assertThat(result).isInstanceOf(ClaimResult.Owner.class);
		return (ClaimResult.Owner) result;
	}

	private String connection() {
		return this.partition.redis().hget(PRESENCE, "alice").split(" ")[1];
	}

	private long publish() {
		return ((Publisher.Result.Stored) get(
				this.partition.publisher().publish(List.of(ChannelName.user("alice")), message("m"), null)))
			.receipts()
			.getFirst()
			.id();
	}

}
