package io.fanfare.api.user;

import java.time.Duration;
import java.util.List;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.api.cluster.ConnectionIT;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.call.CallName;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.Presence;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class UserIT {

	private final TestApi api = TestApi.shared();

	@Test
	void aUserWithoutAStreamIsOffline() {
		Answer answer = this.api.get("/v1/users/alice");
		assertThat(answer.status()).isEqualTo(200);
		assertThat(answer.json().toString()).isEqualTo("{\"user\":\"alice\",\"online\":false}");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "junk", "node-1.abcdefgh c1 5 p1 1 high 0 0" })
	void aUserWhoseFieldCannotBeReadIsOffline(String field) {
		claim("alice");
		TestRedis.shared().ask((redis) -> redis.hset("fanfare:{0}:presence", "alice", field));
		assertThat(this.api.get("/v1/users/alice").json().toString())
			.isEqualTo("{\"user\":\"alice\",\"online\":false}");
		assertThat(this.api.post("/v1/users/alice/disconnect", "{}").status()).isEqualTo(202);
		claim("alice");
		assertThat(this.api.get("/v1/users/alice").json().get("online").booleanValue()).isTrue();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			alice            | alice
			a%2Fb            | a/b
			a%2fb            | a/b
			a%2F%2Fb%2F..    | a//b/..
			a%20b%2Bc+d      | a b+c+d
			%C3%A9%F0%9F%98%80 | é😀
			a%3Bb=1          | a;b=1
			a%5Cb            | a\\b
			50%25            | 50%
			a%252Fb          | a%2Fb
			a%2Eb            | a.b
			a:b@c%3Fd%23e    | a:b@c?d#e
			""")
	void anIdStandsInThePathPercentEncoded(String path, String user) {
		claim(user);
		assertThat(this.api.get("/v1/users/" + path).json().get("user").stringValue()).isEqualTo(user);
		assertThat(this.api.get("/v1/users/" + path).json().get("online").booleanValue()).isTrue();
		Answer disconnected = this.api.post("/v1/users/" + path + "/disconnect", "{}");
		assertThat(disconnected.status()).isEqualTo(202);
		assertThat(disconnected.json().get("connection").stringValue()).isEqualTo("c1");
		assertThat(this.api.get("/v1/users/" + path).json().get("online").booleanValue()).isFalse();
	}

	@Test
	void aBareSemicolonIsRefusedAsItWouldNameAnotherUser() {
		claim("a");
		assertThat(this.api.get("/v1/users/a;b").status()).isEqualTo(400);
		assertThat(this.api.post("/v1/users/a;b/disconnect", "{}").problem()).isEqualTo("refused");
		assertThat(this.api.get("/v1/users/a").json().get("online").booleanValue()).isTrue();
	}

	@Test
	void idsThatAreNoneAreRefused() {
		assertThat(this.api.get("/v1/users/" + "x".repeat(129)).json().at("/errors/0/parameter").stringValue())
			.isEqualTo("user");
		for (String path : List.of("a%0Ab", "a%00b", "a%E2%80%A8b")) {
			assertThat(this.api.get("/v1/users/" + path).status()).as(path).isEqualTo(400);
		}
	}

	@Test
	void whereAUserIsConnectedIsTold() {
		claim("alice");
		var answer = this.api.get("/v1/users/alice").json();
		assertThat(answer.get("connection").stringValue()).isEqualTo("c1");
		assertThat(answer.get("node").stringValue()).isEqualTo("node-1.abcdefgh");
		assertThat(answer.get("tier").stringValue()).isEqualTo("high");
		assertThat(answer.get("since").stringValue()).endsWith("Z");
	}

	@Test
	void whatTheNodeTellsOfTheConnectionIsShownAndTheAddressToAdministratorsOnly() {
		claim("alice");
		String shown = "{\"connection\":" + TestApi.JSON.readTree(ConnectionIT.PAGE).at("/connections/0") + "}";
		try (NodeVoice node = new NodeVoice(this.api, TestRedis.shared(), "node-1").answering(CallName.SHOW_CONNECTION,
				shown)) {
			var details = this.api.get("/v1/users/alice").json().get("details");
			assertThat(node.asked().toString()).isEqualTo("{\"connection\":\"c1\"}");
			assertThat(details.get("messagesSent").intValue()).isEqualTo(3);
			assertThat(details.get("address").stringValue()).isEqualTo("203.0.113.7");
			Answer read = this.api.send("GET", "/v1/users/alice", null, "Authorization", "Bearer " + TestApi.READ_KEY);
			assertThat(read.json().get("details").has("address")).isFalse();
			assertThat(read.json().get("details").get("client").stringValue()).isEqualTo("page");
		}
	}

	@Test
	void aNodeThatDoesNotAnswerLeavesPresenceAloneAndSoon() {
		claim("alice");
		try (NodeVoice silent = new NodeVoice(this.api, TestRedis.shared(), "node-1")) {
			long begin = System.nanoTime();
			var answer = this.api.get("/v1/users/alice").json();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(1800));
			assertThat(silent.asked()).isNotNull();
			assertThat(answer.get("online").booleanValue()).isTrue();
			assertThat(answer.has("details")).isFalse();
		}
	}

	@Test
	void disconnectingTakesThreeReasonsAndTwoModes() {
		for (String body : List.of("{}", "{\"mode\":\"now\",\"reason\":\"revoked\"}",
				"{\"reason\":\"permission-change\"}", "{\"mode\":\"graceful\",\"reason\":\"logout\"}",
				"{\"mode\":null,\"reason\":\"\"}")) {
			assertThat(this.api.post("/v1/users/alice/disconnect", body).status()).as(body).isEqualTo(202);
		}
		for (String body : List.of("{\"mode\":\"soon\"}", "{\"reason\":\"takeover\"}", "{\"reason\":\"drain\"}",
				"{\"reason\":[]}", "{\"why\":1}", "[]")) {
			assertThat(this.api.post("/v1/users/alice/disconnect", body).status()).as(body).isEqualTo(400);
		}
	}

	@Test
	void disconnectingNeedsAdmin() {
		assertThat(this.api.postAs(TestApi.SHOP_KEY, "/v1/users/alice/disconnect", "{}").status()).isEqualTo(403);
	}

	private void claim(String user) {
		this.api.bean(Presence.class).claim("node-1.abcdefgh", new Claim(user, "c1", "p1", Tier.HIGH)).join();
	}

}
