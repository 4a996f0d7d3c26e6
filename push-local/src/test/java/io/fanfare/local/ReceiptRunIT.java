package io.fanfare.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.fanfare.test.api.ApiClient;
import io.fanfare.test.api.TokenMint;
import io.fanfare.test.network.TcpProxy;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.RedisUser;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.Range;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Messages with receipts to a mix of users, while Redis is restarted, and two of four
 * nodes and one of two processes of the API are killed. With {@code fanfare.long} there
 * are 10 000.
 */
class ReceiptRunIT {

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final int USERS = LONG ? 1_000 : 70;

	private static final int ROUNDS = 10;

	private static final Duration WITHIN = LONG ? Duration.ofSeconds(45) : Duration.ofSeconds(10);

	private static final Duration SOON = Duration.ofSeconds(30);

	/** How late a verdict may be. */
	private static final Duration LATE = Duration.ofSeconds(2);

	private static final long SEED = Long.getLong("fanfare.seed", System.nanoTime());

	private static final TokenMint TOKENS = new TokenMint(TestCluster.jwtSecret());

	/** What becomes of a user. Equally many have each. */
	private enum Fate {

		/** Reads and answers. */
		LIVE,

		/** Has no stream. */
		OFFLINE,

		/** Reads nothing. */
		FROZEN,

		/** Has a wire through which nothing comes, and a stream without it later. */
		CUT,

		/** Has a stream at a node that is killed, and one at another node then. */
		KILLED,

		/** Is taken over by another client. */
		TAKEOVER,

		/** Comes back on another node before it was asked. */
		BACK;

		static Fate of(int user) {
			return values()[user % values().length];
		}

	}

	/** By message and user, when its verdict is due, in ms since the epoch. */
	private final Map<String, Long> deadlines = new HashMap<>();

	private final Map<Integer, List<ReceiptClient>> clients = new HashMap<>();

	private final Random random = new Random(SEED);

	@TempDir
	Path directory;

	@Test
	void eachMessageHasOneVerdictInTime() {
		try (RedisProcess redis = TestRedis.start("appendonly yes", "appendfsync always")) {
			CompletableFuture<ClusterProcess> starting = CompletableFuture
				.supplyAsync(() -> ClusterProcess.start(redis.url(RedisUser.BOTH), this.directory,
						"fanfare.receipts.enabled=true", "fanfare.redis.durable=true"));
			try (Cluster cluster = TestCluster.start(redis, "--fanfare.receipts.enabled=true",
					"--fanfare.redis.durable=true", "--logging.level.root=WARN", "--logging.level.io.fanfare=WARN");
					ClusterProcess killed = starting.join();
					TcpProxy wire = TcpProxy.to(cluster.streamPort(0))) {
				run(redis, cluster, killed, wire);
			}
			finally {
				this.clients.values().forEach((some) -> some.forEach(ReceiptClient::close));
			}
		}
	}

	private void run(RedisProcess redis, Cluster cluster, ClusterProcess killed, TcpProxy wire) {
		IntStream.range(0, USERS).forEach((user) -> open(user, cluster, killed, wire));
		await().atMost(SOON)
			.until(() -> this.clients.values().stream().allMatch((some) -> some.getFirst().isConnected()));
		having(Fate.FROZEN).forEach((user) -> last(user).freeze());
		wire.blackHole();
		ApiClient one = killed.backend();
		ApiClient other = TestCluster.backend(cluster);

		publish(one, other);
		redis.restart(RedisProcess.Data.KEPT);
		for (int round = 1; round < ROUNDS; round++) {
			publish((round < ROUNDS / 2) ? one : other, other);
			if (round == 2) {
				having(Fate.BACK).forEach((user) -> {
					last(user).end();
					last(user).open(cluster.streamPort(1), cluster.streamPort(1));
				});
			}
			if (round == ROUNDS / 2) {
				killed.close();
				having(Fate.KILLED).forEach((user) -> last(user).open(cluster.streamPort(1), cluster.streamPort(1)));
				having(Fate.CUT).forEach((user) -> last(user).open(cluster.streamPort(0), cluster.streamPort(0)));
				having(Fate.TAKEOVER).forEach((user) -> {
					ReceiptClient newer = new ReceiptClient(token(user), "other");
					newer.open(cluster.streamPort(1), cluster.streamPort(1));
					this.clients.get(user).add(newer);
				});
			}
		}
		long last = this.deadlines.values().stream().mapToLong(Long::longValue).max().orElseThrow();
		await().atMost(Duration.ofMillis(last - System.currentTimeMillis()).plus(SOON))
			.until(() -> verdicts(redis).size() >= this.deadlines.size()
					|| System.currentTimeMillis() > last + LATE.toMillis() + 500);
		check(verdicts(redis));
	}

