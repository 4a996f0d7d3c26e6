package io.fanfare.redis.history;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.history.History.Batch;
import io.lettuce.core.XAddArgs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.LAST;
import static io.fanfare.redis.RedisPartition.RUN;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;

class ReadHistoryIT {

	private static final ChannelName NEWS = ChannelName.topic("news");

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void everythingAboveThePositionComesInOrderUpToTheClock() {
		List<Long> ids = publish(5, "m");
		long other = publish(ChannelName.ALL, "other");
		Batch batch = read(ids.get(1), 10, 10_000);
		assertThat(batch.entries()).extracting(History.Entry::id).containsExactlyElementsOf(ids.subList(2, 5));
		assertThat(batch.entries()).extracting((entry) -> RedisPartition.data(entry.envelope()))
			.containsExactly("m2", "m3", "m4");
		assertThat(batch.complete()).isTrue();
		assertThat(batch.upTo()).as("the clock, not the channel's last id").isGreaterThanOrEqualTo(other);
		assertThat(batch.predecessor()).isEqualTo(new Predecessor(ids.get(1), ids.get(1), 0));
	}

	@Test
	void theBeginningComesAfterNothing() {
		List<Long> ids = publish(2, "m");
		Batch batch = read(0, 10, 10_000);
		assertThat(batch.entries()).extracting(History.Entry::id).isEqualTo(ids);
		assertThat(batch.predecessor().id()).isZero();
		assertThat(batch.predecessor().isAbove(0, 0)).isFalse();
	}

	@Test
	void aBatchIsBoundedByCountAndGoesOnlyUpToItsLastEntry() {
		List<Long> ids = publish(5, "m");
		Batch batch = read(0, 2, 10_000);
		assertThat(batch.entries()).extracting(History.Entry::id).isEqualTo(ids.subList(0, 2));
		assertThat(batch.complete()).isFalse();
		assertThat(batch.upTo()).isEqualTo(ids.get(1));
	}

	@Test
	void aBatchIsBoundedByBytesButHoldsOneMessageAtLeast() {
		List<Long> ids = publish(4, "x".repeat(100));
		int size = message("x".repeat(100) + "0").encode().length;
		assertThat(read(0, 10, 1).entries()).hasSize(1);
		Batch two = read(0, 10, 2 * size);
		assertThat(two.entries()).hasSize(2);
		assertThat(two.complete()).isFalse();
		assertThat(two.upTo()).isEqualTo(ids.get(1));
		assertThat(read(0, 10, 2 * size - 1).entries()).hasSize(1);
		Batch all = read(0, 10, 4 * size);
		assertThat(all.entries()).hasSize(4);
		assertThat(all.complete()).isTrue();
	}

	@Test
	void batchesJoinWithoutHoleOrRepetition() {
		List<Long> ids = publish(23, "m");
		List<Long> read = new ArrayList<>();
		long position = 0;
		Batch batch;
		do {
			batch = read(position, 4, 10_000);
			assertThat(batch.predecessor().isAbove(position, System.currentTimeMillis())).isFalse();
			batch.entries().forEach((entry) -> read.add(entry.id()));
			position = batch.upTo();
		}
		while (!batch.complete());
		assertThat(read).isEqualTo(ids);
		assertThat(position).isGreaterThanOrEqualTo(ids.getLast());
	}

	@Test
	void aFullLastBatchIsFollowedByAnEmptyCompleteOne() {
		List<Long> ids = publish(4, "m");
		assertThat(read(0, 4, 10_000).complete()).isFalse();
		Batch rest = read(ids.getLast(), 4, 10_000);
		assertThat(rest.entries()).isEmpty();
		assertThat(rest.complete()).isTrue();
		assertThat(rest.predecessor().id()).isEqualTo(ids.getLast());
	}

