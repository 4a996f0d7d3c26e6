package io.fanfare.redis.revocation;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.revocation.Revocation.OfToken;
import io.fanfare.redis.revocation.Revocation.OfTopic;
import io.fanfare.redis.revocation.Revocation.OfUser;
import io.fanfare.redis.revocation.Revocation.Target;
import io.fanfare.redis.revocation.RevocationPage.Extent;
import io.fanfare.redis.revocation.Revocations.Outcome;
import io.fanfare.redis.revocation.Revocations.Restored;
import io.lettuce.core.XAddArgs;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

class RevocationsIT {

	private static final Duration LIFE = Duration.ofHours(1);

	private static final String ALICE = PREFIX + "revoked:alice";

	private static final String LOG = PREFIX + "revocations";

	private static final OfUser USER = new OfUser("alice");

	private static final OfTopic NEWS = new OfTopic("alice", "news");

	private static final OfToken TOKEN = new OfToken(IssuedToken.hash("t-1"));

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private Revocations revocations;

	private long connections;

	@BeforeEach
	void connect() {
		this.revocations = new Revocations(this.partition.link(), this.partition.keys, LIFE);
	}

	private Outcome.Stored put(Target target, Long issuedBefore, String reason) {
		return (Outcome.Stored) get(this.revocations.put(target, issuedBefore, reason));
	}

	private ClaimResult claim(String id, long issued) {
		return get(this.partition.presence()
			.claim("a", new Claim("alice", "c" + ++this.connections, "page" + this.connections, Tier.NORMAL, "",
					MessageId.ZERO, IssuedToken.of(id, issued))));
	}

	private boolean opens(String id, long issued) {
		return claim(id, issued) instanceof ClaimResult.Owner;
	}

	private long redisMillis() {
		List<String> time = this.partition.redis().time();
		return Long.parseLong(time.get(0)) * 1000 + Long.parseLong(time.get(1)) / 1000;
	}

	@Test
	void aUserIsRefusedByTheSecondOfIssueAndNotFromTheNextSecondOn() {
		Outcome.Stored stored = put(USER, 5_999L, "theft");
		assertThat(stored.revocation().validFrom()).isEqualTo(6_000);
		assertThat(opens("t", 4)).isFalse();
		assertThat(opens("t", 5)).isFalse();
		assertThat(claim("t", 5)).isInstanceOf(ClaimResult.Revoked.class);
		assertThat(opens("t", 6)).isTrue();
		put(USER, 6_000L, "theft");
		assertThat(opens("t", 6)).isFalse();
		assertThat(opens("t", 7)).isTrue();
	}

	@Test
	void withoutATimeItIsRedissOwn() {
		long before = redisMillis();
		Revocation revocation = put(USER, null, "theft").revocation();
		assertThat(revocation.issuedBefore()).isBetween(before, redisMillis());
		assertThat(opens("t", revocation.issuedBefore() / 1000)).isFalse();
		assertThat(opens("t", revocation.validFrom() / 1000)).isTrue();
		assertThat(this.partition.redis().pttl(ALICE)).isBetween(LIFE.toMillis() - 5_000, LIFE.toMillis());
		assertThat(get(this.revocations.ofUser("alice"))).containsExactly(revocation);
	}

	@Test
	void aTokenIsRefusedByItsIdAndNoOtherOfItsUser() {
		put(TOKEN, 9_000L, "lost");
		assertThat(opens("t-1", 9)).isFalse();
		assertThat(opens("t-2", 9)).isTrue();
		assertThat(opens(null, 9)).isTrue();
		assertThat(get(this.revocations.ofToken(TOKEN.hash()))).extracting(Revocation::reason).containsExactly("lost");
		assertThat(get(this.revocations.lift(TOKEN))).isTrue();
		assertThat(get(this.revocations.lift(TOKEN))).isFalse();
		assertThat(opens("t-1", 9)).isTrue();
	}

	@Test
	void aTopicIsNamedAndTheStreamOpens() {
		put(NEWS, 9_000L, "rights changed");
		put(new OfTopic("alice", "sport"), 7_000L, "x");
		assertThat(((ClaimResult.Owner) claim("t", 8)).revokedTopics()).isEqualTo(Map.of("news", "rights changed"));
		assertThat(((ClaimResult.Owner) claim("t", 10)).revokedTopics()).isEmpty();
		assertThat(get(this.revocations.lift(NEWS))).isTrue();
		assertThat(((ClaimResult.Owner) claim("t", 8)).revokedTopics()).isEmpty();
	}

