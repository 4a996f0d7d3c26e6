package io.fanfare.api.publish;

import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.Presence;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class PublishIT {

	private static final String TO_ALICE = "{\"to\":{\"user\":\"alice\"},\"data\":\"hello\"}";

	private final TestApi api = TestApi.shared();

	@Test
	void aMessageToAUserIsStoredAndTellsWhetherTheUserIsOnline() {
		Answer offline = this.api.post("/v1/messages", TO_ALICE);
		assertThat(offline.status()).isEqualTo(200);
		assertThat(offline.header("Content-Type")).isEqualTo("application/json");
		assertThat(offline.json().at("/recipients/0/user").stringValue()).isEqualTo("alice");
		assertThat(offline.json().at("/recipients/0/online").booleanValue()).isFalse();
		assertThat(offline.json().at("/recipients/0/id")).isEqualTo(offline.json().get("id"));
		this.api.bean(Presence.class).claim("node-1.abcdefgh", new Claim("alice", "c1", "p1", Tier.HIGH)).join();
		assertThat(this.api.post("/v1/messages", TO_ALICE).json().at("/recipients/0/online").booleanValue()).isTrue();
		assertThat(history("user:alice")).extracting((item) -> item.get("data").stringValue())
			.containsExactly("hello", "hello");
	}

	@Test
	void aMessageToSeveralUsersHasAnIdForEach() {
		JsonNode answer = this.api.post("/v1/messages", "{\"to\":{\"users\":[\"b\",\"a\"]},\"data\":1}").json();
		assertThat(answer.has("id")).isFalse();
		assertThat(texts(answer.get("recipients"), "user")).containsExactly("b", "a");
		assertThat(texts(answer.get("recipients"), "id")).doesNotHaveDuplicates();
		assertThat(history("user:a").getFirst().get("id")).isEqualTo(answer.at("/recipients/1/id"));
	}

	@Test
	void aMessageToATopicOrToAllHasNoRecipients() {
		for (String to : List.of("{\"channel\":\"news\"}", "{\"all\":true}")) {
			JsonNode answer = this.api.post("/v1/messages", "{\"to\":" + to + ",\"data\":null}").json();
			assertThat(answer.propertyNames()).contains("id").isSubsetOf("id", "streams");
		}
		assertThat(history("news").getFirst().get("data").stringValue()).isEqualTo("null");
		assertThat(history("all")).hasSize(1);
	}

	@Test
	void anEphemeralMessageTakesAnIdAndIsNotStored() {
		Answer answer = this.api.post("/v1/messages", "{\"to\":{\"channel\":\"news\"},\"data\":1,\"ephemeral\":true}");
		assertThat(answer.json().get("id").stringValue()).contains("-");
		assertThat(history("news")).isEmpty();
	}

	@Test
	void aRepeatedRequestGetsTheSameAnswerAndIsStoredOnce() {
		Answer first = this.api.post("/v1/messages", TO_ALICE, "Idempotency-Key", "\"order 1\"");
		Answer again = this.api.post("/v1/messages", " " + TO_ALICE, "Idempotency-Key", "order 1");
		assertThat(first.header("Idempotency-Replayed")).isEmpty();
		assertThat(again.status()).isEqualTo(200);
		assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
		assertThat(again.json()).isEqualTo(first.json());
		assertThat(history("user:alice")).hasSize(1);
	}

	@Test
	void aKeyIsNotForAnotherRequestButForAnotherCaller() {
		this.api.post("/v1/messages", TO_ALICE, "Idempotency-Key", "k");
		Answer other = this.api.post("/v1/messages", TO_ALICE.replace("hello", "bye"), "Idempotency-Key", "k");
		assertThat(other.status()).isEqualTo(422);
		assertThat(other.problem()).isEqualTo("idempotency-key-reused");
		Answer shop = this.api.postAs(TestApi.SHOP_KEY, "/v1/messages", TO_ALICE.replace("hello", "bye"),
				"Idempotency-Key", "k");
		assertThat(shop.status()).isEqualTo(200);
		assertThat(shop.header("Idempotency-Replayed")).isEmpty();
	}

	@Test
	void racingRequestsOfOneKeyAreStoredOnceWhicheverApiTheyReach(TestRedis redis) throws Exception {
		try (TestApi other = TestApi.start(redis);
				ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
			for (int round = 0; round < 20; round++) {
				String key = "race-" + round;
				CountDownLatch start = new CountDownLatch(1);
				List<Future<Answer>> answers = IntStream.range(0, 16)
					.mapToObj((i) -> threads.submit((Callable<Answer>) () -> {
						start.await();
						return ((i % 2 == 0) ? this.api : other).post("/v1/messages", TO_ALICE, "Idempotency-Key", key);
					}))
					.toList();
				start.countDown();
				Set<String> ids = new java.util.HashSet<>();
				int first = 0;
				for (Future<Answer> future : answers) {
					Answer answer = future.get();
					assertThat(answer.status()).isIn(200, 409);
					if (answer.status() == 200) {
						ids.add(answer.json().get("id").stringValue());
						first += answer.header("Idempotency-Replayed").isEmpty() ? 1 : 0;
					}
					else {
						assertThat(answer.problem()).isEqualTo("idempotency-key-in-use");
					}
				}
				assertThat(ids).hasSize(1);
				assertThat(first).isEqualTo(1);
			}
		}
		assertThat(history("user:alice")).hasSize(20);
	}

	@Test
	void aKeyThatIsLimitedToChannelsPublishesThereOnly() {
		assertThat(this.api.postAs(TestApi.SHOP_KEY, "/v1/messages", TO_ALICE).status()).isEqualTo(200);
		for (String to : List.of("{\"channel\":\"sport\"}", "{\"all\":true}")) {
			Answer refused = this.api.postAs(TestApi.SHOP_KEY, "/v1/messages", "{\"to\":" + to + ",\"data\":1}");
			assertThat(refused.status()).isEqualTo(403);
			assertThat(refused.problem()).isEqualTo("insufficient-scope");
			assertThat(refused.header("WWW-Authenticate")).contains("insufficient_scope");
		}
		assertThat(history("all")).isEmpty();
	}

	@Test
	void manyPublishersGetIdsInOneOrder() throws Exception {
		try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
			List<Future<List<String>>> publishers = IntStream.range(0, 8)
				.mapToObj(
						(p) -> threads.submit(
								() -> IntStream.range(0, 50)
									.mapToObj(
											(i) -> this.api
												.post("/v1/messages",
														"{\"to\":{\"channel\":\"news\"},\"data\":\"" + p + " " + i
																+ "\"}")
												.json()
												.get("id")
												.stringValue())
									.toList()))
				.toList();
			for (Future<List<String>> publisher : publishers) {
				assertThat(publisher.get()).hasSize(50).doesNotHaveDuplicates();
			}
			List<JsonNode> stored = history("news");
			assertThat(stored).hasSize(400);
			for (int p = 0; p < 8; p++) {
				String prefix = p + " ";
				assertThat(stored.stream()
					.map((item) -> item.get("data").stringValue())
					.filter((data) -> data.startsWith(prefix)))
					.containsExactlyElementsOf(IntStream.range(0, 50).mapToObj((i) -> prefix + i).toList());
			}
		}
	}

	/** The document of a batch takes three of the levels, that of a message one. */
	@Test
	void dataTravelsAsItWasWrittenUpToItsLengthAndDepth() {
		List<String> legal = List.of("1".repeat(1200), "1".repeat(65_536), "[-1." + "0".repeat(2000) + "E+0010]",
				"{\"" + "n".repeat(60_000) + "\":null}", "[".repeat(997) + "]".repeat(997),
				"{\"a\":".repeat(997) + "0" + "}".repeat(997));
		for (String data : legal) {
			assertThat(this.api.post("/v1/messages", "{\"to\":{\"channel\":\"news\"},\"data\":" + data + "}").status())
				.isEqualTo(200);
			assertThat(this.api
				.post("/v1/messages/batch", "{\"messages\":[{\"to\":{\"channel\":\"news\"},\"data\":" + data + "}]}")
				.json()
				.at("/results/0")
				.has("id")).isTrue();
		}
		assertThat(history("news").stream().map((item) -> item.get("data").stringValue()))
			.containsExactlyElementsOf(legal.stream().flatMap((data) -> Stream.of(data, data)).toList());
		String deep = "[".repeat(32_768) + "]".repeat(32_768);
		assertRefused("/v1/messages", "{\"to\":{\"channel\":\"news\"},\"data\":" + deep + "}", "#/data");
		assertRefused("/v1/messages/batch", "{\"messages\":[{\"to\":{\"channel\":\"news\"},\"data\":" + deep + "}]}",
				"#/messages/0/data");
		assertRefused("/v1/messages", "{\"data\":" + "[".repeat(1024 * 1024 - 8), "#/data");
	}

	private void assertRefused(String path, String body, String pointer) {
		Answer answer = this.api.post(path, body);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.problem()).isEqualTo("invalid-request");
		assertThat(answer.json().get("errors").findValuesAsString("pointer")).containsExactly(pointer);
		assertThat(answer.body()).doesNotContain("Jackson", "jackson", "Constraints", "Exception");
	}

	private List<JsonNode> history(String channel) {
		JsonNode items = this.api.get("/v1/channels/" + channel + "/messages?after=0-0&limit=1000").json().get("items");
		return StreamSupport.stream(items.spliterator(), false).toList();
	}

	private static List<String> texts(JsonNode list, String field) {
		return StreamSupport.stream(list.spliterator(), false)
			.map((one) -> one.get(field).stringValue())
			.collect(Collectors.toList());
	}

}
