package io.fanfare.api.user;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

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
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class PresenceIT {

	private static final String PATH = "/v1/presence";

	private final TestApi api = TestApi.shared();

	@Test
	void eachUserIsOnlineOrOfflineInTheOrderOfTheRequest() {
		claim("bob");
		JsonNode answer = this.api.post(PATH, "{\"users\":[\"alice\",\"bob\"]}").json();
		assertThat(answer.get("online").intValue()).isEqualTo(1);
		assertThat(answer.at("/users/0").toString()).isEqualTo("{\"user\":\"alice\",\"online\":false}");
		JsonNode alone = this.api.get("/v1/users/bob").json();
		assertThat(answer.at("/users/1")).isEqualTo(alone);
		assertThat(alone.get("online").booleanValue()).isTrue();
	}

	@Test
	void aThousandUsersOfTheLongestNamesAreAnsweredAtOnce() {
		List<String> users = IntStream.range(0, 1000)
			.mapToObj((i) -> "%04d".formatted(i) + "\u20ac".repeat(124))
			.toList();
		users.stream().filter((user) -> user.charAt(3) == '7').forEach(this::claim);
		JsonNode answer = this.api.post(PATH, body(users)).json();
		assertThat(answer.get("online").intValue()).isEqualTo(100);
		assertThat(answer.get("users").valueStream().map((one) -> one.get("user").stringValue()))
			.containsExactlyElementsOf(users);
		assertThat(answer.get("users")
			.valueStream()
			.allMatch((one) -> one.get("online").booleanValue() == (one.get("user").stringValue().charAt(3) == '7')))
			.isTrue();
	}

	@Test
	void aUserWhoseNodeHasNoLeaseIsOffline() {
		claim("alice");
		TestRedis.shared().ask((redis) -> redis.del("fanfare:{0}:lease:node-1.abcdefgh"));
		assertThat(this.api.post(PATH, "{\"users\":[\"alice\"]}").json().get("online").intValue()).isZero();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "{} | #/users", "{\"users\":[]} | #/users", "{\"users\":\"alice\"} | #/users",
					"{\"users\":[\"a\",\"b\",\"a\"]} | #/users/2", "{\"users\":[\"a\",\"\"]} | #/users/1",
					"{\"users\":[\"a\\u0000\"]} | #/users/0", "{\"users\":[\"a\"],\"x\":1} | #/x" })
	void whatIsWrongIsNamed(String body, String pointer) {
		Answer answer = this.api.post(PATH, body);
		assertThat(answer.status()).as(answer.body()).isEqualTo(400);
		assertThat(answer.json().at("/errors/0/pointer").stringValue()).isEqualTo(pointer);
	}

	@Test
	void theSeventeenthNameThatIsNoneIsNamedAndSoIsOneUserTooMany() {
		List<String> users = IntStream.range(0, 1001).mapToObj(Integer::toString).collect(Collectors.toList());
		assertThat(this.api.post(PATH, body(users)).json().at("/errors/0/pointer").stringValue()).isEqualTo("#/users");
		users.removeLast();
		users.set(17, "x".repeat(129));
		assertThat(this.api.post(PATH, body(users)).json().at("/errors/0/pointer").stringValue())
			.isEqualTo("#/users/17");
	}

	private static String body(List<String> users) {
		return "{\"users\":" + TestApi.JSON.writeValueAsString(users) + "}";
	}

	private void claim(String user) {
		this.api.bean(Presence.class).claim("node-1.abcdefgh", new Claim(user, "c1", "p1", Tier.HIGH)).join();
	}

}
