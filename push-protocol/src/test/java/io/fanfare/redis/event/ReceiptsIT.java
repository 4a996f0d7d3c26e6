package io.fanfare.redis.event;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Frame;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.event.Receipts.Acknowledged;
import io.fanfare.redis.event.Receipts.Swept;
import io.fanfare.redis.history.PublishQuota;
import io.fanfare.redis.history.Publisher.Idempotency;
import io.fanfare.redis.history.Publisher.Request;
import io.fanfare.redis.history.Publisher.Result;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Unacknowledged;
import io.fanfare.redis.revocation.IssuedToken;
import io.lettuce.core.Range;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/** Each message with a deadline gets one verdict per user. */
class ReceiptsIT {

	private static final String AWAITED = PREFIX + "awaited";

	private static final String UNACKNOWLEDGED = PREFIX + "unacknowledged:alice:page";

	private static final Duration WITHIN = Duration.ofHours(1);

	private static final long SEED = Long.getLong("fanfare.seed", System.nanoTime());

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	@Test
	void whatIsAcknowledgedIsDeliveredAndTheRestIsNotInTime() {
		List<Long> ids = publish(WITHIN, null, "alice", "bob", "carol dee");
		this.partition.owner("bob", "n", "c", 5, "page");
		assertThat(settle("alice", ids.get(0))).isEqualTo(1);
		assertThat(settle("alice", ids.get(0))).as("once").isZero();
		assertThat(settle("alice", ids.get(1))).as("of another user").isZero();
		assertThat(settle("bob", ids.get(1) - 1)).as("another message").isZero();
		assertThat(sweep()).as("not due").isEqualTo(new Swept(0, 0, false, 0));
		timePasses();
		assertThat(sweep()).isEqualTo(new Swept(1, 1, false, 0));
		assertThat(settle("bob", ids.get(1))).as("too late").isZero();
		assertThat(verdicts()).isEqualTo(Map.of("alice " + MessageId.format(ids.get(0)), List.of("delivered"),
				"bob " + MessageId.format(ids.get(1)), List.of("undelivered unacknowledged"),
				"carol dee " + MessageId.format(ids.get(2)), List.of("undelivered offline")));
		assertThat(this.partition.redis().keys(AWAITED + "*")).isEmpty();
	}

	/** What was acknowledged in time may be on its way. */
	@Test
	void aVerdictOfWhatIsDueWaitsForAMoment() {
		String awaited = MessageId.format(publish(WITHIN, null, "alice").getFirst()) + " alice";
		long now = System.currentTimeMillis();
		this.partition.redis().zadd(AWAITED, now + 60_000 - Receipts.GRACE.toMillis(), awaited);
		assertThat(sweep()).isEqualTo(new Swept(0, 0, false, 0));
		this.partition.redis().zadd(AWAITED, now - 1 - Receipts.GRACE.toMillis(), awaited);
		assertThat(sweep()).isEqualTo(new Swept(1, 0, false, 0));
	}

	/** Acknowledgements may have waited for Redis, as the call did. */
	@Test
	void aCallThatWaitedGivesNoVerdictThatCameDueMeanwhile() {
		String awaited = MessageId.format(publish(WITHIN, null, "alice").getFirst()) + " alice";
		long due = System.currentTimeMillis() - 10_000;
		this.partition.redis().zadd(AWAITED, due, awaited);
		assertThat(sweep(0)).isEqualTo(new Swept(0, 0, false, 0));
		assertThat(sweep(due + Receipts.GRACE.toMillis() - 1)).isEqualTo(new Swept(0, 0, false, 0));
		assertThat(sweep(due + Receipts.GRACE.toMillis())).isEqualTo(new Swept(1, 0, false, 0));
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
			.isCloseTo(System.currentTimeMillis() + WITHIN.toMillis(), Offset.offset(60_000.0));
	}

	@Test
	void callsAreBoundedAndGoOn() {
		for (int i = 0; i < Receipts.PER_CALL + 50; i++) {
			publish(WITHIN, null, "user-" + i);
		}
		timePasses();
		assertThat(sweep()).isEqualTo(new Swept(Receipts.PER_CALL, 0, true, 0));
		assertThat(sweep()).isEqualTo(new Swept(50, 0, false, 0));
		assertThat(verdicts()).hasSize(Receipts.PER_CALL + 50);
	}

	/** Those that settle do not know how long the stream may be. */
	@Test
	void theSweepTrimsTheStreamOfEvents() {
		for (int i = 0; i < 1_000; i++) {
			this.partition.redis().xadd(PREFIX + "receipts", Map.of("type", "test"));
		}
		get(receipts().sweep(100, 0));
		assertThat(this.partition.redis().xlen(PREFIX + "receipts")).isBetween(100L, 300L);
	}

	@Test
	void noVerdictIsLostWhileTheStreamOfEventsIsAnotherKey() {
		List<Long> ids = publish(WITHIN, null, "alice", "bob");
		timePasses();
		this.partition.redis().set(PREFIX + "receipts", "junk");
		assertThatException().isThrownBy(() -> settle("alice", ids.getFirst()));
		assertThatException().isThrownBy(this::sweep);
		assertThat(this.partition.redis().zcard(AWAITED)).isEqualTo(2);
		this.partition.redis().del(PREFIX + "receipts");
		assertThat(settle("alice", ids.getFirst())).isEqualTo(1);
		assertThat(sweep()).isEqualTo(new Swept(1, 0, false, 0));
	}

