package io.fanfare.api.publish;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.test.redis.RedisExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class BatchIT {

	private final TestApi api = TestApi.shared();

	@Test
	void resultsAndIdsFollowTheOrderOfTheBatch() {
		String messages = IntStream.range(0, 500)
			.mapToObj((i) -> "{\"to\":{\"channel\":\"news\"},\"data\":" + i + "}")
			.collect(Collectors.joining(","));
		JsonNode results = batch(messages).json().get("results");
		JsonNode items = this.api.get("/v1/channels/news/messages?after=0-0&limit=1000").json().get("items");
		assertThat(results.size()).isEqualTo(500);
		for (int i = 0; i < 500; i++) {
			assertThat(items.get(i).get("data").stringValue()).isEqualTo(Integer.toString(i));
			assertThat(items.get(i).get("id")).isEqualTo(results.get(i).get("id"));
		}
	}

	@Test
	void aWrongMessageDoesNotKeepTheOthersBack() {
		JsonNode results = batch("""
				{"to": {"user": "alice"}, "data": 1}, {"to": {"user": "a\\nb"}, "data": 1}, 7,
				{"to": {"channel": "news"}, "data": 2}""").json().get("results");
		assertThat(results.get(0).at("/recipients/0/user").stringValue()).isEqualTo("alice");
		assertThat(results.get(1).at("/problem/errors/0/pointer").stringValue()).isEqualTo("#/messages/1/to/user");
		assertThat(results.get(1).propertyNames()).containsExactly("problem");
		assertThat(results.get(2).at("/problem/errors/0/pointer").stringValue()).isEqualTo("#/messages/2");
		assertThat(results.get(3).propertyNames()).containsExactly("id");
	}

	@Test
	void scopesAreLookedAtMessageByMessage() {
		JsonNode results = this.api.postAs(TestApi.SHOP_KEY, "/v1/messages/batch", """
				{"messages": [{"to": {"all": true}, "data": 1}, {"to": {"user": "alice"}, "data": 1}]}""")
			.json()
			.get("results");
		assertThat(results.get(0).at("/problem/status").intValue()).isEqualTo(403);
		assertThat(results.get(1).has("id")).isTrue();
	}

	@Test
	void eachMessageHasItsOwnKey() {
		String messages = """
				{"to": {"user": "alice"}, "data": 1, "idempotencyKey": "a"},
				{"to": {"user": "alice"}, "data": 2, "idempotencyKey": "b"}""";
		JsonNode first = batch(messages).json().get("results");
		JsonNode again = batch(messages.replace("\"data\": 2", "\"data\": 3")).json().get("results");
		assertThat(again.get(0).get("replayed").booleanValue()).isTrue();
		assertThat(again.get(0).get("id")).isEqualTo(first.get(0).get("id"));
		assertThat(again.get(1).at("/problem/status").intValue()).isEqualTo(422);
		Answer alone = this.api.post("/v1/messages", "{\"to\":{\"user\":\"alice\"},\"data\":1}", "Idempotency-Key",
				"a");
		assertThat(alone.header("Idempotency-Replayed")).isEqualTo("true");
		assertThat(alone.json().get("id")).isEqualTo(first.get(0).get("id"));
	}

	@Test
	void aBatchThatIsNoneIsRefusedAsAWhole() {
		for (String body : List.of("{}", "[]", "{\"messages\":[]}", "{\"messages\":{}}", "{\"messages\":[1],\"x\":1}",
				"{\"messages\":[" + "1,".repeat(500) + "1]}")) {
			Answer answer = this.api.post("/v1/messages/batch", body);
			assertThat(answer.status()).as(body).isEqualTo(400);
			assertThat(answer.problem()).isEqualTo("invalid-request");
		}
		assertThat(this.api.post("/v1/messages/batch", "{\"messages\":[1]}", "Idempotency-Key", "k")
			.json()
			.at("/errors/0/header")
			.stringValue()).isEqualTo("Idempotency-Key");
	}

	@Test
	void nothingOfARefusedBatchIsStored() {
		this.api.post("/v1/messages/batch",
				"{\"messages\":[{\"to\":{\"channel\":\"news\"},\"data\":1}],\"messages\":[]}");
		JsonNode items = this.api.get("/v1/channels/news/messages").json().get("items");
		assertThat(StreamSupport.stream(items.spliterator(), false)).isEmpty();
	}

	private Answer batch(String messages) {
		Answer answer = this.api.post("/v1/messages/batch", "{\"messages\":[" + messages + "]}");
		assertThat(answer.status()).isEqualTo(200);
		return answer;
	}

}
