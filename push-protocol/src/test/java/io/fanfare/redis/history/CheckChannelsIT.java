package io.fanfare.redis.history;

import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.RedisPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.LAST;
import static io.fanfare.redis.RedisPartition.RUN;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class CheckChannelsIT {

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void lastIdsComeInTheOrderAskedFor() {
		this.partition.redis().hset(LAST, "news", "7-3");
		this.partition.redis().hset(LAST, "user:alice", "9-1 8-0 12345");
		History.LastIds ids = get(this.partition.history()
			.lastIds(List.of(ChannelName.user("alice"), ChannelName.topic("silent"), ChannelName.topic("news"))));
		assertThat(ids.ids()).containsExactly(MessageId.of(9, 1), MessageId.ZERO, MessageId.of(7, 3));
		assertThat(MessageId.format(ids.headId())).isEqualTo(this.partition.redis().get(CLOCK));
	}

	@Test
	void noChannelsAreNoError() {
		assertThat(get(this.partition.history().lastIds(List.of())).ids()).isEmpty();
	}

	@Test
	void thousandsOfChannelsAreCheckedAtOnce() {
		List<ChannelName> channels = new ArrayList<>();
		for (int i = 0; i < 5000; i++) {
			channels.add(ChannelName.topic("t" + i));
		}
		this.partition.redis().hset(LAST, "t4999", "7-3");
		List<Long> ids = get(this.partition.history().lastIds(channels)).ids();
		assertThat(ids).hasSize(5000);
		assertThat(ids.getLast()).isEqualTo(MessageId.of(7, 3));
	}

	@Test
	void aLossOfDataIsToldBySince() {
		long before = get(this.partition.history().lastIds(List.of())).headId();
		this.partition.redis().set(RUN, "another");
		History.LastIds after = get(this.partition.history().lastIds(List.of()));
		assertThat(after.dataLossFloor()).isGreaterThan(before).isEqualTo(after.headId());
	}

	@Test
	void theClockIsReadWithoutTakingAnId() {
		assertThat(get(this.partition.history().headId())).isEqualTo(MessageId.ZERO);
		this.partition.redis().set(CLOCK, "12-3");
		assertThat(get(this.partition.history().headId())).isEqualTo(MessageId.of(12, 3));
		assertThat(this.partition.redis().get(CLOCK)).isEqualTo("12-3");
	}

}
