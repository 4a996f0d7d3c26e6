package io.fanfare.redis.ticket;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import io.fanfare.protocol.Tier;
import io.fanfare.protocol.TokenLimits;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.Script;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.revocation.IssuedToken;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.Revocations;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

class TicketsIT {

	private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.SECONDS);

	private static final String UNSPENT = PREFIX + "tickets:alice";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private Tickets tickets;

	@BeforeEach
	void open() {
		this.tickets = new Tickets(this.partition.link(), this.partition.keys, new SecureRandom());
	}

	private static TicketRight right(String user) {
		return new TicketRight(user, List.of("news", "orders:*"), Tier.LOW, "jti \u00e9", NOW, NOW.plusSeconds(3600));
	}

	private Issue.Issued issued() {
		return (Issue.Issued) get(this.tickets.issue(right("alice"), NOW));
	}

	private String key(String ticket) {
		return PREFIX + "ticket:" + Tickets.digest(ticket);
	}

	private ClaimResult claim(String connection, String client, String ticket, String attempt) {
		return get(this.partition.presence()
			.claim("a", new Claim("alice", connection, client, Tier.LOW, "", 0, IssuedToken.LATEST,
					new Claim.Ticket(String.valueOf(Tickets.digest(ticket)), attempt))));
	}

	@Test
	void redisKnowsWhatATicketGrantsAndNotTheTicket() {
		Issue.Issued issued = issued();
		assertThat(issued.ticket()).matches("[A-Za-z0-9_-]{22}");
		assertThat(issued.expiresAt()).isBetween(Instant.now().plusSeconds(20), Instant.now().plusSeconds(31));
		assertThat(issued.toString()).doesNotContain(issued.ticket());
		assertThat(get(this.tickets.find(issued.ticket(), ""))).isEqualTo(new TicketState.Valid(right("alice")));
		assertThat(this.partition.redis().keys(PREFIX + "ticket*")).containsExactlyInAnyOrder(key(issued.ticket()),
				UNSPENT);
		assertThat(this.partition.redis().hgetall(key(issued.ticket())).toString()).doesNotContain(issued.ticket());
		assertThat(this.partition.redis().pttl(key(issued.ticket()))).isBetween(20_000L, 30_000L);
		for (String other : List.of("", "x", issued.ticket() + "A", issued.ticket().substring(1) + "B",
				issued.ticket().substring(1) + "\u00e9", "AAAAAAAAAAAAAAAAAAAAAA")) {
			assertThat(get(this.tickets.find(other, ""))).as(other).isEqualTo(new TicketState.Unknown());
		}
		assertThat(issued().ticket()).isNotEqualTo(issued.ticket());
	}

	@Test
	void aTicketEndsWithTheRight() {
		TicketRight right = new TicketRight("alice", List.of(), null, null, NOW, NOW.plusSeconds(2));
		Issue.Issued issued = (Issue.Issued) get(this.tickets.issue(right, NOW));
		assertThat(this.partition.redis().pttl(key(issued.ticket()))).isBetween(1L, 2_000L);
		assertThat(get(this.tickets.find(issued.ticket(), ""))).isEqualTo(new TicketState.Valid(right));
		this.partition.redis().pexpire(key(issued.ticket()), 1);
		await().until(() -> get(this.tickets.find(issued.ticket(), "")) instanceof TicketState.Unknown);
	}

	/** What is spent, and what has ended, does not count. */
	@Test
	void aUserHasTenThatAreNotSpent() {
		List<String> all = new ArrayList<>();
		for (int i = 0; i < Tickets.MAX_PER_USER; i++) {
			all.add(issued().ticket());
		}
		Issue.TooMany refused = (Issue.TooMany) get(this.tickets.issue(right("alice"), NOW));
		assertThat(refused.reset()).isBetween(Duration.ofSeconds(20), Tickets.LIFE);
		assertThat(get(this.tickets.issue(right("bob"), NOW))).isInstanceOf(Issue.Issued.class);
		assertThat(get(this.tickets.spend("alice", Tickets.digest(all.getFirst()), "c1", "", IssuedToken.LATEST)))
			.isNull();
		assertThat(this.partition.redis().hlen(UNSPENT)).isEqualTo(9);
		issued();
		assertThat(get(this.tickets.issue(right("alice"), NOW))).isInstanceOf(Issue.TooMany.class);
		List<Object> later = this.partition.runAt(System.currentTimeMillis() + 31_000, Script.ISSUE_TICKET,
				List.of(PREFIX + "ticket:d", UNSPENT), "d", "30000", "30000", "10", "1", "user", "alice");
		assertThat(later.getFirst()).isEqualTo("issued");
		assertThat(this.partition.redis().hkeys(UNSPENT)).containsExactly("d");
		assertThat(this.partition.redis().pttl(UNSPENT)).isBetween(20_000L, 30_000L);
		// TIME goes back, or the key holds something else: not for long
		List<Object> back = this.partition.runAt(System.currentTimeMillis() - 1_000_000_000, Script.ISSUE_TICKET,
				List.of(PREFIX + "ticket:e", UNSPENT), "e", "30000", "30000", "1", "1", "user", "alice");
		assertThat(back).isEqualTo(List.of("full", 30_000L));
		this.partition.plantForeign(PREFIX + "tickets:carol");
		assertThat(get(this.tickets.issue(right("carol"), NOW))).isInstanceOf(Issue.Issued.class);
	}

	@Test
	void aRevokedTokenMakesNoTicketAndSpendsNone() {
		String digest = String.valueOf(Tickets.digest(issued().ticket()));
		IssuedToken token = IssuedToken.of("jti \u00e9", NOW.getEpochSecond());
		Revocations revocations = new Revocations(this.partition.link(), this.partition.keys, Duration.ofHours(1));
		for (Revocation.Target target : List.of(new Revocation.OfToken(token.hash()), new Revocation.OfUser("alice"))) {
			assertThat(get(this.partition.presence().isRevoked("alice", token))).isFalse();
			get(revocations.put(target, NOW.toEpochMilli(), "why"));
			assertThat(get(this.partition.presence().isRevoked("alice", token))).isTrue();
			assertThat(get(this.partition.presence().isRevoked("alice", IssuedToken.LATEST))).isFalse();
			assertThat(get(this.tickets.inherit(right("alice"), NOW))).isInstanceOf(Issue.Revoked.class);
			assertThat(get(this.tickets.spend("alice", digest, "c1", "", token))).isEqualTo("revoked");
			assertThat(get(revocations.lift(target))).isTrue();
		}
		assertThat(get(this.tickets.inherit(right("alice"), NOW))).isInstanceOf(Issue.Issued.class);
		String unreadable = PREFIX + "revoked:alice";
		this.partition.plantForeign(unreadable);
		assertThat(get(this.tickets.inherit(right("alice"), NOW))).isInstanceOf(Issue.Revoked.class);
		this.partition.redis().del(unreadable);
		assertThat(get(this.tickets.spend("alice", digest, "c1", "", token))).isNull();
	}

	@Test
	void whatIsTooLargeIsRefused() {
		List<String> many = IntStream.rangeClosed(0, TokenLimits.MAX_CHANNELS).mapToObj((i) -> "t" + i).toList();
		for (TicketRight right : List.of(new TicketRight("alice", many, null, null, NOW, NOW.plusSeconds(9)),
				new TicketRight("alice", List.of("x".repeat(140)), null, null, NOW, NOW.plusSeconds(9)),
				new TicketRight("alice", List.of(), null, "j".repeat(257), NOW, NOW.plusSeconds(9)),
				new TicketRight("", List.of(), null, null, NOW, NOW.plusSeconds(9)))) {
			assertThat(right.excess()).isNotNull();
			assertThatThrownBy(() -> this.tickets.issue(right, NOW)).isInstanceOf(IllegalArgumentException.class);
		}
	}

	@Test
	void aClaimSpendsItsTicketOnce() {
		String ticket = issued().ticket();
		ClaimResult first = claim("c1", "page", ticket, "");
		assertThat(first).isInstanceOf(ClaimResult.Owner.class);
		assertThat(get(this.tickets.find(ticket, ""))).isEqualTo(new TicketState.Spent());
		assertThat(get(this.tickets.find(ticket, "other"))).isEqualTo(new TicketState.Spent());
		assertThat(this.partition.redis().hlen(UNSPENT)).isZero();
		assertThat(this.partition.redis().pttl(key(ticket))).isBetween(1L, 10_000L);
		// Its answer may have been lost, and another one may own the user by now.
		assertThat(claim("c1", "page", ticket, ""))
			.isEqualTo(new ClaimResult.Owner(((ClaimResult.Owner) first).generation(),
					((ClaimResult.Owner) first).headId(), ((ClaimResult.Owner) first).dataLossFloor()));
		this.partition.redis().hdel(PRESENCE, "alice");
		assertThat(claim("c1", "page", ticket, "")).isInstanceOf(ClaimResult.Owner.class);

		String before = this.partition.redis().hget(PRESENCE, "alice");
		assertThat(claim("c2", "thief", ticket, "")).isEqualTo(new ClaimResult.TicketRefused("spent"));
		assertThat(claim("c2", "thief", ticket, "guess")).isEqualTo(new ClaimResult.TicketRefused("spent"));
		this.partition.redis().del(key(ticket));
		assertThat(claim("c3", "thief", ticket, "")).isEqualTo(new ClaimResult.TicketRefused("unknown"));
		assertThat(this.partition.redis().hget(PRESENCE, "alice")).isEqualTo(before);
	}

	/** A proxy sends the request to the next node. */
	@Test
	void theSameAttemptMaySpendItAgainForAWhile() {
		String ticket = issued().ticket();
		assertThat(claim("c1", "page", ticket, "attempt-1")).isInstanceOf(ClaimResult.Owner.class);
		assertThat(get(this.tickets.find(ticket, "attempt-1"))).isInstanceOf(TicketState.Valid.class);
		long left = this.partition.redis().pttl(key(ticket));
		assertThat(left).isBetween(5_000L, 10_000L);
		assertThat(claim("c2", "page", ticket, "attempt-1")).isInstanceOf(ClaimResult.Owner.class);
		assertThat(this.partition.redis().pttl(key(ticket))).as("lives no longer").isLessThanOrEqualTo(left);
		assertThat(claim("c3", "page", ticket, "attempt-2")).isEqualTo(new ClaimResult.TicketRefused("spent"));
		assertThat(claim("c3", "page", ticket, "")).isEqualTo(new ClaimResult.TicketRefused("spent"));
		this.partition.redis().pexpire(key(ticket), 1);
		await().until(() -> get(this.tickets.find(ticket, "attempt-1")) instanceof TicketState.Unknown);
		assertThat(claim("c3", "page", ticket, "attempt-1")).isEqualTo(new ClaimResult.TicketRefused("unknown"));
	}

	@Test
	void aWaiterSpendsItAndClaimsWithoutIt() {
		String ticket = issued().ticket();
		String digest = String.valueOf(Tickets.digest(ticket));
		assertThat(get(this.tickets.spend("alice", digest, "c1", "attempt-1", IssuedToken.LATEST))).isNull();
		assertThat(get(this.tickets.spend("alice", digest, "c1", "", IssuedToken.LATEST))).as("repeated").isNull();
		assertThat(get(this.tickets.spend("alice", digest, "c2", "attempt-1", IssuedToken.LATEST))).isNull();
		assertThat(get(this.tickets.spend("alice", digest, "c2", "", IssuedToken.LATEST))).isEqualTo("spent");
		assertThat(claim("c1", "page", ticket, "")).as("got a slot meanwhile").isInstanceOf(ClaimResult.Owner.class);
		this.partition.redis().del(key(ticket));
		assertThat(get(this.tickets.spend("alice", digest, "c1", "", IssuedToken.LATEST))).isEqualTo("unknown");
	}

	/** What is refused may come again with the same ticket. */
	@Test
	void aClaimThatIsRefusedSpendsNothing() {
		Presence one = this.partition.presence(new Presence.UserLimits(0, 1, Duration.ofMinutes(1)));
		assertThat(get(one.claim("a", new Claim("alice", "c0", "first", Tier.LOW))))
			.isInstanceOf(ClaimResult.Owner.class);
		String ticket = issued().ticket();
		Claim.Ticket shown = new Claim.Ticket(String.valueOf(Tickets.digest(ticket)), "");
		assertThat(get(one.claim("a", new Claim("alice", "c1", "second", Tier.LOW, "", 0, IssuedToken.LATEST, shown))))
			.isInstanceOf(ClaimResult.Limited.class);
		assertThat(get(this.tickets.find(ticket, ""))).isInstanceOf(TicketState.Valid.class);
		assertThat(claim("c1", "second", ticket, "")).isInstanceOf(ClaimResult.Owner.class);
		assertThat(claim("c2", "first", issued().ticket(), "")).as("tombstone")
			.isInstanceOf(ClaimResult.Displaced.class);
		assertThat(this.partition.redis().hlen(UNSPENT)).isEqualTo(1);
	}

}
