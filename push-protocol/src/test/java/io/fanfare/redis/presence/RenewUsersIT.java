package io.fanfare.redis.presence;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Verdict.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.RUN;
import static io.fanfare.redis.RedisPartition.SINCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class RenewUsersIT {

	private static final long MS = 1_790_000_000_000L;

	private static final long G5 = MessageId.of(MS, 5);

	private static final String RENEWALS = PREFIX + "renewals";

	private static final String TOMBSTONE = PREFIX + "kicked:alice:page";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void whoStillOwnsItsUserIsFineAndNothingChanges() {
		this.partition.owner("alice", "a", "c1", G5, "page");
		String field = this.partition.redis().hget(PRESENCE, "alice");
		Renewal renewal = renew(held("alice", "c1", G5, "page"));
		assertThat(renewal.verdicts()).isEmpty();
		assertThat(this.partition.redis().hget(PRESENCE, "alice")).isEqualTo(field);
		assertThat(MessageId.format(renewal.headId())).isEqualTo(this.partition.redis().get(CLOCK));
		assertThat(MessageId.format(renewal.dataLossFloor())).isEqualTo(this.partition.redis().get(SINCE));
	}

	@Test
	void everyRenewalRenewsTheLeaseAlsoOfANodeWithoutConnections() {
		assertThat(renew().verdicts()).isEmpty();
		assertThat(this.partition.redis().pttl(PREFIX + "lease:a")).isBetween(14_000L, 15_000L);
	}

	@Test
	void aFieldThatIsGoneIsWrittenBackWithTheGenerationItHad() {
		renew();
		String clock = this.partition.redis().get(CLOCK);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
		Presence.Owner owner = get(this.partition.presence().find("alice"));
		assertThat(owner).isEqualTo(new Presence.Owner("a", "c1", G5, "page", 77, Tier.LOW));
		assertThat(this.partition.redis().get(CLOCK)).as("nothing is claimed again").isEqualTo(clock);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts()).isEmpty();
	}

	@Test
	void aFieldThatIsWrittenBackIsToldInOrderWithTheMessages() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		long hidden = publish();
		renew(held("alice", "c1", G5, "page"));
		long heard = publish();
		Frame.Restored restored = ear.next(Frame.Restored.class);
		assertThat(restored).isEqualTo(new Frame.Restored("c1", new Predecessor(hidden, hidden, 0)));
		assertThat(ear.next(Frame.Published.class).id()).isEqualTo(heard);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts()).isEmpty();
		long last = publish();
		assertThat(ear.next(Frame.Published.class).id()).as("nothing was told of a field in place").isEqualTo(last);
	}

	@Test
	void aTombstoneOfItsOwnClientIsNotLeftBehind() {
		renew();
		this.partition.redis().set(TOMBSTONE, MessageId.format(G5 - 1));
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
		assertThat(this.partition.redis().exists(TOMBSTONE)).isZero();
	}

	@Test
	void whoLostItsUserToAClaimThatFoundNoFieldIsKeptAway() {
		this.partition.redis().set(SINCE, MessageId.format(G5 - 9));
		renew();
		this.partition.owner("alice", "b", "c2", G5 + 1, "other");
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.LOST, G5 + 1));
		assertThat(this.partition.redis().get(TOMBSTONE)).isEqualTo(MessageId.format(G5 + 1));
		assertThat(this.partition.redis().pttl(TOMBSTONE)).isBetween(290_000L, 300_000L);
		this.partition.redis().set(TOMBSTONE, MessageId.format(G5 + 9));
		renew(held("alice", "c1", G5, "page"));
		assertThat(this.partition.redis().get(TOMBSTONE)).as("a newer one stays").isEqualTo(MessageId.format(G5 + 9));
	}

	@Test
	void eachRenewalWritesAnotherValue() {
		renew();
		String first = this.partition.redis().hget(RENEWALS, "a");
		renew();
		assertThat(this.partition.redis().hget(RENEWALS, "a")).isNotEqualTo(first);
		assertThat(this.partition.redis().ttl(RENEWALS)).isEqualTo(-1);
	}

	@Test
	void whatComesByAnOlderConnectionOfTheNodeChangesNothing() {
		this.partition.redis().hset(RENEWALS, "a", "99.1");
		assertThat(this.partition.presence().renew("a", List.of(held("alice", "c1", G5, "page"))))
			.failsWithin(RedisPartition.TIMEOUT)
			.withThrowableThat()
			.havingRootCause()
			.withMessageContaining("STALE");
		assertThat(this.partition.redis().exists(PRESENCE, PREFIX + "lease:a", CLOCK)).isZero();
		assertThat(this.partition.redis().hget(RENEWALS, "a")).isEqualTo("99.1");
	}

	@Test
	void aLowerGenerationOfAnotherClientIsDisplacedToldAndKeptAway() {
		this.partition.owner("alice", "b", "c0", G5 - 1, "other");
		RedisPartition.Ear ear = this.partition.listen("node:b");
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
		Frame.Kick kick = ear.next(Frame.Kick.class);
		assertThat(kick.connection()).isEqualTo("c0");
		assertThat(kick.generation()).isEqualTo(G5);
		assertThat(kick.reason()).isEqualTo(CloseReason.TAKEOVER);
		assertThat(this.partition.redis().get(PREFIX + "kicked:alice:other")).isEqualTo(MessageId.format(G5));
		assertThat(this.partition.redis().hget(PRESENCE, "alice")).startsWith("a c1 " + MessageId.format(G5));
	}

	@Test
	void aLowerGenerationOfTheSameClientIsDisplacedSilently() {
		this.partition.owner("alice", "b", "c0", G5 - 1, "page");
		RedisPartition.Ear ear = this.partition.listen("node:b");
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
		assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		assertThat(this.partition.redis().exists(TOMBSTONE)).isZero();
	}

	@Test
	void aFieldThatIsWrittenBackKeepsThePageAndCountsNoReturn() {
		assertThat(renew(new Held("alice", "c1", G5, "page", 77, Tier.LOW, "p")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
		assertThat(this.partition.redis().hget(PRESENCE, "alice"))
			.isEqualTo("a c1 " + MessageId.format(G5) + " page 77 low/p/ 0 " + window());
		this.partition.redis()
			.hset(PRESENCE, "alice", "b c0 " + MessageId.format(G5 - 1) + " page 77 low/q/5/p/6,7/r/!8,9 4 10");
		RedisPartition.Ear ear = this.partition.listen("node:b");
		assertThat(renew(new Held("alice", "c1", G5, "page", 77, Tier.LOW, "p")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
		assertThat(ear.next(Frame.Kick.class).reason()).isNull();
		assertThat(this.partition.redis().hget(PRESENCE, "alice"))
			.isEqualTo("a c1 " + MessageId.format(G5) + " page 77 low/p//q/5/r/!8,9 4 10");
		assertThat(get(this.partition.presence().find("alice")).tier()).isEqualTo(Tier.LOW);
	}

	private String window() {
		return this.partition.redis().hget(PRESENCE, "alice").split(" ")[7];
	}

	@Test
	void generationsAreComparedAsNumbers() {
		this.partition.owner("alice", "b", "c0", MessageId.of(MS, 9), "other");
		assertThat(renew(held("alice", "c1", MessageId.of(MS, 10), "page")).verdicts()).extracting(Verdict::kind)
			.containsExactly(Kind.RESTORED);
	}

	@Test
	void aHigherGenerationOfAnotherClientMeansLost() {
		this.partition.owner("alice", "b", "c2", G5 + 1, "other");
		String field = this.partition.redis().hget(PRESENCE, "alice");
		RedisPartition.Ear ear = this.partition.listen("node:b");
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.LOST, G5 + 1));
		assertThat(this.partition.redis().hget(PRESENCE, "alice")).isEqualTo(field);
		ear.heardNoMore("node:b");
	}

	@Test
	void aHigherGenerationOfTheSameClientMeansReplaced() {
		this.partition.owner("alice", "b", "c2", G5 + 1, "page");
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.REPLACED, G5 + 1));
	}

	@Test
	void aClientWithATombstoneIsLostAndNotWrittenBack() {
		this.partition.redis().set(TOMBSTONE, MessageId.format(G5 + 9));
		vouchFrom(G5 - 100);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.LOST, G5 + 9));
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isFalse();
	}

	@Test
	void aClientWithATombstoneIsNotWrittenBackOverALowerGenerationEither() {
		this.partition.owner("alice", "b", "c0", G5 - 1, "other");
		this.partition.redis().set(TOMBSTONE, MessageId.format(G5 + 9));
		vouchFrom(G5 - 100);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.LOST, G5 + 9));
		assertThat(this.partition.redis().hget(PRESENCE, "alice")).startsWith("b c0 ");
	}

	@Test
	void aTombstoneOfALowerGenerationIsVoidForItWasLeftByAnOldConnectionWrittenBackLate() {
		this.partition.redis().set(TOMBSTONE, MessageId.format(G5 - 2));
		this.partition.owner("alice", "b", "c0", G5 - 2, "other");
		vouchFrom(G5 - 100);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
		this.partition.redis().del(PRESENCE);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
	}

	@Test
	void aTombstoneFromBeforeALossOfDataIsVoid() {
		this.partition.redis().set(TOMBSTONE, MessageId.format(G5 + 9));
		vouchFrom(G5 + 10);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts())
			.containsExactly(new Verdict(0, Kind.RESTORED, G5));
	}

	@Test
	void aTombstoneDoesNotEndTheConnectionThatOwnsTheUser() {
		this.partition.owner("alice", "a", "c1", G5, "page");
		this.partition.redis().set(TOMBSTONE, MessageId.format(G5 + 9));
		vouchFrom(G5 - 100);
		assertThat(renew(held("alice", "c1", G5, "page")).verdicts()).isEmpty();
	}

	@Test
	void aBatchNamesItsConnectionsByTheirPlace() {
		List<Held> held = new ArrayList<>();
		List<Verdict> expected = new ArrayList<>();
		for (int i = 0; i < 400; i++) {
			String user = "u " + i;
			held.add(held(user, "c" + i, G5, "page"));
			switch (i % 4) {
				case 0 -> this.partition.owner(user, "a", "c" + i, G5, "page");
				case 1 -> expected.add(new Verdict(i, Kind.RESTORED, G5));
				case 2 -> {
					this.partition.owner(user, "b", "x", G5 + i, "page");
					expected.add(new Verdict(i, Kind.REPLACED, G5 + i));
				}
				default -> {
					this.partition.owner(user, "b", "x", G5 + i, "other");
					expected.add(new Verdict(i, Kind.LOST, G5 + i));
				}
			}
		}
		assertThat(renew(held.toArray(Held[]::new)).verdicts()).isEqualTo(expected);
	}

	@Test
	void anUnknownServerIsToldBySince() {
		long before = renew().dataLossFloor();
		this.partition.redis().set(RUN, "another");
		Renewal renewal = renew();
		assertThat(renewal.dataLossFloor()).isGreaterThan(before).isEqualTo(renewal.headId());
	}

	@Test
	void anEmptiedStoreGetsEverythingBack() {
		Renewal before = renew(held("alice", "c1", G5, "page"));
		this.partition.redis().flushall();
		Renewal after = renew(held("alice", "c1", G5, "page"), held("bob", "c2", G5 + 1, "page"));
		assertThat(after.dataLossFloor()).isGreaterThan(before.headId());
		assertThat(after.verdicts()).containsExactly(new Verdict(0, Kind.RESTORED, G5),
				new Verdict(1, Kind.RESTORED, G5 + 1));
	}

	@Test
	void whatCannotBeReadIsWrittenBackAndStopsNobody() {
		RedisPartition.Ear ear = this.partition.listen("node:a");
		Renewal before = renew();
		for (String junk : List.of("", "junk", "b c0 5 page 1 high 0 0", "1-0 1-0 12345678901234567890")) {
			this.partition.redis().hset(PRESENCE, "alice", junk);
			this.partition.redis().hset(PREFIX + "last", "user:alice", junk);
			this.partition.redis().hset(RENEWALS, "a", junk);
			this.partition.redis().set(TOMBSTONE, junk);
			assertThat(renew(held("alice", "c1", G5, "page"), held("bob", "c2", G5, "page")).verdicts()).as(junk)
				.contains(new Verdict(0, Kind.RESTORED, G5));
			assertThat(get(this.partition.presence().find("alice"))).as(junk).isNotNull();
			assertThat(ear.next(Frame.Restored.class).last()).as("anything up to now may be missing")
				.isEqualTo(new Predecessor(before.headId(), before.headId(), 0));
			if (junk.isEmpty()) {
				assertThat(ear.next(Frame.Restored.class).connection()).isEqualTo("c2");
			}
		}
		this.partition.redis().set(SINCE, "junk");
		assertThat(renew().dataLossFloor()).as("nothing vouches for what was").isGreaterThan(before.headId());
	}

	@Test
	void aFieldOfItsOwnWhoseRestCannotBeReadIsWrittenBack() {
		renew();
		for (String rest : List.of("junk", "page 1 high 0", "page 1 high 0 x", "page x high 0 0",
				"page 1 high 0 0 0")) {
			this.partition.redis().hset(PRESENCE, "alice", "a c1 " + MessageId.format(G5) + " " + rest);
			assertThat(renew(held("alice", "c1", G5, "page")).verdicts()).as(rest)
				.containsExactly(new Verdict(0, Kind.RESTORED, G5));
			assertThat(get(this.partition.presence().find("alice"))).as(rest).isNotNull();
			assertThat(renew(held("alice", "c1", G5, "page")).verdicts()).as(rest).isEmpty();
		}
	}

	private void vouchFrom(long since) {
		this.partition.redis().set(SINCE, MessageId.format(since));
		this.partition.redis().set(CLOCK, MessageId.format(MessageId.of(MS + 1000, 0)));
		this.partition.redis().set(RUN, this.partition.runId());
	}

	private static Held held(String user, String connection, long generation, String client) {
		return new Held(user, connection, generation, client, 77, Tier.LOW);
	}

	private Renewal renew(Held... held) {
		return get(this.partition.presence().renew("a", List.of(held)));
	}

	private long publish() {
		return ((Publisher.Result.Stored) get(this.partition.publisher()
			.publish(List.of(ChannelName.user("alice")), RedisPartition.message("m"), null))).receipts()
			.getFirst()
			.id();
	}

}
