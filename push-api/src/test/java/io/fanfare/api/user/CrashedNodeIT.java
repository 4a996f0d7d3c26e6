package io.fanfare.api.user;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.api.TestApi;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Owner;
import io.fanfare.redis.presence.Presence.Silent;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.RedisClient;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/** The users of a node that ends without a word. */
@ExtendWith(RedisExtension.class)
class CrashedNodeIT {

	private static final int USERS = 50_000;

	private static final String NODE = "node-1.abcdefgh";

	private static final Duration LEASE = Duration.ofSeconds(1);

	private static final Duration ALLOWED = LEASE.plusSeconds(5);

	private static final RedisKeys KEYS = new RedisKeys(RedisKeys.DEFAULT_PREFIX, 0);

	private final TestApi api = TestApi.shared();

	private final RedisClient client = RedisClient.create(TestRedis.shared().uri(RedisUser.NODE));

	private final CommandLink link = new CommandLink(this.client, KEYS, false, this.api.bean(Scheduler.class),
			this.api.bean(Errors.class));

	private final Presence node = new Presence(this.link, KEYS,
			new Presence.Times(LEASE, Presence.Times.DEFAULT.tombstone()));

	@BeforeEach
	void connect() {
		assertThat(this.link.awaitUp(Duration.ofSeconds(10))).isTrue();
	}

	@AfterEach
	void disconnect() {
		this.link.close();
		this.client.shutdown(0, 1, TimeUnit.SECONDS);
	}

	@Test
	void itsUsersAreOfflineOnceItsLeaseHasLapsedReapedOrNot() {
		try (ScheduledExecutorService renewals = Executors.newSingleThreadScheduledExecutor()) {
			renewals.scheduleAtFixedRate(() -> this.node.renew(NODE, List.of()), 0, 200, TimeUnit.MILLISECONDS);
			writeAll();
			assertThat(fields()).isEqualTo(USERS);
			assertThat(shownOnline()).isEqualTo(sample().size());
			renewals.shutdownNow();
		}
		long crashed = System.nanoTime();
		Awaitility.await().atMost(ALLOWED).until(() -> shownOnline() == 0);
		assertThat(online()).isZero();
		assertThat(Duration.ofNanos(System.nanoTime() - crashed)).isLessThan(ALLOWED);
		assertThat(fields()).as("nothing is reaped").isEqualTo(USERS);
		assertThat(receipts()).containsOnly(false);
		// A part is reaped: those who are and those who are not look the same.
		Slice silent = this.node.reap("node-2.abcdefgh", "0", 500, List.of()).join();
		List<Suspect> dead = silent.silent().stream().map((one) -> new Suspect(one, Suspicion.DEAD)).toList();
		assertThat(silent.silent()).extracting(Silent::node).containsExactly(NODE);
		assertThat(this.node.reap("node-2.abcdefgh", "0", 500, dead).join().removed()).isPositive();
		assertThat(fields()).isBetween(1L, USERS - 1L);
		assertThat(shownOnline()).isZero();
	}

	/** As a node writes its users back after a loss of data. */
	private void writeAll() {
		for (int from = 0; from < USERS; from += 500) {
			List<Held> slice = IntStream.range(from, from + 500)
				.mapToObj((user) -> new Held(user(user), NODE + ".c" + user, MessageId.of(1, user), "page", 1,
						Tier.NORMAL))
				.toList();
			assertThat(this.node.renew(NODE, slice).join().verdicts()).hasSize(500);
		}
	}

	/** As the endpoint finds them. */
	private long online() {
		Presence presence = this.api.bean(Presence.class);
		long online = 0;
		for (int from = 0; from < USERS; from += 2_000) {
			List<CompletableFuture<Owner>> slice = IntStream.range(from, from + 2_000)
				.mapToObj((user) -> presence.find(user(user)))
				.toList();
			online += slice.stream().map(CompletableFuture::join).filter(Objects::nonNull).count();
		}
		return online;
	}

	private long shownOnline() {
		return sample().stream()
			.filter((user) -> this.api.get("/v1/users/" + user(user)).json().get("online").booleanValue())
			.count();
	}

	private static List<Integer> sample() {
		return IntStream.range(0, 10).mapToObj((i) -> i * (USERS / 10) + 7 * i).toList();
	}

	/** What a message to a user answers. */
	private List<Boolean> receipts() {
		JsonNode sent = this.api
			.post("/v1/messages", "{\"to\":{\"users\":[\"" + user(0) + "\",\"" + user(USERS - 1) + "\"]},\"data\":1}")
			.json();
		return sent.get("recipients").valueStream().map((one) -> one.get("online").booleanValue()).toList();
	}

	private static long fields() {
		return TestRedis.shared().ask((redis) -> redis.hlen("fanfare:{0}:presence"));
	}

	private static String user(int number) {
		return "user-" + number;
	}

}
