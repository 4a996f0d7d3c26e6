package io.fanfare.protocol.redis;

import java.time.Duration;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.redis.Presence.Claim;
import io.fanfare.protocol.redis.Presence.ClaimResult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.protocol.redis.RedisPartition.CLOCK;
import static io.fanfare.protocol.redis.RedisPartition.PREFIX;
import static io.fanfare.protocol.redis.RedisPartition.PRESENCE;
import static io.fanfare.protocol.redis.RedisPartition.RUN;
import static io.fanfare.protocol.redis.RedisPartition.SINCE;
import static io.fanfare.protocol.redis.RedisPartition.TOLD_MS;
import static io.fanfare.protocol.redis.RedisPartition.get;
import static io.fanfare.protocol.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class ClaimUserIT {

	private static final String TOMBSTONE = PREFIX + "kicked:alice:";

	private static final String TAKEOVERS = PREFIX + "takeovers:alice";

	private static final Presence.TakeoverLimit TWO_A_MINUTE = new Presence.TakeoverLimit(2, Duration.ofMinutes(1));

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void aFreshClaimOwnsTheUserFromAnIdOfTheClockOn() {
		long before = System.currentTimeMillis();
		RedisPartition.Ear ear = this.partition.listen("node:a", "node:b");
		ClaimResult.Owner result = owner(claim("a", "c1", "page"));
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo(MessageId.format(result.generation()));
		assertThat(result.clock()).isEqualTo(result.generation());
		assertThat(result.since()).isLessThan(result.generation());
		Presence.Owner found = get(this.partition.presence().find("alice"));
		assertThat(found.node()).isEqualTo("a");
		assertThat(found.connection()).isEqualTo("c1");
		assertThat(found.generation()).isEqualTo(result.generation());
		assertThat(found.client()).isEqualTo("page");
		assertThat(found.tier()).isEqualTo(Tier.HIGH);
		assertThat(found.since()).isBetween(before, System.currentTimeMillis() + 1000);
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
		assertThat(result.clock()).isGreaterThan(before).isLessThan(publish());
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
	void theTenthReconnectWithinAMinuteIsATakeOverWithoutTombstone() {
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
	void aMinuteLaterReconnectsAreCountedAnew() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c0", "twin");
		for (int i = 1; i <= 9; i++) {
			claimAt(TOLD_MS + i, "c" + i, "twin");
			assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		}
		claimAt(TOLD_MS + 60_000, "c10", "twin");
		assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		for (int i = 11; i <= 18; i++) {
			claimAt(TOLD_MS + 119_999, "c" + i, "twin");
			assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		}
		claimAt(TOLD_MS + 119_999, "c19", "twin");
		assertThat(ear.next(Frame.Kick.class).reason()).isEqualTo(CloseReason.TAKEOVER);
	}

	@Test
	void theLastMillisecondOfTheMinuteStillCounts() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		claimAt(TOLD_MS, "c0", "twin");
		for (int i = 1; i <= 9; i++) {
			claimAt(TOLD_MS, "c" + i, "twin");
			assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		}
		claimAt(TOLD_MS + 59_999, "c10", "twin");
		assertThat(ear.next(Frame.Kick.class).reason()).isEqualTo(CloseReason.TAKEOVER);
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

	@Test
	void aRepeatedClaimOfTheSameConnectionChangesNothing() {
		ClaimResult.Owner first = owner(claim("a", "c1", "page"));
		String field = this.partition.redis().hget(PRESENCE, "alice");
		long published = publish();
		RedisPartition.Ear ear = this.partition.listen("node:a");
		ClaimResult.Owner again = owner(claim("a", "c1", "page"));
		assertThat(again.generation()).isEqualTo(first.generation());
		assertThat(again.clock()).as("what came meanwhile lies in the history").isEqualTo(published);
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
		assertThat(result.since()).isGreaterThan(before).isLessThan(result.generation());
		assertThat(this.partition.redis().get(RUN)).isEqualTo(this.partition.runId());
	}

	@Test
	void aClaimNeverGoesBelowWhatItsProcessHasSeen() {
		long seen = MessageId.of(System.currentTimeMillis() + 3_600_000, 9);
		this.partition.link().observe(seen);
		ClaimResult.Owner result = owner(claim("a", "c1", "page"));
		assertThat(result.since()).isEqualTo(seen + 1);
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
			assertThat(refused.limit()).isEqualTo(TWO_A_MINUTE);
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
	void aTenthReconnectWithinAMinuteCountsAsATakeOver() {
		for (int i = 0; i <= 11; i++) {
			owner(limited("c" + i, "twin"));
		}
		assertThat(this.partition.redis().get(TAKEOVERS)).isEqualTo("2");
		assertThat(limited("c12", "twin")).isInstanceOf(ClaimResult.Limited.class);
		assertThat(connection()).isEqualTo("c11");
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

	private ClaimResult limited(String connection, String client) {
		return get(this.partition.presence(TWO_A_MINUTE).claim("a", new Claim("alice", connection, client, Tier.HIGH)));
	}

	private ClaimResult claim(String node, String connection, String client) {
		return get(this.partition.presence().claim(node, new Claim("alice", connection, client, Tier.HIGH)));
	}

	private void claimAt(long now, String connection, String client) {
		List<Object> answer = this.partition.runAt(now, Script.CLAIM_USER,
				List.of(CLOCK, RUN, SINCE, PRESENCE, PREFIX + "lease:a", TOMBSTONE + client, TAKEOVERS), "run", "0-0",
				"0", PREFIX, PREFIX, "alice", "a", connection, client, "normal", "15000", "300000", "0", "0");
		assertThat(answer.getFirst()).isEqualTo("owner");
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
