package io.fanfare.api.publish;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.ScriptCosts;
import io.fanfare.test.redis.ScriptCosts.Times;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.Range;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.sync.RedisCommands;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/** A message to more users than one call of Redis takes. */
@ExtendWith(RedisExtension.class)
class PiecesIT {

	private static final String PREFIX = "fanfare:{0}:";

	private static final long LONGEST_MICROS = 10_000;

	private static final long PING_MICROS = 20_000;

	private final TestApi api = TestApi.shared();

	private RedisClient client;

	private RedisCommands<String, String> redis;

	@BeforeEach
	void connect(TestRedis server) {
		this.client = RedisClient.create(server.uri());
		this.redis = this.client.connect().sync();
	}

	@AfterEach
	void disconnect() {
		this.client.shutdown(0, 1, TimeUnit.SECONDS);
	}

	@Test
	void everyUserHasAnIdInTheOrderOfTheRequestAndEachPieceIsACallOfItsOwn() {
		this.redis.configResetstat();
		JsonNode answer = this.api.post("/v1/messages", toUsers(100, "\"hello\"")).json();
		List<String> ids = ids(answer);
		assertThat(ids).hasSize(100).doesNotHaveDuplicates();
		assertThat(ids.stream().map(PiecesIT::number).toList()).isSorted();
		assertThat(evaluations()).as("3 pieces of 32 and one of 4").isEqualTo(4);
		for (int i = 0; i < 100; i++) {
			assertThat(stored("u" + i)).containsExactly(ids.get(i));
		}
	}

