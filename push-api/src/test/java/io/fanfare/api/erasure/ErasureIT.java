package io.fanfare.api.erasure;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.Presence;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class ErasureIT {

	private final TestApi api = TestApi.shared();

	private Answer delete(String key, String path) {
		return this.api.send("DELETE", path, null, "Authorization", "Bearer " + key);
	}

	private String publish(String to, String key) {
		Answer answer = this.api.post("/v1/messages", "{\"to\":" + to + ",\"data\":\"secret\"}", "Idempotency-Key",
				key);
		return answer.json().path("id").asString();
	}

	@Test
	void aMessageIsErasedOnceAndLeavesItsRetraction() {
		String id = publish("{\"channel\":\"news\"}", "k1");
		String next = publish("{\"channel\":\"news\"}", "k2");
		Answer answer = delete(TestApi.KEY, "/v1/channels/news/messages/" + id);
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.json().path("channel").asString()).isEqualTo("news");
		assertThat(answer.json().path("id").asString()).isEqualTo(id);
		String retraction = answer.json().path("retraction").asString();
		var messages = this.api.get("/v1/channels/news/messages").json().path("items");
		assertThat(messages).hasSize(2);
		assertThat(messages.get(0).path("id").asString()).isEqualTo(next);
		assertThat(messages.get(1).path("id").asString()).isEqualTo(retraction);
		assertThat(messages.get(1).path("event").asString()).isEqualTo("push.retracted");
		Answer again = delete(TestApi.KEY, "/v1/channels/news/messages/" + id);
		assertThat(again.status()).isEqualTo(404);
		assertThat(again.problem()).isEqualTo("not-found");
		assertThat(publish("{\"channel\":\"news\"}", "k1")).as("a repetition does not store it again").isEqualTo(id);
		assertThat(this.api.get("/v1/channels/news/messages").json().path("items")).hasSize(2);
	}

	@Test
	void whatIsKeptOfAUserIsErasedAndItsStreamEnds() {
		this.api.bean(Presence.class)
			.claim("node-1.abcdefgh", new Claim("a/b", "node-1.abcdefgh.c", "p1", Tier.HIGH))
			.join();
		publish("{\"user\":\"a/b\"}", "k1");
		publish("{\"user\":\"a/b\"}", "k2");
		Answer answer = delete(TestApi.KEY, "/v1/users/a%2Fb/data");
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.json()).isEqualTo(TestApi.JSON
			.readTree("{\"user\":\"a/b\",\"messages\":2,\"tickets\":0,\"connection\":\"node-1.abcdefgh.c\"}"));
		assertThat(this.api.get("/v1/users/a%2Fb").json().get("online").booleanValue()).isFalse();
		assertThat(this.api.get("/v1/channels/user:a%2Fb/messages").json().path("items")).isEmpty();
		assertThat(delete(TestApi.KEY, "/v1/users/a%2Fb/data").json()).as("again")
			.isEqualTo(TestApi.JSON.readTree("{\"user\":\"a/b\",\"messages\":0,\"tickets\":0,\"connection\":null}"));
		TestRedis.shared().ask((redis) -> {
			assertThat(redis.keys("*ch:user:a/b*")).isEmpty();
			return null;
		});
	}

	@ParameterizedTest
	@CsvSource({ "/v1/users/alice/data, 403, insufficient-scope",
			"/v1/channels/news/messages/1-0, 403, insufficient-scope" })
	void onlyAdministratorsErase(String path, int status, String problem) {
		for (String key : new String[] { TestApi.READ_KEY, TestApi.SHOP_KEY }) {
			assertThat(delete(key, path).status()).isEqualTo(status);
			assertThat(delete(key, path).problem()).isEqualTo(problem);
		}
	}

	@ParameterizedTest
	@CsvSource({ "/v1/channels/news/messages/abc, id", "/v1/channels/news/messages/1-99999999, id",
			"/v1/channels/%20/messages/1, channel" })
	void whatIsWrongIsNamed(String path, String field) {
		Answer answer = delete(TestApi.KEY, path);
		assertThat(answer.status()).as(answer.body()).isEqualTo(400);
		assertThat(answer.body()).contains("\"" + field + "\"");
	}

}