	private void check(List<Verdict> verdicts) {
		assertThat(verdicts.stream().map(Verdict::message)).as("seed %d", SEED)
			.containsExactlyInAnyOrderElementsOf(this.deadlines.keySet());
		Map<Fate, Map<String, Integer>> counts = new TreeMap<>();
		for (Verdict verdict : verdicts) {
			Fate fate = Fate.of(verdict.user());
			counts.computeIfAbsent(fate, (key) -> new TreeMap<>()).merge(verdict.type(), 1, Integer::sum);
			assertThat(verdict.at()).as("%s %s, seed %d", fate, verdict, SEED)
				.isLessThanOrEqualTo(this.deadlines.get(verdict.message()) + LATE.toMillis());
			if (verdict.type().equals("receipt.delivered")) {
				assertThat(this.clients.getOrDefault(verdict.user(), List.of()))
					.as("%s %s, seed %d", fate, verdict, SEED)
					.anyMatch((client) -> client.hasAcknowledged(verdict.id()));
			}
		}
		System.out.printf("Verdicts of %d messages with receipts: %s%n", verdicts.size(), counts);
		assertThat(counts.get(Fate.LIVE)).as("those who read and answer").containsOnlyKeys("receipt.delivered");
		for (Fate fate : List.of(Fate.OFFLINE, Fate.FROZEN)) {
			assertThat(counts.get(fate)).as(fate.name()).containsOnlyKeys("receipt.undelivered");
		}
		for (Fate fate : List.of(Fate.CUT, Fate.KILLED, Fate.TAKEOVER, Fate.BACK)) {
			assertThat(counts.get(fate)).as(fate.name()).containsKey("receipt.delivered");
		}
	}

	/**
	 * A verdict.
	 *
	 * @param message id and user
	 * @param at when it was given, by Redis, which has the clock of this machine
	 */
	private record Verdict(String type, String message, long at) {

		String id() {
			return this.message.substring(0, this.message.indexOf(' '));
		}

		int user() {
			return Integer.parseInt(this.message.substring(this.message.lastIndexOf('-') + 1));
		}

	}

	private static List<Verdict> verdicts(RedisProcess redis) {
		List<Verdict> verdicts = new ArrayList<>();
		redis.ask((commands) -> commands.xrange("fanfare:{0}:receipts", Range.unbounded())).forEach((entry) -> {
			JsonNode event = JsonMapper.shared().readTree(entry.getBody().get("body"));
			JsonNode data = event.required("data");
			verdicts.add(new Verdict(event.required("type").asString(),
					data.required("id").asString() + " " + data.required("user").asString(),
					event.required("at").asLong()));
		});
		return verdicts;
	}

	private void open(int user, Cluster cluster, ClusterProcess killed, TcpProxy wire) {
		Fate fate = Fate.of(user);
		if (fate == Fate.OFFLINE) {
			return;
		}
		ReceiptClient client = new ReceiptClient(token(user), "page");
		this.clients.put(user, new ArrayList<>(List.of(client)));
		int node = this.random.nextInt(2);
		switch (fate) {
			case KILLED -> client.open(killed.streamPort(node), killed.streamPort(node));
			case CUT -> client.open(wire.port(), cluster.streamPort(0));
			case BACK -> client.open(cluster.streamPort(0), cluster.streamPort(0));
			default -> client.open(cluster.streamPort(node), cluster.streamPort(node));
		}
	}

	/** Publishes one message to each user, as a backend does that repeats what failed. */
	private void publish(ApiClient api, ApiClient other) {
		List<String> users = IntStream.range(0, USERS).mapToObj(ReceiptRunIT::name).toList();
		Map<String, ?> message = Map.of("to", Map.of("users", users), "data", "hello", "receipt",
				Map.of("within", WITHIN.toString()));
		String key = "run-" + this.random.nextLong();
		JsonNode answer = await().atMost(SOON).until(() -> {
			ApiClient.Reply reply = api.post("/v1/messages", message, key);
			return ((reply.status() == 200) ? reply : other.post("/v1/messages", message, key));
		}, (reply) -> reply.status() == 200).ok();
		long due = System.currentTimeMillis() + WITHIN.toMillis();
		Set<String> ids = new HashSet<>();
		for (JsonNode recipient : answer.required("recipients")) {
			String id = recipient.required("id").asString();
			assertThat(ids.add(id)).isTrue();
			this.deadlines.put(id + " " + recipient.required("user").asString(), due);
		}
		assertThat(ids).hasSize(USERS);
	}

	private static String name(int user) {
		return "run-" + user;
	}

	private static String token(int user) {
		return TOKENS.stream(name(user), Duration.ofHours(1), "*");
	}

	private static List<Integer> having(Fate fate) {
		return IntStream.range(0, USERS).filter((user) -> Fate.of(user) == fate).boxed().toList();
	}

	private ReceiptClient last(int user) {
		return this.clients.get(user).getLast();
	}

}
