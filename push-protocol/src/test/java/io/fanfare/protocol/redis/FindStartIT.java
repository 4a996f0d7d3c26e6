package io.fanfare.protocol.redis;

import java.time.Duration;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.protocol.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

class FindStartIT {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private final long recent = System.currentTimeMillis() - Duration.ofMinutes(10).toMillis();

	private final long old = this.recent - Duration.ofHours(2).toMillis();

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void nothingRetainedHasNoStart() {
		assertThat(start(0)).isEqualTo(MessageId.ZERO);
		assertThat(start(5)).isEqualTo(MessageId.ZERO);
	}

	@Test
	void theLastFewBeginAtTheFirstOfThem() {
		store(5);
		assertThat(start(1)).isEqualTo(MessageId.of(this.recent, 4));
		assertThat(start(3)).isEqualTo(MessageId.of(this.recent, 2));
		assertThat(start(5)).isEqualTo(MessageId.of(this.recent, 0));
	}

	@Test
	void moreThanThereIsBeginsAtTheOldest() {
		store(5);
		assertThat(start(100)).isEqualTo(MessageId.of(this.recent, 0));
		assertThat(start(0)).isEqualTo(MessageId.of(this.recent, 0));
	}

	@Test
	void whatIsTooOldIsNotRetained() {
		this.partition.stored("news", this.old + "-0", "0-0", "old");
		assertThat(start(0)).isEqualTo(MessageId.ZERO);
		assertThat(start(9)).isEqualTo(MessageId.ZERO);
		store(2);
		assertThat(start(0)).isEqualTo(MessageId.of(this.recent, 0));
		assertThat(start(9)).isEqualTo(MessageId.of(this.recent, 0));
	}

	private void store(int count) {
		for (int i = 0; i < count; i++) {
			this.partition.stored("news", this.recent + "-" + i, "0-0", "m");
		}
	}

	private long start(int count) {
		return get(this.partition.history().findStart(NEWS, count));
	}

}