	@Test
	void aLaterOneOnlyMovesForward() {
		put(USER, 9_000L, "first");
		assertThat(put(USER, 3_000L, "second").revocation().issuedBefore()).isEqualTo(9_000);
		assertThat(opens("t", 9)).isFalse();
		assertThat(opens("t", 10)).isTrue();
	}

	@Test
	void aBlockRefusesWhateverIsIssuedAndIsLoggedByASecondCall() {
		long begun = renew(null).upTo();
		Outcome.Stored stored = (Outcome.Stored) get(this.revocations.block("alice", Duration.ofHours(2), "x"));
		assertThat(stored.revocation().until()).isGreaterThan(redisMillis() + 7_000_000);
		assertThat(opens("t", 1L << 40)).isFalse();
		assertThat(this.partition.redis().pttl(ALICE)).isGreaterThan(7_000_000);
		assertThat(this.partition.redis().exists(LOG)).isZero();
		get(this.revocations.log(stored.revocation()));
		assertThat(renew(begun).revocations()).extracting(Revocation::target, Revocation::until)
			.containsExactly(tuple(USER, stored.revocation().until()));
		get(this.revocations.lift(USER));
		assertThat(opens("t", 1)).isTrue();
	}

	@Test
	void aRepeatedClaimOfARevokedTokenGivesTheUserUp() {
		assertThat(opens("t", 5)).isTrue();
		put(USER, 9_000L, "x");
		this.connections--;
		assertThat(claim("t", 5)).isInstanceOf(ClaimResult.Revoked.class);
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isFalse();
	}

	@Test
	void whatCannotBeReadRefusesUntilItIsLiftedOrWrittenAnew() {
		for (String junk : List.of("junk", "", "1", "1 2 3", "9999999999999999 0 0 x")) {
			this.partition.redis().hset(ALICE, "*", junk);
			assertThat(opens("t", 1L << 40)).as(junk).isFalse();
		}
		this.partition.redis().hset(ALICE, "other", "junk");
		put(USER, 5_000L, "x");
		assertThat(opens("t", redisMillis() / 1000 - 1)).isFalse();
		assertThat(opens("t", redisMillis() / 1000 + 1)).isTrue();
		this.partition.redis().del(ALICE);
		this.partition.redis().set(ALICE, "another type");
		assertThat(opens("t", 1L << 40)).isFalse();
		assertThat(get(this.revocations.ofUser("alice"))).hasSize(1);
		assertThat(get(this.revocations.lift(USER))).isTrue();
		assertThat(opens("t", 1)).isTrue();
		this.partition.redis().set(ALICE, "another type");
		put(USER, 5_000L, "x");
		assertThat(opens("t", 6)).isTrue();
		this.partition.redis().set(PREFIX + "revoked:jti:" + TOKEN.hash(), "another type");
		assertThat(opens("t-1", 9)).isFalse();
	}

	@Test
	void aUserHasSoManyRevokedTopicsAndOldOnesMakeRoom() {
		for (int i = 0; i < Revocation.MAX_TOPICS; i++) {
			this.partition.redis().hset(ALICE, "ch:t" + i, "1000 0 " + redisMillis() + " x");
		}
		assertThat(get(this.revocations.put(NEWS, 5_000L, "x"))).isInstanceOf(Outcome.Full.class);
		put(new OfTopic("alice", "t7"), 5_000L, "x");
		put(USER, 1_000L, "x");
		assertThat(((ClaimResult.Owner) claim("t", 5)).revokedTopics()).containsOnlyKeys("t7");
		this.partition.redis().hset(ALICE, "ch:t3", "1000 0 2000 x");
		put(NEWS, 5_000L, "x");
		assertThat(this.partition.redis().hexists(ALICE, "ch:t3")).isFalse();
	}

	@Test
	void aUserWhoseNameIsThatOfATokensKeyHasARevocationOfItsOwn() {
		OfUser user = new OfUser("jti:" + TOKEN.hash());
		put(user, 9_000L, "x");
		assertThat(opens("t-1", 9)).isTrue();
		put(TOKEN, 9_000L, "x");
		get(this.revocations.lift(user));
		assertThat(get(this.revocations.ofUser(user.user()))).isEmpty();
		assertThat(opens("t-1", 9)).isFalse();
	}

