package io.fanfare.redis.event;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.event.Receipts.Acknowledged;
import io.fanfare.redis.event.Receipts.Swept;
import io.fanfare.redis.history.PublishQuota;
import io.fanfare.redis.history.Publisher.Idempotency;
import io.fanfare.redis.history.Publisher.Request;
import io.fanfare.redis.history.Publisher.Result;
import io.lettuce.core.Range;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

/** Each message with a deadline gets one verdict per user. */
class ReceiptsIT {

	private static final String AWAITED = PREFIX + "awaited";

	private static final Duration WITHIN = Duration.ofHours(1);

	private static final long SEED = Long.getLong("fanfare.seed", System.nanoTime());

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void whatIsAcknowledgedIsDeliveredAndTheRestIsNotInTime() {
		List<Long> ids = publish(WITHIN, null, "alice", "bob", "carol");
		this.partition.owner("bob", "n", "c", 5, "page");
		assertThat(settle("alice", ids.get(0))).isEqualTo(1);
		assertThat(settle("alice", ids.get(0))).as("once").isZero();
		assertThat(settle("bob", ids.get(1) - 1)).as("not that far").isZero();
		assertThat(sweep()).as("not due").isEqualTo(new Swept(0, false));
		timePasses();
		assertThat(sweep()).isEqualTo(new Swept(2, false));
		assertThat(settle("bob", ids.get(1))).as("too late").isZero();
		assertThat(verdicts()).isEqualTo(Map.of("alice " + MessageId.format(ids.get(0)), List.of("delivered"),
				"bob " + MessageId.format(ids.get(1)), List.of("undelivered unacknowledged"),
				"carol " + MessageId.format(ids.get(2)), List.of("undelivered offline")));
		assertThat(this.partition.redis().keys(AWAITED + "*")).isEmpty();
	}

	@Test
	void singleIdsCountAboveTheCursor() {
		long first = publish(WITHIN, null, "alice").getFirst();
		long second = publish(WITHIN, null, "alice").getFirst();
		assertThat(get(receipts().settle(List.of(new Acknowledged("alice", MessageId.ZERO, List.of(second, 7L))))))
			.isEqualTo(1);
		assertThat(verdicts()).containsOnlyKeys("alice " + MessageId.format(second));
		assertThat(settle("alice", first)).isEqualTo(1);
	}

	@Test
	void aRepetitionIsAwaitedOnceAndOtherMessagesNever() {
		Idempotency key = new Idempotency("shop", "key", "hash", Duration.ofMinutes(1));
		List<Long> ids = publish(WITHIN, key, "alice");
		assertThat(publish(WITHIN, key, "alice")).isEqualTo(ids);
		publish(null, null, "alice");
		get(this.partition.publisher()
			.publish(List.of(new Request(List.of(ChannelName.parse("news")), RedisPartition.message("x"), null,
					PublishQuota.Charge.FREE, WITHIN))));
		assertThat(this.partition.redis().zcard(AWAITED)).isEqualTo(1);
		assertThat(this.partition.redis().zscore(AWAITED, MessageId.format(ids.getFirst()) + " alice"))
			.isCloseTo(System.currentTimeMillis() + WITHIN.toMillis(), org.assertj.core.data.Offset.offset(60_000.0));
		assertThat(this.partition.redis().pttl(AWAITED + ":alice")).isGreaterThan(WITHIN.toMillis());
	}

	@Test
	void callsAreBoundedAndGoOn() {
		for (int i = 0; i < 450; i++) {
			publish(WITHIN, null, "alice");
		}
		long last = publish(WITHIN, null, "bob").getFirst();
		assertThat(get(receipts()
			.settle(List.of(new Acknowledged("alice", last, List.of()), new Acknowledged("bob", last, List.of())))))
			.isEqualTo(451);
		for (int i = 0; i < 250; i++) {
			publish(WITHIN, null, "user-" + i);
		}
		timePasses();
		assertThat(sweep()).isEqualTo(new Swept(Receipts.PER_CALL, true));
		assertThat(sweep()).isEqualTo(new Swept(50, false));
		assertThat(verdicts()).hasSize(701);
	}

	/** Clients acknowledge, late or never, in a random order, while time passes. */
	@Test
	void thereIsOneVerdictWhateverComesFirst() {
		Random random = new Random(SEED);
		Map<String, Boolean> acknowledged = new TreeMap<>();
		List<Long> ids = new ArrayList<>();
		for (int step = 0; step < 600; step++) {
			switch (random.nextInt(4)) {
				case 0, 1 -> {
					long id = publish(WITHIN, null, "alice").getFirst();
					ids.add(id);
					acknowledged.put("alice " + MessageId.format(id), false);
				}
				case 2 -> {
					if (!ids.isEmpty()) {
						long id = ids.get(random.nextInt(ids.size()));
						boolean single = random.nextBoolean();
						get(receipts().settle(List.of(new Acknowledged("alice", single ? MessageId.ZERO : id,
								single ? List.of(id) : List.of()))));
						ids.stream()
							.filter((one) -> single ? one == id : one <= id)
							.forEach((one) -> acknowledged.put("alice " + MessageId.format(one), true));
					}
				}
				default -> {
					if (random.nextInt(5) == 0) {
						timePasses();
						sweep();
					}
				}
			}
		}
		timePasses();
		while (sweep().more()) {
			assertThat(verdicts()).isNotEmpty();
		}
		Map<String, List<String>> verdicts = verdicts();
		assertThat(verdicts.keySet()).as("seed %d", SEED).isEqualTo(acknowledged.keySet());
		verdicts.forEach((message, given) -> {
			assertThat(given).as("%s, seed %d", message, SEED).hasSize(1);
			if (given.getFirst().equals("delivered")) {
				assertThat(acknowledged.get(message)).as("%s, seed %d", message, SEED).isTrue();
			}
		});
	}

	private List<Long> publish(@Nullable Duration within, @Nullable Idempotency key, String... users) {
		List<ChannelName> channels = IntStream.range(0, users.length)
			.mapToObj((i) -> ChannelName.parse("user:" + users[i]))
			.toList();
		Result result = get(
				this.partition.publisher()
					.publish(List
						.of(new Request(channels, RedisPartition.message("x"), key, PublishQuota.Charge.FREE, within))))
			.getFirst();
		return ((Result.Stored) result).receipts().stream().map((one) -> one.id()).toList();
	}

	private Receipts receipts() {
		return new Receipts(this.partition.link(), this.partition.keys, 100_000);
	}

	private long settle(String user, long cursor) {
		return get(receipts().settle(List.of(new Acknowledged(user, cursor, List.of()))));
	}

	private Swept sweep() {
		return get(receipts().sweep());
	}

	/** Whatever is awaited is due. */
	private void timePasses() {
		this.partition.redis().zrange(AWAITED, 0, -1).forEach((one) -> this.partition.redis().zadd(AWAITED, 1, one));
	}

	/** By user and message. */
	private Map<String, List<String>> verdicts() {
		Map<String, List<String>> verdicts = new TreeMap<>();
		this.partition.redis().xrange(PREFIX + "receipts", Range.unbounded()).forEach((entry) -> {
			String body = entry.getBody().get("body");
			String id = body.replaceAll(".*\"id\":\"([0-9-]+)\".*", "$1");
			String reason = body.contains("\"reason\"") ? body.replaceAll(".*\"reason\":\"([a-z]+)\".*", " $1") : "";
			verdicts.computeIfAbsent(entry.getBody().get("user") + " " + id, (message) -> new ArrayList<>())
				.add(entry.getBody().get("type").replace("message.", "") + reason);
		});
		return verdicts;
	}

}
