package io.fanfare.redis.erasure;

import java.time.Clock;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.ticket.TicketRight;
import io.fanfare.redis.ticket.Tickets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;

class EraseUserIT {

	private static final ChannelName ALICE = ChannelName.user("alice");

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void nothingOfTheUserIsLeftButWhatProtectsAndNothingOfAnotherGoes() {
		claim("alice", "c1");
		claim("bob", "c2");
		for (String user : List.of("alice", "bob")) {
			publish(ChannelName.user(user), "secret of " + user);
			for (String kind : List.of("hidden", "takeovers", "user-opens")) {
				this.partition.redis().set(PREFIX + kind + ":" + user, "1");
			}
			Instant now = Instant.now();
			get(new Tickets(this.partition.link(), this.partition.keys, new SecureRandom())
				.issue(new TicketRight(user, List.of(), null, null, now, now.plusSeconds(60)), now));
			this.partition.redis().hset(PREFIX + "revoked:" + user, "*", "1");
			this.partition.redis().hset(PREFIX + "erased:user:" + user, "1-0", "0-0");
		}
		Erasure.Erased erased = get(erasure().user("alice"));
		assertThat(erased).isEqualTo(new Erasure.Erased(1, 1, "c1", true));
		assertThat(this.partition.redis().keys("*alice*")).containsExactlyInAnyOrder(PREFIX + "revoked:alice",
				PREFIX + "kicked:alice:page");
		assertThat(this.partition.redis().hkeys(PRESENCE)).containsExactly("bob");
		assertThat(this.partition.redis().hkeys(RedisPartition.LAST)).containsExactly("user:bob");
		assertThat(this.partition.redis().keys("*bob*")).hasSize(7);
		assertThat(this.partition.redis().keys(PREFIX + "ticket:*")).as("bob's").hasSize(1);
		assertThat(get(erasure().user("alice"))).as("again").isEqualTo(new Erasure.Erased(0, 0, null, false));
	}

	@Test
	void theStreamIsGivenTheRetractionAndThenEnds() {
		claim("alice", "c1");
		long last = publish(ALICE, "m");
		RedisPartition.Ear ear = this.partition.listen("node:a");
		get(erasure().user("alice"));
		Frame.Published frame = ear.next(Frame.Published.class);
		assertThat(frame.connection()).isEqualTo("c1");
		Retraction retraction = Retraction.of(ALICE, frame.envelope());
		assertThat(retraction).isEqualTo(new Retraction(ALICE, frame.id(), true));
		assertThat(retraction.covers(ALICE, last)).isTrue();
		Frame.Kick kick = ear.next(Frame.Kick.class);
		assertThat(kick.connection()).isEqualTo("c1");
		assertThat(kick.reason()).isEqualTo(CloseReason.LOGOUT);
		assertThat(kick.grace()).isEqualTo(Duration.ZERO);
		assertThat(get(this.partition.presence().claim("a", new Claim("alice", "c2", "page", Tier.NORMAL))))
			.isInstanceOf(ClaimResult.Displaced.class);
	}

	@Test
	void aClientThatResumesAcrossItMissesNothing() {
		long first = publish(ALICE, "m1");
		publish(ALICE, "m2");
		get(erasure().user("alice"));
		for (int i = 0; i < 2; i++) {
			History.Batch batch = get(this.partition.history().read(ALICE, first, 10, 10_000));
			assertThat(batch.predecessor().isAbove(first, 0)).isFalse();
			assertThat(batch.entries()).hasSize(i);
			publish(ALICE, "m3");
		}
	}

	@Test
	void keysOfAnotherTypeAreRemovedAsWell() {
		this.partition.redis().set(PREFIX + "ch:user:alice", "junk");
		this.partition.redis().set(PREFIX + "tickets:alice", "junk");
		this.partition.redis().hset(PRESENCE, "alice", "junk");
		assertThat(get(erasure().user("alice"))).isEqualTo(new Erasure.Erased(1, 0, null, true));
		assertThat(this.partition.redis().keys("*alice*")).isEmpty();
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isFalse();
	}

	private void claim(String user, String connection) {
		assertThat(get(this.partition.presence().claim("a", new Claim(user, connection, "page", Tier.NORMAL))))
			.isInstanceOf(ClaimResult.Owner.class);
	}

	private long publish(ChannelName channel, String data) {
		Publisher.Request request = new Publisher.Request(List.of(channel), message(data), null);
		return ((Publisher.Result.Stored) get(this.partition.publisher().publish(List.of(request))).getFirst())
			.receipts()
			.getFirst()
			.id();
	}

	private Erasure erasure() {
		return new Erasure(this.partition.link(), this.partition.keys,
				new Erasure.Settings(RedisPartition.LENGTH, RedisPartition.AGE, Duration.ofMinutes(5)),
				Clock.systemUTC());
	}

}