	@Test
	void aRenewalReadsWhatWasRevokedSince() {
		RevocationPage begun = renew(null);
		assertThat(begun.revocations()).isEmpty();
		Outcome.Stored first = put(USER, 9_000L, "x");
		put(NEWS, 9_000L, "y");
		long last = put(TOKEN, 9_000L, "z").id();
		RevocationPage page = renew(begun.upTo());
		assertThat(page.extent()).isEqualTo(Extent.ALL);
		assertThat(page.upTo()).isEqualTo(last);
		assertThat(page.revocations()).extracting(Revocation::target).containsExactly(USER, NEWS, TOKEN);
		assertThat(page.revocations()).extracting(Revocation::issuedBefore).containsOnly(9_000L);
		get(this.revocations.lift(NEWS));
		assertThat(renew(first.id()).revocations()).extracting(Revocation::target).containsExactly(TOKEN);
		assertThat(renew(last).revocations()).isEmpty();
		assertThat(renew(null).upTo()).isEqualTo(last);
	}

	@Test
	void aLogThatIsLongIsReadInPagesAndOneThatWasTrimmedSaysSo() {
		long begun = renew(null).upTo();
		for (int i = 0; i < 150; i++) {
			put(new OfToken(IssuedToken.hash("t" + i)), 9_000L, "x");
		}
		RevocationPage page = renew(begun);
		assertThat(page.extent()).isEqualTo(Extent.MORE);
		assertThat(page.revocations()).hasSize(100);
		RevocationPage rest = renew(page.upTo());
		assertThat(rest.extent()).isEqualTo(Extent.ALL);
		assertThat(rest.revocations()).hasSize(50);
		this.partition.redis().xtrim(LOG, 20);
		assertThat(renew(begun).extent()).isEqualTo(Extent.BEHIND);
		assertThat(renew(begun).upTo()).isEqualTo(rest.upTo());
		assertThat(renew(rest.upTo()).extent()).isEqualTo(Extent.ALL);
	}

	@Test
	void aLogThatIsNoneIsBegunAnewAndWhoReadItMayHaveMissedSomething() {
		this.partition.redis().set(LOG, "junk");
		assertThat(renew(5L).upTo()).isEqualTo(5);
		long begun = renew(null).upTo();
		long id = put(USER, 9_000L, "x").id();
		RevocationPage page = renew(begun);
		assertThat(page.extent()).isEqualTo(Extent.BEHIND);
		assertThat(page.upTo()).isEqualTo(id);
		assertThat(renew(id).extent()).isEqualTo(Extent.ALL);
	}

	@Test
	void anEntryThatIsNoneOfOursNeitherEndsNorHidesTheLog() {
		long begun = put(USER, 1_000L, "x").id();
		long known = put(USER, 9_000L, "x").id();
		for (String junk : List.of("99999999999999-0", "9999999999999-0", "8796093022207-0",
				"18446744073709551615-18446744073709551615")) {
			this.partition.redis().xadd(LOG, new XAddArgs().id(junk), Map.of("u", "bob"));
			assertThat(renew(null).upTo()).as(junk).isEqualTo(known);
			assertThat(renew(known)).as(junk).isEqualTo(new RevocationPage(known, Extent.ALL, List.of()));
			assertThat(renew(begun).revocations()).as(junk).hasSize(1);
			long later = put(USER, null, junk).id();
			assertThat(this.partition.redis().xlen(LOG)).as(junk).isEqualTo(1);
			RevocationPage page = renew(known);
			assertThat(page.extent()).as(junk).isEqualTo(Extent.ALL);
			assertThat(page.revocations()).as(junk).extracting(Revocation::reason).containsExactly(junk);
			assertThat(page.upTo()).as(junk).isEqualTo(later);
			assertThat(renew(begun).extent()).as(junk).isEqualTo(Extent.BEHIND);
			// The next round finds one behind it.
			known = put(USER, null, "again").id();
			begun = later;
		}
	}

