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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

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
	void aBlockRefusesWhateverIsIssuedAndLeavesNoTraceInTheLog() {
		Outcome.Stored stored = (Outcome.Stored) get(this.revocations.block("alice", Duration.ofHours(2), "x"));
		assertThat(stored.revocation().until()).isGreaterThan(redisMillis() + 7_000_000);
		assertThat(opens("t", 1L << 40)).isFalse();
		assertThat(this.partition.redis().pttl(ALICE)).isGreaterThan(7_000_000);
		assertThat(this.partition.redis().exists(LOG)).isZero();
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
	void aLogThatIsNoneIsBegunAnew() {
		this.partition.redis().set(LOG, "junk");
		assertThat(renew(5L).upTo()).isEqualTo(5);
		long id = put(USER, 9_000L, "x").id();
		assertThat(renew(5L).upTo()).isEqualTo(id);
		this.partition.redis().xadd(LOG, new io.lettuce.core.XAddArgs().id("9999999999999-0"), Map.of("u", "bob"));
		long later = put(USER, 9_500L, "x").id();
		assertThat(renew(id).revocations()).extracting(Revocation::issuedBefore).containsExactly(9_500L);
		assertThat(renew(id).upTo()).isEqualTo(later);
	}

	private RevocationPage renew(Long known) {
		return get(this.partition.presence()
			.renew("a", List.of(new Held("bob", "b1", MessageId.of(1_000, 0), "page", 1, Tier.NORMAL)), known))
			.revoked();
	}

}
