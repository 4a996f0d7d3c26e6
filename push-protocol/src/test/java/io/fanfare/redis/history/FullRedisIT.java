package io.fanfare.redis.history;

import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;

/** A Redis whose {@code maxmemory} is reached, with {@code noeviction}. */
class FullRedisIT {

	private static final String NODE = "node-1.abcdefgh";

	private static final ChannelName NEWS = ChannelName.topic("news");

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@AfterEach
	void makeRoom() {
		this.partition.redis().configSet("maxmemory", "0");
	}

	private void fill() {
		this.partition.redis().configSet("maxmemory", "1");
	}

	@Test
	void whatKeepsStreamsAliveGoesOn() {
		Presence presence = this.partition.presence();
		fill();
		assertThat(get(presence.claim(NODE, new Claim("alice", "c1", "p1", Tier.NORMAL))))
			.isInstanceOf(ClaimResult.Owner.class);
		assertThat(get(this.partition.nodes().probe(NODE, "nonce"))).isPositive();
		get(this.partition.nodes().put(NODE, RedisPartition.bytes("{}")));
		assertThat(get(this.partition.nodes().list()).states()).containsKey(NODE);
		assertThat(get(this.partition.history().read(NEWS, 0, 10, 1_000)).entries()).isEmpty();
		assertThat(get(this.partition.history().forget("0", 10, java.time.Duration.ofDays(7)))).isEqualTo("0");
	}

	@Test
	void aProcessThatMeetsItForTheFirstTimeComesUp() {
		fill();
		this.partition.newLink(false);
		assertThat(this.partition.redis().get(RedisPartition.RUN)).isEqualTo(this.partition.runId());
	}

	@Test
	void aPublishIsRefusedAndNothingOfItIsStored() {
		fill();
		long counted = this.partition.link().refusals().count(RedisRefusal.OOM);
		assertThat(get(this.partition.publisher().publish(List.of(NEWS), message("m"), null)))
			.isEqualTo(new Publisher.Result.Refused(RedisRefusal.OOM));
		assertThat(this.partition.link().refusals().count(RedisRefusal.OOM)).isEqualTo(counted + 1);
		assertThat(this.partition.link().refusal()).isEqualTo(RedisRefusal.OOM);
		assertThat(this.partition.redis().keys("*")).isEmpty();
		makeRoom();
		get(this.partition.publisher().publish(List.of(NEWS), message("m"), null));
	}

	@Test
	void aRepetitionOfWhatIsStoredIsStillAnswered() {
		Publisher.Idempotency key = new Publisher.Idempotency("dev", "k", "hash", java.time.Duration.ofHours(1));
		Publisher.Result first = get(this.partition.publisher().publish(List.of(NEWS), message("m"), key));
		fill();
		Publisher.Result again = get(this.partition.publisher().publish(List.of(NEWS), message("m"), key));
		assertThat(((Publisher.Result.Stored) again).replayed()).isTrue();
		assertThat(((Publisher.Result.Stored) again).receipts())
			.isEqualTo(((Publisher.Result.Stored) first).receipts());
	}

	@Test
	void aRepetitionIsAnsweredAlsoBehindWhatIsRefusedInTheSameCall() {
		Publisher.Idempotency key = new Publisher.Idempotency("dev", "k", "hash", java.time.Duration.ofHours(1));
		Publisher.Request stored = new Publisher.Request(List.of(NEWS), message("m"), key);
		Publisher.Request other = new Publisher.Request(List.of(NEWS), message("n"), null);
		Publisher.Result first = get(this.partition.publisher().publish(List.of(stored))).getFirst();
		String clock = this.partition.redis().get(RedisPartition.CLOCK);
		fill();
		List<Publisher.Result> results = get(this.partition.publisher().publish(List.of(other, stored, other)));
		assertThat(List.of(results.get(0), results.get(2)))
			.containsOnly(new Publisher.Result.Refused(RedisRefusal.OOM));
		assertThat(((Publisher.Result.Stored) results.get(1)).receipts())
			.isEqualTo(((Publisher.Result.Stored) first).receipts());
		assertThat(this.partition.redis().get(RedisPartition.CLOCK)).isEqualTo(clock);
	}

	@Test
	void aUserCanBeDisconnected() {
		this.partition.owner("alice", NODE, NODE + ".c1", 1, "page");
		fill();
		assertThat(
				get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, java.time.Duration.ZERO, null)))
			.isEqualTo(NODE + ".c1");
	}

	@Test
	void oldMessagesAreTrimmed() {
		this.partition.stored("news", "1000-0", "0-0", "old");
		this.partition.redis().hset(RedisPartition.LAST, "news", "1000-0");
		fill();
		HistoryTrim trim = new HistoryTrim(this.partition.link(), this.partition.keys, RedisPartition.AGE);
		assertThat(get(trim.slice("0", 100)).removed()).isEqualTo(1);
	}

}