	@Test
	void whatWasTrimmedByLengthIsAHoleToWhoDidNotSeeIt() {
		Publisher publisher = this.partition.publisher(3, Duration.ofHours(1));
		List<Long> ids = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			ids.add(publish(publisher, NEWS, "m" + i));
		}
		long now = System.currentTimeMillis();
		assertThat(read(ids.get(1), 10, 10_000).predecessor().isAbove(ids.get(1), now)).isTrue();
		assertThat(read(ids.get(1), 10, 10_000).predecessor().id()).isEqualTo(ids.get(2));
		assertThat(read(ids.get(2), 10, 10_000).predecessor().isAbove(ids.get(2), now)).isFalse();
		assertThat(read(ids.get(4), 10, 10_000).predecessor().isAbove(ids.get(4), now)).isFalse();
	}

	@Test
	void aPredecessorThatCannotBeReadIsAHole() {
		long now = System.currentTimeMillis();
		for (String junk : List.of("junk", "1-1 x", "1-1 1-1", "1-1 1-1 x", "1-1 1-1 1 1")) {
			this.partition.redis().del(RedisPartition.PREFIX + "ch:news");
			this.partition.stored("news", now + "-0", junk, "m");
			Batch batch = read(0, 10, 10_000);
			assertThat(batch.entries()).as(junk).hasSize(1);
			assertThat(batch.predecessor().isAbove(0, now)).as(junk).isTrue();
		}
	}

	@Test
	void whatIsTooOldIsLeftOutAndIsAHole() {
		long now = System.currentTimeMillis();
		long old = now - Duration.ofHours(2).toMillis();
		long recent = now - Duration.ofMinutes(10).toMillis();
		this.partition.stored("news", old + "-0", "0-0", "old");
		this.partition.stored("news", recent + "-0", old + "-0", "recent");
		Batch batch = read(MessageId.of(old - 1, 0), 10, 10_000);
		assertThat(batch.entries()).extracting(History.Entry::id).containsExactly(MessageId.of(recent, 0));
		assertThat(batch.predecessor().isAbove(MessageId.of(old - 1, 0), now)).isTrue();
		assertThat(batch.predecessor().isAbove(MessageId.of(old, 0), now)).isFalse();
	}

	@Test
	void anEmptiedHistoryTellsItsLastId() {
		long id = publish(NEWS, "m");
		this.partition.redis().del(RedisPartition.PREFIX + "ch:news");
		Batch batch = read(id - 1, 10, 10_000);
		assertThat(batch.entries()).isEmpty();
		assertThat(batch.complete()).isTrue();
		assertThat(batch.predecessor().isAbove(id - 1, System.currentTimeMillis())).isTrue();
		assertThat(batch.predecessor().isAbove(id, System.currentTimeMillis())).isFalse();
	}

	@Test
	void aChannelThatNeverHadAMessageMissesNothing() {
		Batch batch = read(0, 10, 10_000);
		assertThat(batch.predecessor()).isEqualTo(new Predecessor(0, 0, 0));
		assertThat(batch.complete()).isTrue();
	}

	@Test
	void ofAForgottenChannelOnlyWhatIsAboveTheHighestForgottenIsVouchedFor() {
		this.partition.redis().hset(LAST, "", "50-1");
		Predecessor predecessor = read(MessageId.of(50, 0), 10, 10_000).predecessor();
		assertThat(predecessor.isAbove(MessageId.of(50, 0), 1)).isTrue();
		assertThat(predecessor.isAbove(MessageId.of(50, 1), 1)).isFalse();
	}

	@Test
	void aMessagePastItsOwnTimeToLiveIsNoHole() {
		long expiry = System.currentTimeMillis() + 60_000;
		long durable = publish(NEWS, "durable");
		long expiring = ((Publisher.Result.Stored) get(
				this.partition.publisher().publish(List.of(NEWS), RedisPartition.expiring("e", expiry), null)))
			.receipts()
			.getFirst()
			.id();
		this.partition.redis().del(RedisPartition.PREFIX + "ch:news");
		Predecessor predecessor = read(durable, 10, 10_000).predecessor();
		assertThat(predecessor).isEqualTo(new Predecessor(expiring, durable, expiry));
		assertThat(predecessor.isAbove(durable, expiry - 1)).isTrue();
		assertThat(predecessor.isAbove(durable, expiry)).isFalse();
		assertThat(predecessor.isAbove(durable - 1, expiry)).as("the durable one is gone too").isTrue();
		assertThat(predecessor.isAbove(expiring, expiry - 1)).isFalse();
	}

	@Test
	void aPositionAboveEverythingReadsNothing() {
		publish(3, "m");
		assertThat(read(MessageId.MAX, 10, 10_000).entries()).isEmpty();
	}

	@Test
	void aLossOfDataIsToldBySince() {
		long id = publish(NEWS, "m");
		Batch before = read(id, 10, 10_000);
		this.partition.redis().set(RUN, "another");
		Batch after = read(id, 10, 10_000);
		assertThat(after.dataLossFloor()).isGreaterThan(before.upTo()).isEqualTo(after.upTo());
		assertThat(this.partition.link().seen()).isEqualTo(after.upTo());
	}

	@Test
	void anEntryThatIsNoMessageIsNamedAndPassed() {
		long recent = System.currentTimeMillis() - Duration.ofMinutes(10).toMillis();
		long first = MessageId.of(recent, 0);
		this.partition.stored("news", recent + "-0", "0-0", "first");
		long damaged = add(recent + "-1", "p", MessageId.format(first), "m", "damaged");
		long version = add(recent + "-2", "p", MessageId.format(damaged), "m", "\u0007" + "x".repeat(40));
		long foreign = add(recent + "-3", "anything", "else");
		long fields = add(recent + "-4", "m", "swapped", "p", "0-0", "and", "more");
		long last = MessageId.of(recent, 5);
		this.partition.stored("news", recent + "-5", recent + "-4", "last");
		List<RuntimeException> noted = new ArrayList<>();
		History counting = new History(this.partition.link(), this.partition.keys, Duration.ofHours(1),
				new Errors(System::nanoTime, (where) -> noted.add(new IllegalStateException(where)), (fatal) -> {
				}));
		Batch all = get(counting.read(NEWS, 0, 10, 10_000));
		assertThat(all.entries()).extracting(History.Entry::id).containsExactly(first, last);
		assertThat(all.unreadable()).containsExactly(damaged, version, foreign, fields);
		assertThat(noted).hasSize(4).extracting(Throwable::getMessage).containsOnly("history");
		assertThat(all.complete()).isTrue();
		Batch one = get(counting.read(NEWS, first, 1, 10_000));
		assertThat(one.entries()).isEmpty();
		assertThat(one.upTo()).as("it is passed").isEqualTo(damaged);
		Batch atForeign = get(counting.read(NEWS, first, 10, 10_000));
		assertThat(atForeign.predecessor().id()).isEqualTo(first);
		Batch behind = get(counting.read(NEWS, version, 10, 10_000));
		assertThat(behind.predecessor().id()).as("it is not known what came before it").isEqualTo(foreign - 1);
	}

	@Test
	void aNumberThatNoMessageHasIsPassedAsWell() {
		long first = publish(NEWS, "first");
		long ms = MessageId.timestamp(first) + 1;
		this.partition.redis()
			.xadd(RedisPartition.PREFIX + "ch:news", XAddArgs.Builder.maxlen(100).id(ms + "-18446744073709551615"), "x",
					"y");
		this.partition.redis()
			.xadd(RedisPartition.PREFIX + "ch:news", XAddArgs.Builder.maxlen(100).id("9000000000000-1"), "x", "y");
		Batch batch = read(first, 1, 10_000);
		assertThat(batch.unreadable()).containsExactly(MessageId.of(ms + 1, 0) - 1);
		assertThat(batch.upTo()).isEqualTo(MessageId.of(ms + 1, 0) - 1);
		Batch next = read(batch.upTo(), 10, 10_000);
		assertThat(next.unreadable()).isEmpty();
		assertThat(next.complete()).isTrue();
	}

	@Test
	void aStateThatIsNoneCountsAsALoss() {
		this.partition.redis().hset(LAST, "news", "garbage");
		long clock = publish(ChannelName.ALL, "m");
		Batch batch = read(clock - 1, 10, 10_000);
		assertThat(batch.predecessor().isAbove(clock - 1, 0)).isTrue();
		assertThat(batch.upTo()).isGreaterThanOrEqualTo(clock);
		assertThat(get(this.partition.history().lastIds(List.of(NEWS))).ids()).containsExactly(MessageId.MAX);
	}

	private long add(String id, String... fieldsAndValues) {
		return MessageId.parse(this.partition.redis()
			.xadd(RedisPartition.PREFIX + "ch:news", XAddArgs.Builder.maxlen(100).id(id), (Object[]) fieldsAndValues));
	}

	private Batch read(long position, int count, int bytes) {
		return get(this.partition.history().read(NEWS, position, count, bytes));
	}

	private List<Long> publish(int count, String data) {
		List<Long> ids = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			ids.add(publish(NEWS, data + i));
		}
		return ids;
	}

	private long publish(ChannelName channel, String data) {
		return publish(this.partition.publisher(), channel, data);
	}

	private static long publish(Publisher publisher, ChannelName channel, String data) {
		return ((Publisher.Result.Stored) get(publisher.publish(List.of(channel), message(data), null))).receipts()
			.getFirst()
			.id();
	}

}