	@Test
	void whatTheClientDidNotAcknowledgeIsHandedToItsNextStream() {
		List<Long> ids = threeForAlice();
		this.partition.owner("alice", "n", "c1", 5, "page");
		release("c1", ids, 7L);
		assertThat(claim("c2", "page", ids.get(1)).unacknowledged()).containsExactly(ids.get(0), ids.get(1));
		assertThat(claim("c2", "page", ids.get(1)).unacknowledged()).as("repeated")
			.containsExactly(ids.get(0), ids.get(1));
		assertThat(this.partition.redis().pttl(UNACKNOWLEDGED)).isBetween(1L, WITHIN.toMillis());
		// What lies above is written again, or passed over.
		assertThat(claim("c3", "page", ids.get(2)).unacknowledged()).containsExactly(ids.get(0), ids.get(1));
		assertThat(claim("c4", "page", MessageId.ZERO).unacknowledged()).isEmpty();
		assertThat(this.partition.redis().exists(UNACKNOWLEDGED)).isZero();
	}

	@Test
	void anotherClientIsHandedNothing() {
		List<Long> ids = threeForAlice();
		this.partition.owner("alice", "n", "c1", 5, "page");
		release("c1", ids);
		assertThat(claim("c2", "other", ids.get(2)).unacknowledged()).isEmpty();
		assertThat(this.partition.redis().exists(UNACKNOWLEDGED)).isEqualTo(1);
	}

	@Test
	void aCursorThatNoStreamCanHaveGotIsHandedNothing() {
		List<Long> ids = threeForAlice();
		this.partition.owner("alice", "n", "c1", 5, "page");
		release("c1", ids);
		assertThat(claim("c2", "page", MessageId.of(System.currentTimeMillis() + 3_600_000, 0)).unacknowledged())
			.isEmpty();
	}

	@Test
	void whatHasItsVerdictIsNotKept() {
		List<Long> ids = threeForAlice();
		ids.forEach((id) -> settle("alice", id));
		this.partition.owner("alice", "n", "c1", 5, "page");
		release("c1", ids);
		assertThat(this.partition.redis().exists(UNACKNOWLEDGED)).isZero();
	}

	/** The later stream may have passed over a message, and its cursor with it. */
	@Test
	void aReleaseThatComesAfterALaterStreamKeepsNothing() {
		List<Long> ids = threeForAlice();
		this.partition.owner("alice", "n", "c2", 6, "page");
		release("c2", List.of());
		release("c1", ids);
		assertThat(this.partition.redis().exists(UNACKNOWLEDGED)).isZero();
		this.partition.owner("alice", "n", "c3", 7, "other");
		release("c1", ids);
		assertThat(this.partition.redis().exists(UNACKNOWLEDGED)).isZero();
	}

	/** The answer to the first may have been lost. */
	@Test
	void aRepeatedReleaseKeepsWhatTheFirstKept() {
		List<Long> ids = threeForAlice();
		this.partition.owner("alice", "n", "c1", 5, "page");
		release("c1", ids);
		release("c1", ids);
		assertThat(claim("c2", "page", ids.get(1)).unacknowledged()).containsExactly(ids.get(0), ids.get(1));
	}

	@Test
	void aStreamOfTheSameClientThatBeganBeforeIsNotified() {
		List<Long> ids = threeForAlice();
		this.partition.owner("alice", "n2", "c2", 5, "page");
		RedisPartition.Ear ear = this.partition.listen("node:n2");
		release("c1", ids);
		assertThat(ear.next()).isEqualTo(new Frame.Unacknowledged("c2", ids));
		assertThat(this.partition.redis().exists(UNACKNOWLEDGED)).isZero();
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
						settle("alice", id);
						acknowledged.put("alice " + MessageId.format(id), true);
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

	private List<Long> threeForAlice() {
		return List.of(publish(WITHIN, null, "alice").getFirst(), publish(WITHIN, null, "alice").getFirst(),
				publish(WITHIN, null, "alice").getFirst());
	}

	/** Releases a stream of alice's page that has not acknowledged some messages. */
	private void release(String connection, List<Long> ids, Long... others) {
		List<Long> all = new ArrayList<>(ids);
		all.addAll(List.of(others));
		get(this.partition.presence()
			.release(List
				.of(new Field("alice", connection, MessageId.ZERO, null, "client", new Unacknowledged("page", all)))));
	}

	private ClaimResult.Owner claim(String connection, String client, long cursor) {
		return (ClaimResult.Owner) get(this.partition.presence()
			.claim("n", new Claim("alice", connection, client, Tier.NORMAL, "", cursor, IssuedToken.LATEST)));
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
		return new Receipts(this.partition.link(), this.partition.keys);
	}

	private long settle(String user, long id) {
		return get(receipts().settle(List.of(new Acknowledged(user, id))));
	}

	/** Without the clock. */
	private Swept sweep() {
		return sweep(Long.MAX_VALUE);
	}

	private Swept sweep(long sentAt) {
		Swept swept = get(receipts().sweep(100_000, sentAt));
		assertThat(swept.clock()).isCloseTo(System.currentTimeMillis(), Offset.offset(60_000L));
		return new Swept(swept.offline(), swept.unacknowledged(), swept.more(), 0);
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
				.add(entry.getBody().get("type").replace("receipt.", "") + reason);
		});
		return verdicts;
	}

}