	@Test
	void aRepeatedRequestGetsTheSameAnswerAndIsStoredOnce() {
		String body = toUsers(100, "\"hello\"");
		Answer first = this.api.post("/v1/messages", body, "Idempotency-Key", "k");
		Answer again = this.api.post("/v1/messages", body, "Idempotency-Key", "k", "traceparent",
				"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
		assertThat(first.header("Idempotency-Replayed")).isEmpty();
		assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
		assertThat(again.json()).isEqualTo(first.json());
		assertThat(IntStream.range(0, 100).mapToObj((i) -> stored("u" + i)))
			.allSatisfy((ids) -> assertThat(ids).hasSize(1));
	}

	/** The trace is no part of the message, and must not move the places of the cuts. */
	@Test
	void aRepetitionWithAnotherTraceIsCutInTheSamePlaces() {
		// Four envelopes are below 256 KiB, but not with a trace.
		String body = toUsers(9, "\"" + "x".repeat(65_536 - 22) + "\"");
		Answer first = this.api.post("/v1/messages", body, "Idempotency-Key", "k");
		Answer again = this.api.post("/v1/messages", body, "Idempotency-Key", "k", "traceparent",
				"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
		assertThat(again.status()).isEqualTo(200);
		assertThat(again.json()).isEqualTo(first.json());
	}

	/**
	 * The third piece meets a stream that is none, which is mended before the repetition.
	 */
	@Test
	void afterAFailureBetweenPiecesARepetitionCompletesTheRest() {
		this.redis.set(PREFIX + "ch:user:u70", "in the way");
		String body = toUsers(100, "\"hello\"");
		Answer broken = this.api.post("/v1/messages", body, "Idempotency-Key", "k");
		assertThat(broken.status()).isEqualTo(503);
		assertThat(broken.problem()).isEqualTo("redis-unavailable");
		assertThat(broken.json().get("detail").asString()).contains("Some recipients may have the message");
		Map<String, String> before = new HashMap<>();
		for (int i = 0; i < 64; i++) {
			before.put("u" + i, stored("u" + i).getFirst());
		}
		assertThat(IntStream.range(64, 96).filter((i) -> i != 70).mapToObj((i) -> stored("u" + i)))
			.as("all of a piece, or nothing")
			.allSatisfy((ids) -> assertThat(ids).isEmpty());
		// The fourth piece may have been on its way.
		stored("u96").forEach((id) -> before.put("u96", id));
		this.redis.del(PREFIX + "ch:user:u70");
		Answer again = this.api.post("/v1/messages", body, "Idempotency-Key", "k");
		assertThat(again.status()).isEqualTo(200);
		assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
		List<String> ids = ids(again.json());
		before.forEach((user, id) -> assertThat(stored(user)).containsExactly(id));
		assertThat(ids.subList(0, 64))
			.containsExactlyElementsOf(IntStream.range(0, 64).mapToObj((i) -> before.get("u" + i)).toList());
		for (int i = 64; i < 100; i++) {
			assertThat(stored("u" + i)).as("no user has it twice").containsExactly(ids.get(i));
		}
		assertThat(this.api.post("/v1/messages", body, "Idempotency-Key", "k").json()).isEqualTo(again.json());
	}

	@Test
	void aKeyOfAnotherRequestIsRefusedBeforeAnythingIsStored() {
		this.api.post("/v1/messages", toUsers(100, "\"hello\""), "Idempotency-Key", "k");
		String clock = this.redis.get(PREFIX + "clock");
		for (String other : List.of(toUsers(100, "\"bye\""), toUsers(99, "\"hello\""), toUsers(1, "\"hello\""))) {
			Answer refused = this.api.post("/v1/messages", other, "Idempotency-Key", "k");
			assertThat(refused.status()).isEqualTo(422);
			assertThat(refused.problem()).isEqualTo("idempotency-key-reused");
		}
		assertThat(this.redis.get(PREFIX + "clock")).isEqualTo(clock);
	}

	@Test
	void theRecordOfAVersionThatPublishedToAllAtOnceIsReplayed() {
		String body = toUsers(100, "\"hello\"");
		this.api.post("/v1/messages", body, "Idempotency-Key", "k");
		String hash = this.redis.get(PREFIX + "idem:dev:k").split("\\|")[0];
		this.redis.flushall();
		String receipts = IntStream.range(0, 100)
			.mapToObj((i) -> "1700000000000-" + i + ":1")
			.collect(Collectors.joining(" "));
		this.redis.set(PREFIX + "idem:dev:k", hash + "|" + receipts);
		Answer replayed = this.api.post("/v1/messages", body, "Idempotency-Key", "k");
		assertThat(replayed.status()).isEqualTo(200);
		assertThat(replayed.header("Idempotency-Replayed")).isEqualTo("true");
		assertThat(ids(replayed.json())).hasSize(100).startsWith("1700000000000-0").endsWith("1700000000000-99");
		assertThat(stored("u0")).isEmpty();
		assertThat(stored("u99")).isEmpty();
	}

	@Test
	void whenTheFirstRecordHasEndedTheKeyIsFreeForAnotherRequest() {
		this.api.post("/v1/messages", toUsers(100, "\"hello\""), "Idempotency-Key", "k");
		this.redis.del(PREFIX + "idem:dev:k");
		Answer other = this.api.post("/v1/messages", toUsers(100, "\"bye\""), "Idempotency-Key", "k");
		assertThat(other.status()).isEqualTo(200);
		assertThat(ids(other.json())).doesNotHaveDuplicates();
		assertThat(stored("u99")).hasSize(2);
	}

	@Test
	void racingRequestsOfOneKeyAreStoredOnceWhicheverApiTheyReach(TestRedis server) throws Exception {
		String body = toUsers(200, "\"hello\"");
		try (TestApi other = TestApi.start(server);
				ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
			for (int round = 0; round < 5; round++) {
				String key = "race-" + round;
				CountDownLatch start = new CountDownLatch(1);
				List<Future<Answer>> answers = IntStream.range(0, 6)
					.mapToObj((i) -> threads.submit((Callable<Answer>) () -> {
						start.await();
						return ((i % 2 == 0) ? this.api : other).post("/v1/messages", body, "Idempotency-Key", key);
					}))
					.toList();
				start.countDown();
				List<List<String>> stored = new ArrayList<>();
				int first = 0;
				for (Future<Answer> future : answers) {
					Answer answer = future.get();
					assertThat(answer.status()).isIn(200, 409);
					if (answer.status() == 200) {
						stored.add(ids(answer.json()));
						first += answer.header("Idempotency-Replayed").isEmpty() ? 1 : 0;
					}
				}
				assertThat(stored.stream().distinct().toList()).hasSize(1);
				assertThat(first).isEqualTo(1);
			}
		}
		assertThat(IntStream.range(0, 200).mapToObj((i) -> stored("u" + i)))
			.allSatisfy((ids) -> assertThat(ids).hasSize(5));
	}

	@Test
	void aVerdictIsAwaitedOfEachRecipientOfEachPiece(TestRedis server) {
		String body = toUsers(100, "\"hello\"").replace("\"data\"", "\"receipt\":{\"within\":\"PT1H\"},\"data\"");
		try (TestApi awaiting = TestApi.start(server, "--fanfare.receipts.enabled=true")) {
			List<String> ids = ids(awaiting.post("/v1/messages", body, "Idempotency-Key", "k").json());
			assertThat(awaiting.post("/v1/messages", body, "Idempotency-Key", "k").header("Idempotency-Replayed"))
				.isEqualTo("true");
			assertThat(this.redis.zrange(PREFIX + "awaited", 0, -1)).containsExactlyInAnyOrderElementsOf(
					IntStream.range(0, 100).mapToObj((i) -> ids.get(i) + " u" + i).toList());
		}
	}

	@Test
	void anEphemeralMessageGoesInPiecesTooAndIsNotStored() {
		String body = toUsers(100, "\"hello\"").replace("\"data\"", "\"ephemeral\":true,\"data\"");
		Answer answer = this.api.post("/v1/messages", body, "Idempotency-Key", "k");
		assertThat(ids(answer.json())).hasSize(100).doesNotHaveDuplicates();
		assertThat(this.api.post("/v1/messages", body, "Idempotency-Key", "k").json()).isEqualTo(answer.json());
		assertThat(stored("u0")).isEmpty();
	}

	/** The best of five runs counts, for the machine may be busy. */
	@Test
	void aThousandUsersWithTheLongestDataLeaveRedisToOthers() {
		String body = toUsers(1_000, "\"" + "x".repeat(65_536) + "\"");
		try (TestRedis alone = TestRedis.start();
				TestApi publisher = TestApi.start(alone);
				ScriptCosts costs = new ScriptCosts(alone)) {
			Times best = new Times(Long.MAX_VALUE, Long.MAX_VALUE);
			for (int run = 0; run < 5 && !isWithinBudget(best); run++) {
				costs.commands().configResetstat();
				String key = "run-" + run;
				AtomicReference<Answer> answer = new AtomicReference<>();
				Times times = costs.time(1, alone::clear,
						() -> answer.set(publisher.post("/v1/messages", body, "Idempotency-Key", key)));
				best = new Times(Math.min(best.longestMicros(), times.longestMicros()),
						Math.min(best.pingMicros(), times.pingMicros()));
				assertThat(answer.get().status()).isEqualTo(200);
				assertThat(ids(answer.get().json())).hasSize(1_000)
					.isSortedAccordingTo(Comparator.comparing(PiecesIT::number));
				assertThat(evaluations(costs.commands())).as("pieces of three").isGreaterThanOrEqualTo(334);
				assertThat(publisher.post("/v1/messages", body, "Idempotency-Key", key).json())
					.isEqualTo(answer.get().json());
			}
			assertThat(best.longestMicros()).as("the longest call").isLessThanOrEqualTo(LONGEST_MICROS);
			assertThat(best.pingMicros()).as("PING beside it, p99").isLessThan(PING_MICROS);
		}
	}

	private static boolean isWithinBudget(Times times) {
		return times.longestMicros() <= LONGEST_MICROS && times.pingMicros() < PING_MICROS;
	}

	@Test
	void aBatchMayHaveFiveThousandRecipientsAndNoMore() {
		assertThat(this.api.post("/v1/messages/batch", batch(5, 1_000, "1")).status()).isEqualTo(200);
		String clock = this.redis.get(PREFIX + "clock");
		String more = batch(5, 1_000, "1");
		more = more.substring(0, more.length() - 2) + ",{\"to\":{\"user\":\"one-more\"},\"data\":1}]}";
		Answer refused = this.api.post("/v1/messages/batch", more);
		assertThat(refused.status()).isEqualTo(422);
		assertThat(refused.problem()).isEqualTo("too-many-recipients");
		assertThat(refused.json().at("/errors/0/pointer").asString()).isEqualTo("#/messages/5/to");
		assertThat(this.redis.get(PREFIX + "clock")).as("nothing is stored").isEqualTo(clock);
	}

	@Test
	void theMessagesOfABatchMayHave64MiBInAllTheirChannelsAndNoMore() {
		// 75 bytes are counted beside the data of each recipient.
		int data = 64 * 1024 * 1024 / 5_000 - 75;
		String fits = batch(5, 1_000, "\"" + "x".repeat(data) + "\"");
		String above = batch(5, 1_000, "\"" + "x".repeat(data + 1) + "\"");
		Answer refused = this.api.post("/v1/messages/batch", above);
		assertThat(refused.status()).isEqualTo(413);
		assertThat(refused.problem()).isEqualTo("content-too-large");
		assertThat(refused.json().at("/errors/0/pointer").asString()).isEqualTo("#/messages/4/data");
		assertThat(this.redis.get(PREFIX + "clock")).as("nothing is stored").isNull();
		Answer stored = this.api.post("/v1/messages/batch", fits);
		assertThat(stored.status()).isEqualTo(200);
		assertThat(stored.json().get("results"))
			.allSatisfy((result) -> assertThat(result.get("recipients")).hasSize(1_000));
		this.redis.flushall();
	}

	@Test
	void aBatchOfSmallAndLargeMessagesKeepsItsOrder() {
		List<String> messages = new ArrayList<>();
		for (int i = 0; i < 60; i++) {
			messages.add((i % 7 == 3) ? toUsers(70, "\"m" + i + "\"")
					: "{\"to\":{\"user\":\"u0\"},\"data\":\"m" + i + "\",\"idempotencyKey\":\"b" + i + "\"}");
		}
		JsonNode results = this.api.post("/v1/messages/batch", "{\"messages\":[" + String.join(",", messages) + "]}")
			.json()
			.get("results");
		assertThat(results).hasSize(60);
		List<String> ofU0 = StreamSupport.stream(results.spliterator(), false)
			.map((result) -> result.at("/recipients/0/id").asString())
			.toList();
		assertThat(stored("u0")).isEqualTo(ofU0);
		assertThat(ofU0.stream().map(PiecesIT::number).toList()).isSorted();
	}

	private static String toUsers(int count, String data) {
		return "{\"to\":{\"users\":["
				+ IntStream.range(0, count).mapToObj((i) -> "\"u" + i + "\"").collect(Collectors.joining(","))
				+ "]},\"data\":" + data + "}";
	}

	private static String batch(int messages, int users, String data) {
		return "{\"messages\":["
				+ IntStream.range(0, messages).mapToObj((i) -> toUsers(users, data)).collect(Collectors.joining(","))
				+ "]}";
	}

	private static List<String> ids(JsonNode answer) {
		return StreamSupport.stream(answer.get("recipients").spliterator(), false)
			.map((recipient) -> recipient.get("id").asString())
			.toList();
	}

	private static Long number(String id) {
		return io.fanfare.protocol.MessageId.parse(id);
	}

	private List<String> stored(String user) {
		return this.redis.xrange(PREFIX + "ch:user:" + user, Range.unbounded())
			.stream()
			.map((entry) -> entry.getId())
			.toList();
	}

	/** How often a script was called by its digest. */
	private int evaluations() {
		return evaluations(this.redis);
	}

	private static int evaluations(RedisCommands<String, String> redis) {
		return redis.info("commandstats")
			.lines()
			.filter((line) -> line.startsWith("cmdstat_evalsha:"))
			.mapToInt((line) -> Integer.parseInt(line.replaceAll("^cmdstat_evalsha:calls=(\\d+),.*", "$1")))
			.sum();
	}

}
