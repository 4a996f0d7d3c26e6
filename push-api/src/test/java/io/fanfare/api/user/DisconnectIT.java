package io.fanfare.api.user;

import java.util.List;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
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

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class DisconnectIT {

	private static final String PATH = "/v1/disconnect";

	private final TestApi api = TestApi.shared();

	private NodeVoice node(String name) {
		return new NodeVoice(this.api, TestRedis.shared(), name);
	}

	private void claim(String user, String node) {
		this.api.bean(Presence.class).claim(node, new Claim(user, node + ".c-" + user, "p1", Tier.HIGH)).join();
	}

	@Test
	void usersAreEndedWhereverTheyAre() {
		claim("alice", "node-1.abcdefgh");
		claim("bob", "node-2.abcdefgh");
		claim("carol", "node-2.abcdefgh");
		claim("dave", "node-2.abcdefgh");
		Answer answer = this.api.post(PATH,
				"{\"users\":[\"alice\",\"bob\",\"carol\",\"nobody\"],\"mode\":\"now\",\"reason\":\"revoked\"}");
		assertThat(answer.status()).isEqualTo(202);
		assertThat(answer.json()).isEqualTo(TestApi.JSON.readTree("""
				{"connections":3,"nodes":[{"node":"node-1.abcdefgh","connections":1},
				{"node":"node-2.abcdefgh","connections":2}],"unanswered":[]}"""));
		assertThat(this.api.get("/v1/users/bob").json().get("online").booleanValue()).isFalse();
		assertThat(this.api.get("/v1/users/dave").json().get("online").booleanValue()).isTrue();
	}

	@Test
	void everyNodeIsAskedAndThoseThatDoNotAnswerAreNamed() {
		try (NodeVoice one = node("node-1").answering(CallName.DISCONNECT, "{\"connections\":4}");
				NodeVoice two = node("node-2");
				NodeVoice three = node("node-3").answering(CallName.DISCONNECT, "{\"connections\":0}")) {
			Answer answer = this.api.post(PATH, "{\"channel\":\"news\",\"reason\":\"logout\"}");
			assertThat(answer.status()).isEqualTo(202);
			assertThat(answer.json()).isEqualTo(TestApi.JSON.readTree("""
					{"connections":4,"nodes":[{"node":"node-1.abcdefgh","connections":4},
					{"node":"node-3.abcdefgh","connections":0}],"unanswered":["node-2.abcdefgh"]}"""));
			for (NodeVoice node : List.of(one, two, three)) {
				assertThat(node.asked())
					.isEqualTo(TestApi.JSON.readTree("{\"channel\":\"news\",\"reason\":\"logout\",\"graceMs\":5000}"));
			}
		}
	}

	@Test
	void aNodeWhoseStateCannotBeReadIsAskedAllTheSame() {
		try (NodeVoice one = node("node-1").answering(CallName.DISCONNECT, "{\"connections\":4}")) {
			for (String node : List.of("node-1.abcdefgh", "node-2.abcdefgh")) {
				TestRedis.shared().ask((redis) -> redis.hset("fanfare:nodes", node, "{\"node\":7}"));
			}
			Answer answer = this.api.post(PATH, "{\"all\":true}");
			assertThat(answer.status()).isEqualTo(202);
			assertThat(answer.json()).isEqualTo(TestApi.JSON.readTree("""
					{"connections":4,"nodes":[{"node":"node-1.abcdefgh","connections":4}],
					"unanswered":["node-2.abcdefgh"]}"""));
			assertThat(one.asked()).isNotNull();
		}
	}

	@Test
	void aNodeATierAndUsersWhoMayComeBackAreAskedOfNodes() {
		try (NodeVoice one = node("node-1").answering(CallName.DISCONNECT, "{\"connections\":1}");
				NodeVoice two = node("node-2").answering(CallName.DISCONNECT, "{\"connections\":2}")) {
			assertThat(
					this.api.post(PATH, "{\"node\":\"node-2\",\"mode\":\"now\"}").json().get("connections").intValue())
				.isEqualTo(2);
			assertThat(one.asked()).isNull();
			assertThat(two.asked()).isEqualTo(TestApi.JSON.readTree("{\"reason\":\"logout\",\"graceMs\":0}"));
			assertThat(this.api.post(PATH, "{\"tier\":\"low\",\"mode\":\"now\"}").json().get("connections").intValue())
				.isEqualTo(3);
			assertThat(one.asked())
				.isEqualTo(TestApi.JSON.readTree("{\"tier\":\"low\",\"reason\":\"logout\",\"graceMs\":0}"));
			this.api.post(PATH, "{\"users\":[\"alice\"],\"mode\":\"now\",\"reason\":\"maintenance\"}");
			assertThat(one.asked())
				.isEqualTo(TestApi.JSON.readTree("{\"users\":[\"alice\"],\"reason\":\"maintenance\",\"graceMs\":0}"));
			assertThat(this.api.post(PATH, "{\"node\":\"node-9\"}").status()).isEqualTo(404);
		}
	}

	@Test
	void whatIsNullOrEmptyCountsAsAbsent() {
		claim("alice", "node-1.abcdefgh");
		Answer answer = this.api.post(PATH, """
				{"users":["alice"],"channel":null,"tier":"","node":null,"all":false,"mode":null,"reason":""}""");
		assertThat(answer.status()).isEqualTo(202);
		assertThat(answer.json().get("connections").intValue()).isEqualTo(1);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "{} | #", "{\"all\":true,\"tier\":\"low\"} | #", "{\"all\":false} | #", "{\"all\":\"\"} | #/all",
					"{\"all\":1} | #/all", "{\"users\":[]} | #", "{\"users\":null,\"channel\":\"\"} | #",
					"{\"users\":[1]} | #/users/0", "{\"users\":[\"a\",\"a\"]} | #/users/1",
					"{\"users\":[\"\"]} | #/users/0", "{\"channel\":\"all\"} | #/channel",
					"{\"channel\":\"user:a\"} | #/channel", "{\"tier\":\"top\"} | #/tier", "{\"node\":1} | #/node",
					"{\"all\":true,\"reason\":\"drain\"} | #/reason", "{\"all\":true,\"mode\":\"soon\"} | #/mode",
					"{\"all\":true,\"why\":1} | #/why" })
	void whatDoesNotFitIsNamed(String body, String pointer) {
		Answer answer = this.api.post(PATH, body);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.json().get("errors").findValuesAsString("pointer")).contains(pointer);
	}

	@Test
	void itNeedsAdmin() {
		assertThat(this.api.postAs(TestApi.READ_KEY, PATH, "{\"all\":true}").status()).isEqualTo(403);
	}

}