	@Test
	void anEntryWithoutAnIdOfTheClockIsPassedOver() {
		long known = put(USER, 9_000L, "x").id();
		this.partition.redis()
			.xadd(LOG, new XAddArgs().id(MessageId.timestamp(known) + "-99999999"), Map.of("u", "alice"));
		assertThat(renew(known)).isEqualTo(new RevocationPage(known, Extent.ALL, List.of()));
		assertThat(renew(null).extent()).isEqualTo(Extent.ALL);
		await().until(() -> redisMillis() > MessageId.timestamp(known));
		long later = put(NEWS, 9_000L, "y").id();
		assertThat(renew(later).extent()).isEqualTo(Extent.ALL);
		assertThat(renew(null).upTo()).isEqualTo(later);
	}

	@Test
	void whoKnowsMoreThanTheClockIsBehind() {
		long last = put(USER, 9_000L, "x").id();
		RevocationPage page = renew(MessageId.of(8_796_093_022_207L, 0));
		assertThat(page.extent()).isEqualTo(Extent.BEHIND);
		assertThat(page.upTo()).isEqualTo(last);
	}

	@Test
	void onlyWhatIsLostIsWrittenBackAndNothingThatWasLifted() {
		Revocation user = put(USER, 9_000L, "x").revocation();
		Revocation topic = put(NEWS, 9_000L, "y").revocation();
		Revocation token = put(TOKEN, 9_000L, "z").revocation();
		long entries = this.partition.redis().xlen(LOG);
		for (Revocation held : List.of(user, topic, token)) {
			assertThat(get(this.revocations.restore(held))).isEqualTo(Restored.HELD);
			assertThat(get(this.revocations.lift(held.target()))).isTrue();
			assertThat(get(this.revocations.restore(held))).isEqualTo(Restored.LIFTED);
		}
		assertThat(this.partition.redis().xlen(LOG)).isEqualTo(entries);
		assertThat(opens("t-1", 1)).isTrue();
		assertThat(this.partition.redis().pttl(PREFIX + "lifted:alice")).isBetween(LIFE.toMillis() - 5_000,
				LIFE.toMillis());
		// What is stored after a lift is newer than it, in the same millisecond too.
		Revocation again = put(USER, 9_000L, "x").revocation();
		this.partition.redis().del(ALICE);
		assertThat(get(this.revocations.restore(user))).isEqualTo(Restored.LIFTED);
		assertThat(get(this.revocations.restore(again))).isEqualTo(Restored.WRITTEN);
		assertThat(opens("t-1", 9)).isFalse();
		// One that Redis does not hold any more can be lifted before it is written back.
		this.partition.redis().del(ALICE);
		assertThat(get(this.revocations.lift(USER))).isFalse();
		assertThat(get(this.revocations.restore(again))).isEqualTo(Restored.LIFTED);
	}

	@Test
	void aLiftedBlockStaysLiftedForAsLongAsItWouldHaveLasted() {
		Outcome.Stored block = (Outcome.Stored) get(this.revocations.block("alice", Duration.ofHours(9), "x"));
		assertThat(get(this.revocations.lift(USER))).isTrue();
		assertThat(this.partition.redis().pttl(PREFIX + "lifted:alice")).isGreaterThan(Duration.ofHours(8).toMillis());
		assertThat(get(this.revocations.restore(block.revocation()))).isEqualTo(Restored.LIFTED);
	}

	@Test
	void soManyLiftedTopicsAreKnownAndTheOldestMakesRoom() {
		String lifted = PREFIX + "lifted:alice";
		for (int i = 0; i < Revocation.MAX_TOPICS; i++) {
			this.partition.redis().hset(lifted, "ch:t" + i, "" + (redisMillis() + i));
		}
		get(this.revocations.lift(NEWS));
		assertThat(this.partition.redis().hlen(lifted)).isEqualTo(Revocation.MAX_TOPICS);
		assertThat(this.partition.redis().hexists(lifted, "ch:t0")).isFalse();
		this.partition.redis().set(lifted, "another type");
		put(NEWS, 9_000L, "y");
		assertThat(get(this.revocations.lift(NEWS))).isTrue();
		assertThat(this.partition.redis().hkeys(lifted)).containsExactly("ch:news");
	}

	private RevocationPage renew(Long known) {
		return get(this.partition.presence()
			.renew("a", List.of(new Held("bob", "b1", MessageId.of(1_000, 0), "page", 1, Tier.NORMAL)), known))
			.revoked();
	}

}
