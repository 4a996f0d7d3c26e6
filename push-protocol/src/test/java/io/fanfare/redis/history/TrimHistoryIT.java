package io.fanfare.redis.history;

import java.time.Duration;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.RedisPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.CLOCK;
import static io.fanfare.redis.RedisPartition.LAST;
import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;

class TrimHistoryIT {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final String STREAM = PREFIX + "ch:news";

	private static final Duration HOUR = Duration.ofHours(1);

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void whatIsTooOldGoesAlsoWhereNothingIsPublishedAndWhatIsNotStays() {
		long now = System.currentTimeMillis();
		this.partition.stored("news", (now - 7_200_000) + "-0", "0-0", "old");
		this.partition.stored("news", (now - 1_800_000) + "-0", (now - 7_200_000) + "-0", "recent");
		this.partition.redis().hset(LAST, "news", (now - 1_800_000) + "-0");
		this.partition.stored("user:alice", (now - 7_200_000) + "-0", "0-0", "old");
		this.partition.redis().hset(LAST, "user:alice", (now - 7_200_000) + "-0");
		assertThat(walk()).isEqualTo(2);
		assertThat(this.partition.redis().xlen(STREAM)).isEqualTo(1);
		assertThat(this.partition.redis().pttl(STREAM)).as("what had no expiry gets one").isPositive();
		assertThat(this.partition.redis().exists(PREFIX + "ch:user:alice")).isZero();
		History.Batch batch = get(this.partition.history().read(NEWS, 0, 10, 10_000));
		assertThat(batch.predecessor().id()).as("the hole is known").isEqualTo(MessageId.of(now - 7_200_000, 0));
	}

	/** Processes may be told another length while a new one is rolled out. */
	@Test
	void theLengthIsLeftToThoseThatPublish() {
		fill(5_000);
		assertThat(walk()).isZero();
		assertThat(this.partition.redis().xlen(STREAM)).isEqualTo(5_000);
	}

	@Test
	void manyThatAreTooOldGoInSteps() {
		String old = String.valueOf(System.currentTimeMillis() - 7_200_000);
		fill(5_000, old);
		HistoryTrim trim = new HistoryTrim(this.partition.link(), this.partition.keys, HOUR);
		assertThat(get(trim.slice("0", 100)).removed()).isPositive().isLessThan(1_000);
		assertThat(walk()).isPositive();
		assertThat(this.partition.redis().exists(STREAM)).isZero();
	}

	@Test
	void aMessageRemovesFewOfWhatIsAboveALengthThatWasLoweredAndInTheEndAll() {
		fill(2_000);
		Publisher publisher = this.partition.publisher(100, HOUR);
		get(publisher.publish(List.of(NEWS), message("m"), null));
		assertThat(this.partition.redis().xlen(STREAM)).isBetween(1_500L, 1_999L);
		for (int i = 0; i < 20; i++) {
			get(publisher.publish(List.of(NEWS), message("m"), null));
		}
		assertThat(this.partition.redis().xlen(STREAM)).isEqualTo(100);
	}

	@Test
	void aClockFarAheadOfTimeNeitherTrimsAtEachMessageNorKeepsForEver() {
		long age = RedisPartition.AGE.toMillis();
		this.partition.redis().set(CLOCK, (System.currentTimeMillis() + 10 * age) + "-0");
		get(this.partition.publisher().publish(List.of(NEWS), message("1"), null));
		long first = this.partition.redis().pttl(STREAM);
		assertThat(first).isBetween(2 * age, 2 * age + age / 10);
		this.partition.redis().configResetstat();
		for (int i = 0; i < 10; i++) {
			get(this.partition.publisher().publish(List.of(NEWS), message("m"), null));
		}
		assertThat(this.partition.redis().info("commandstats")).doesNotContain("cmdstat_xtrim", "cmdstat_pexpire");
	}

	/**
	 * The first after TIME has caught up may not set the expiry anew, so it has to hold
	 * for it.
	 */
	@Test
	void aHistoryOutlivesByItsAgeWhatIsPublishedWhenTimeHasCaughtUp() {
		long ahead = System.currentTimeMillis() + 600_000;
		this.partition.redis().set(CLOCK, ahead + "-0");
		get(this.partition.publisher().publish(List.of(NEWS), message("1"), null));
		long share = RedisPartition.AGE.toMillis() / RedisPartition.LENGTH;
		assertThat(this.partition.redis().pttl(STREAM))
			.isGreaterThanOrEqualTo(ahead + share - System.currentTimeMillis() + RedisPartition.AGE.toMillis());
	}

	@Test
	void aKeyThatIsNoHistoryIsLeftAlone() {
		this.partition.redis().set(STREAM, "another's");
		this.partition.redis().hset(LAST, "news", "5-0");
		assertThat(walk()).isZero();
		assertThat(this.partition.redis().get(STREAM)).isEqualTo("another's");
	}

	private void fill(int entries) {
		fill(entries, String.valueOf(System.currentTimeMillis() - 1_000));
	}

	private void fill(int entries, String ms) {
		this.partition.redis()
			.eval("for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], ARGV[2] .. '-' .. i, 'p', '0-0', 'm', 'x') end",
					io.lettuce.core.ScriptOutputType.STATUS, new String[] { STREAM }, String.valueOf(entries), ms);
		this.partition.redis().hset(LAST, "news", ms + "-" + entries);
	}

	private long walk() {
		HistoryTrim trim = new HistoryTrim(this.partition.link(), this.partition.keys, HOUR);
		long removed = 0;
		String cursor = "0";
		do {
			HistoryTrim.Slice slice = get(trim.slice(cursor, 100));
			removed += slice.removed();
			cursor = slice.cursor();
			if (cursor.equals("0") && slice.removed() == 0) {
				return removed;
			}
		}
		while (true);
	}

}
