package io.fanfare.redis.history;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.redis.RedisPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.LAST;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;

class ForgetChannelsIT {

	private static final Duration WEEK = Duration.ofDays(7);

	private final long now = System.currentTimeMillis();

	private final long ancient = this.now - Duration.ofDays(8).toMillis();

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void silentChannelsAreForgottenAndTheHighestOfTheirIdsIsKept() {
		this.partition.redis().hset(LAST, "a", this.ancient + "-9");
		this.partition.redis().hset(LAST, "b", this.ancient + "-10 5-0 99");
		this.partition.redis().hset(LAST, "c", (this.ancient - 5) + "-0");
		this.partition.redis().hset(LAST, "alive", (this.now - 1000) + "-0");
		assertThat(forget("0", 100)).isEqualTo("0");
		assertThat(this.partition.redis().hgetall(LAST)).containsOnlyKeys("", "alive")
			.containsEntry("", this.ancient + "-10");
	}

	@Test
	void theHighestForgottenNeverGoesDownAndIsNeverForgottenItself() {
		this.partition.redis().hset(LAST, "", this.ancient + "-5");
		this.partition.redis().hset(LAST, "a", this.ancient + "-4");
		forget("0", 100);
		assertThat(this.partition.redis().hgetall(LAST)).containsExactly(Map.entry("", this.ancient + "-5"));
		forget("0", 100);
		assertThat(this.partition.redis().hget(LAST, "")).isEqualTo(this.ancient + "-5");
	}

	@Test
	void withNothingToForgetNothingIsNoted() {
		this.partition.redis().hset(LAST, "alive", this.now + "-0");
		assertThat(forget("0", 100)).isEqualTo("0");
		assertThat(this.partition.redis().hexists(LAST, "")).isFalse();
	}

	@Test
	void whatIsNoIdStaysAndStopsNobody() {
		long before = System.currentTimeMillis();
		this.partition.redis().hset(LAST, "", "junk");
		for (String junk : List.of("", " ", "junk", "-", "5", this.ancient + "-99999999")) {
			this.partition.redis().hset(LAST, "of " + junk, junk);
		}
		this.partition.redis().hset(LAST, "old", this.ancient + "-9");
		assertThat(forget("0", 100)).isEqualTo("0");
		assertThat(this.partition.redis().hgetall(LAST)).hasSize(7).doesNotContainKey("old");
		long highest = MessageId.timestamp(MessageId.parse(this.partition.redis().hget(LAST, "")));
		assertThat(highest).as("above all that was ever forgotten").isBetween(before - WEEK.toMillis(), before);
		assertThat(get(this.partition.history().lastIds(List.of(ChannelName.topic("x")))).ids()).hasSize(1);
	}

	@Test
	void aWalkInSlicesForgetsEverySilentChannel() {
		for (int i = 0; i < 2000; i++) {
			this.partition.redis().hset(LAST, "t" + i, ((i % 2 == 0) ? this.ancient : this.now) + "-" + i);
		}
		String cursor = "0";
		int slices = 0;
		do {
			cursor = forget(cursor, 100);
			slices++;
		}
		while (!cursor.equals("0"));
		assertThat(slices).isGreaterThan(5);
		assertThat(this.partition.redis().hlen(LAST)).isEqualTo(1001);
		assertThat(this.partition.redis().hget(LAST, "")).isEqualTo(this.ancient + "-1998");
	}

	@Test
	void aCursorFromBeforeTheForgottenIsAHoleAndOneAboveIsNot() {
		ChannelName news = ChannelName.topic("news");
		this.partition.redis().hset(LAST, "news", this.ancient + "-9");
		forget("0", 100);
		long below = MessageId.of(this.ancient, 8);
		long at = MessageId.of(this.ancient, 9);
		assertThat(predecessor(news, below).isAbove(below, this.now)).isTrue();
		assertThat(predecessor(news, at).isAbove(at, this.now)).isFalse();
		get(this.partition.publisher().publish(List.of(news), message("again"), null));
		assertThat(predecessor(news, below).isAbove(below, this.now)).isTrue();
		assertThat(predecessor(news, at).isAbove(at, this.now)).isFalse();
	}

	private Predecessor predecessor(ChannelName channel, long position) {
		return get(this.partition.history().read(channel, position, 10, 1000)).predecessor();
	}

	private String forget(String cursor, int count) {
		return get(this.partition.history().forget(cursor, count, WEEK));
	}

}
