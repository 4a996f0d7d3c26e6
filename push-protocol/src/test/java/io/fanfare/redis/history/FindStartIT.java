package io.fanfare.redis.history;

import java.time.Duration;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.history.History.Walked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.get;
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

	@Test
	void aPieceEndsAtTheBytesOrTheNextOneThatDoesNotFit() {
		store(5);
		int size = RedisPartition.message("m").encode().length;
		assertThat(walk(MessageId.MAX, 5, 2 * size))
			.isEqualTo(new Walked(MessageId.of(this.recent, 3), 2, 2 * size, Walked.End.FULL, size));
		assertThat(walk(MessageId.MAX, 5, size - 1)).isEqualTo(new Walked(0, 0, 0, Walked.End.FULL, size));
		assertThat(walk(MessageId.of(this.recent, 3), 5, 5 * size))
			.isEqualTo(new Walked(MessageId.of(this.recent, 0), 3, 3 * size, Walked.End.END, 0));
		assertThat(walk(MessageId.of(this.recent, 3), 2, 5 * size))
			.isEqualTo(new Walked(MessageId.of(this.recent, 1), 2, 2 * size, Walked.End.MORE, 0));
	}

	@Test
	void aPieceHasNoMoreThanACallMay() {
		String data = "x".repeat(100_000);
		for (int i = 0; i < 4; i++) {
			this.partition.stored("news", this.recent + "-" + i, "0-0", data);
		}
		int size = RedisPartition.message(data).encode().length;
		assertThat(walk(MessageId.MAX, 9, 3 * size))
			.isEqualTo(new Walked(MessageId.of(this.recent, 2), 2, 2 * size, Walked.End.MORE, 0));
		this.partition.stored("news", this.recent + "-4", "0-0", "x".repeat(300_000));
		assertThat(walk(MessageId.MAX, 9, 1_000_000).count()).as("one in any case, if it is wanted").isEqualTo(1);
	}

	private void store(int count) {
		for (int i = 0; i < count; i++) {
			this.partition.stored("news", this.recent + "-" + i, "0-0", "m");
		}
	}

	private long start(int count) {
		return (count == 0) ? get(this.partition.history().findOldest(NEWS))
				: walk(MessageId.MAX, count, 10_000).first();
	}

	private Walked walk(long below, int count, int bytes) {
		return get(this.partition.history().walkBack(NEWS, below, count, bytes));
	}

}
