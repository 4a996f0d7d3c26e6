package io.fanfare.redis.presence;

import java.time.Duration;
import java.util.List;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class DisconnectUserIT {

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void aUserWithoutConnectionIsNoErrorAndTakesNoId() {
		assertThat(get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, Duration.ZERO, null)))
			.isNull();
		this.partition.redis().hset(PRESENCE, "alice", "junk");
		assertThat(get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, Duration.ZERO, null)))
			.isNull();
		assertThat(this.partition.redis().exists(CLOCK)).isZero();
	}

	@Test
	void theNodeIsToldReasonAndGraceAndTheFieldGoesAtOnce() {
		long claimed = claim("c1", "page");
		RedisPartition.Ear ear = this.partition.listen("node:a");
		String connection = get(
				this.partition.presence().disconnect("alice", CloseReason.REVOKED, Duration.ofMillis(1500), null));
		assertThat(connection).isEqualTo("c1");
		Frame.Kick kick = ear.next(Frame.Kick.class);
		assertThat(kick.connection()).isEqualTo("c1");
		assertThat(kick.reason()).isEqualTo(CloseReason.REVOKED);
		assertThat(kick.grace()).isEqualTo(Duration.ofMillis(1500));
		assertThat(kick.generation()).isGreaterThan(claimed);
		assertThat(MessageId.format(kick.generation())).isEqualTo(this.partition.redis().get(CLOCK));
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isFalse();
		String tombstone = PREFIX + "kicked:alice:page";
		assertThat(this.partition.redis().get(tombstone)).isEqualTo(MessageId.format(kick.generation()));
		assertThat(this.partition.redis().pttl(tombstone)).isBetween(299_000L, 300_000L);
	}

	@Test
	void shouldTheKickBeLostTheNextRenewalFindsTheTombstone() {
		long generation = claim("c1", "page");
		get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, Duration.ZERO, null));
		assertThat(get(this.partition.presence()
			.renew("a", List.of(new Held("alice", "c1", generation, "page", 1, Tier.NORMAL)))).verdicts())
			.extracting(Verdict::kind)
			.containsExactly(Verdict.Kind.LOST);
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isFalse();
	}

	@Test
	void thePageIsKeptAwayAndAnotherPageIsNot() {
		claim("c1", "page");
		get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, Duration.ZERO, null));
		Presence presence = this.partition.presence();
		assertThat(get(presence.claim("a", new Claim("alice", "c2", "page", Tier.NORMAL))))
			.isInstanceOf(ClaimResult.Displaced.class);
		assertThat(get(presence.claim("a", new Claim("alice", "c3", "fresh", Tier.NORMAL))))
			.isInstanceOf(ClaimResult.Owner.class);
	}

	private long claim(String connection, String client) {
		return ((ClaimResult.Owner) get(
				this.partition.presence().claim("a", new Claim("alice", connection, client, Tier.NORMAL))))
			.generation();
	}

}
