package io.fanfare.redis.erasure;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.history.History;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Claim;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.get;
import static io.fanfare.redis.RedisPartition.message;
import static org.assertj.core.api.Assertions.assertThat;

class EraseMessageIT {

	private static final ChannelName NEWS = ChannelName.topic("news");

	private static final String ERASED = PREFIX + "erased:news";

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void whatIsNotThereIsNotErasedAndTakesNoId() {
		List<Long> ids = publish(NEWS, 1);
		String clock = this.partition.redis().get(RedisPartition.CLOCK);
		assertThat(erase(NEWS, ids.getFirst() + 1)).isNull();
		assertThat(erase(ChannelName.topic("other"), ids.getFirst())).isNull();
		assertThat(this.partition.redis().get(RedisPartition.CLOCK)).isEqualTo(clock);
		assertThat(entries(NEWS)).isEqualTo(ids);
	}

	@Test
	void theRetractionStandsInTheHistoryAndGoesToTheTopic() {
		List<Long> ids = publish(NEWS, 2);
		RedisPartition.Ear ear = this.partition.listen("ch:news");
		Long retraction = erase(NEWS, ids.getFirst());
		assertThat(retraction).isGreaterThan(ids.getLast());
		Frame.Published frame = ear.next(Frame.Published.class);
		assertThat(frame.id()).isEqualTo(retraction);
		assertThat(frame.connection()).isNull();
		assertThat(Retraction.of(frame.channel(), frame.envelope()))
			.isEqualTo(new Retraction(NEWS, ids.getFirst(), false));
		assertThat(entries(NEWS)).containsExactly(ids.getLast(), retraction);
		assertThat(erase(NEWS, ids.getFirst())).as("again").isNull();
		assertThat(this.partition.redis().hget(RedisPartition.LAST, "news")).isEqualTo(MessageId.format(retraction));
	}

	@Test
	void theOwnerOfAUserIsNotified() {
		ChannelName alice = ChannelName.user("alice");
		get(this.partition.presence().claim("a", new Claim("alice", "c1", "page", Tier.NORMAL)));
		long id = publish(alice, 1).getFirst();
		RedisPartition.Ear ear = this.partition.listen("node:a");
		Long retraction = erase(alice, id);
		Frame.Published frame = ear.next(Frame.Published.class);
		assertThat(frame.id()).isEqualTo(retraction);
		assertThat(frame.connection()).isEqualTo("c1");
	}

	@Test
	void noReaderFindsAHoleWhateverWasErasedInWhateverOrder() {
		for (int seed = 1; seed <= 20; seed++) {
			this.partition.redis().del(PREFIX + "ch:news", ERASED);
			this.partition.redis().hdel(RedisPartition.LAST, "news");
			Random random = new Random(seed);
			List<Long> ids = publish(NEWS, 12);
			List<Long> order = new ArrayList<>(ids);
			Collections.shuffle(order, random);
			for (long id : order.subList(0, 1 + random.nextInt(12))) {
				assertThat(erase(NEWS, id)).isNotNull();
				if (random.nextInt(4) == 0) {
					publish(NEWS, 1);
				}
			}
			long before = ids.getFirst() - 1;
			List<Long> positions = new ArrayList<>(ids);
			positions.add(before);
			for (long position : positions) {
				for (int count : new int[] { 1, 256 }) {
					History.Batch batch = get(this.partition.history().read(NEWS, position, count, 100_000));
					assertThat(batch.predecessor().isAbove(position, 0))
						.as("seed %d, %s above %s", seed, batch.predecessor(), MessageId.format(position))
						.isFalse();
				}
			}
			assertThat(get(this.partition.history().pageAfter(NEWS, before, 100)).entries()).isNotEmpty();
			List<Long> trimmed = entries(NEWS);
			this.partition.redis().xtrim(PREFIX + "ch:news", trimmed.size() - 1);
			assertThat(get(this.partition.history().read(NEWS, trimmed.getFirst() - 1, 256, 100_000)).predecessor()
				.isAbove(trimmed.getFirst() - 1, 0)).as("what was trimmed is a hole, seed %d", seed).isTrue();
		}
	}

	@Test
	void whatIsKeptOfErasedMessagesIsBoundedAndExpires() {
		Erasure few = erasure(10);
		for (int i = 0; i < 120; i++) {
			List<Long> ids = new ArrayList<>();
			for (int j = 0; j < 3; j++) {
				ids.add(publish(this.partition.publisher(10, RedisPartition.AGE), NEWS));
			}
			assertThat(get(few.message(NEWS, ids.get(1)))).isNotNull();
		}
		assertThat(this.partition.redis().hlen(ERASED)).isLessThanOrEqualTo(40);
		assertThat(this.partition.redis().xlen(PREFIX + "ch:news")).isLessThanOrEqualTo(10);
		assertThat(this.partition.redis().pttl(ERASED)).isBetween(RedisPartition.AGE.toMillis(),
				RedisPartition.AGE.toMillis() * 12 / 10);
	}

	private Erasure erasure(int length) {
		return new Erasure(this.partition.link(), this.partition.keys,
				new Erasure.Settings(length, RedisPartition.AGE, Duration.ofMinutes(5)), Clock.systemUTC());
	}

	private Long erase(ChannelName channel, long id) {
		return get(erasure(RedisPartition.LENGTH).message(channel, id));
	}

	private List<Long> entries(ChannelName channel) {
		return get(this.partition.history().read(channel, 0, 256, 1_000_000)).entries()
			.stream()
			.map(History.Entry::id)
			.toList();
	}

	private List<Long> publish(ChannelName channel, int count) {
		List<Long> ids = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			ids.add(publish(this.partition.publisher(), channel));
		}
		return ids;
	}

	private static long publish(Publisher publisher, ChannelName channel) {
		Publisher.Request request = new Publisher.Request(List.of(channel), message("m"), null);
		return ((Publisher.Result.Stored) get(publisher.publish(List.of(request))).getFirst()).receipts()
			.getFirst()
			.id();
	}

}
