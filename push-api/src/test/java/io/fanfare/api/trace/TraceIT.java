package io.fanfare.api.trace;

import java.time.Duration;
import java.util.Map;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.call.Handover;
import io.fanfare.redis.cluster.Handovers;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/** What callers are told of a message; real nodes answer in push-node's own tests. */
@ExtendWith(RedisExtension.class)
class TraceIT {

	private static final String NOTHING = """
			{"startedAt":1,"streamsSince":1,"routesSince":1,"route":null,"streams":[],"departed":{}}""";

	private final TestApi api = TestApi.shared();

	private String publish(String more) {
		Answer answer = this.api.post("/v1/messages", "{\"to\":{\"user\":\"alice\"},\"data\":1" + more + "}");
		return answer.json().at("/id").asString();
	}

	private JsonNode trace(String id) {
		Answer answer = this.api.get("/v1/messages/" + id + "/trace?user=alice");
		assertThat(answer.status()).isEqualTo(200);
		return answer.json();
	}

	private NodeVoice node(String json) {
		return new NodeVoice(this.api, TestRedis.shared(), "node-1").answering(CallName.TRACE, json);
	}

	@Test
	void theNodesSayWhatTheStreamsDid() {
		String id = publish("");
		String stream = """
				{"connection":"node-1.abcdefgh.x","openedAt":1785000000000,"endedAt":null,"ending":null,"from":"1-0",\
				"resumed":false,"step":"written","reason":null,"at":1785000001000,"acknowledgedAt":1785000002000}""";
		try (NodeVoice node = node("""
				{"startedAt":1,"streamsSince":1,"routesSince":1,"route":{"at":1785000000500,"named":true,"held":true,\
				"ephemeral":false},"streams":[""" + stream + "],\"departed\":{}}")) {
			JsonNode told = trace(id);
			assertThat(node.asked())
				.isEqualTo(TestApi.JSON.readTree("{\"user\":\"alice\",\"channel\":\"user:alice\",\"id\":\"" + id
						+ "\",\"stored\":\"stored\",\"expiresAt\":0}"));
			assertThat(told.at("/outcome").asString()).isEqualTo("acknowledged");
			assertThat(told.at("/at").asString()).isEqualTo("2026-07-25T17:20:02Z");
			assertThat(told.at("/complete").asBoolean()).isTrue();
			assertThat(told.at("/stored").asString()).isEqualTo("stored");
			assertThat(told.at("/routes/0/to").asString()).isEqualTo("connection");
			assertThat(told.at("/streams/0/node").asString()).isEqualTo("node-1.abcdefgh");
			assertThat(told.at("/streams/0/acknowledgedAt").asString()).isEqualTo("2026-07-25T17:20:02Z");
		}
	}

	@Test
	void withoutAStreamTheUserWasOfflineAndAnEphemeralMessageReachedNobody() {
		try (NodeVoice node = node(NOTHING)) {
			JsonNode told = trace(publish(""));
			assertThat(told.at("/outcome").asString()).isEqualTo("not-delivered");
			assertThat(told.at("/reason").asString()).isEqualTo("offline");
			String ephemeral = publish(",\"ephemeral\":true");
			publish("");
			JsonNode gone = trace(ephemeral);
			assertThat(gone.at("/stored").asString()).isEqualTo("absent");
			assertThat(gone.at("/reason").asString()).isEqualTo("ephemeral");
			assertThat(node.asked()).isNotNull();
		}
	}

	@Test
	void whatANodeThatIsGoneOrSilentMayKnowIsMissing() {
		String id = publish("");
		try (NodeVoice node = node(NOTHING.replace("{}", "{\"node-2.abcdefgh\":" + System.currentTimeMillis() + "}"))) {
			JsonNode told = trace(id);
			assertThat(told.at("/outcome").asString()).isEqualTo("unknown");
			assertThat(told.at("/complete").asBoolean()).isFalse();
			assertThat(told.at("/missing").toString())
				.isEqualTo("[{\"node\":\"node-2.abcdefgh\",\"reason\":\"departed\"}]");
			assertThat(node.asked()).isNotNull();
		}
		try (NodeVoice silent = new NodeVoice(this.api, TestRedis.shared(), "node-1")) {
			long begun = System.nanoTime();
			JsonNode told = trace(id);
			assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofMillis(1500));
			assertThat(told.at("/outcome").asString()).isEqualTo("unknown");
			assertThat(told.at("/missing").toString()).isEqualTo(
					"[{\"node\":\"node-1.abcdefgh\",\"reason\":\"unanswered\"},{\"node\":null,\"reason\":\"unwitnessed\"}]");
			assertThat(silent.asked()).isNotNull();
		}
	}

	/** It may have replayed the message on a stream that it does not know any more. */
	@Test
	void aYoungNodeThatHasForgottenStreamsDoesNotSayThatTheUserWasOffline() {
		long later = System.currentTimeMillis() + 60_000;
		String forgetful = NOTHING.replace("\"startedAt\":1", "\"startedAt\":" + later)
			.replace("\"streamsSince\":1", "\"streamsSince\":" + (later + 1));
		try (RedisProcess redis = TestRedis.start();
				TestApi own = TestApi.start(redis);
				NodeVoice old = new NodeVoice(own, redis, "node-1").answering(CallName.TRACE, NOTHING);
				NodeVoice young = new NodeVoice(own, redis, "node-2").answering(CallName.TRACE, forgetful)) {
			String id = own.post("/v1/messages", "{\"to\":{\"user\":\"alice\"},\"data\":1}")
				.json()
				.at("/id")
				.asString();
			JsonNode told = own.get("/v1/messages/" + id + "/trace?user=alice").json();
			assertThat(told.at("/outcome").asString()).isEqualTo("unknown");
			assertThat(told.at("/missing").toString())
				.isEqualTo("[{\"node\":\"node-2.abcdefgh\",\"reason\":\"forgotten\"}]");
			assertThat(old.asked()).isNotNull();
			assertThat(young.asked()).isNotNull();
		}
	}

	/** The one node that is there reads what another left, which is listed no more. */
	@Test
	void aNodeThatEndedInOrderIsAnsweredForByWhatItLeft() {
		try (RedisProcess redis = TestRedis.start();
				TestApi own = TestApi.start(redis);
				NodeVoice young = new NodeVoice(own, redis, "node-2").answering(CallName.TRACE,
						NOTHING.replace("\"startedAt\":1", "\"startedAt\":" + (System.currentTimeMillis() + 500))
							.replace("{}", "{\"node-1.abcdefgh\":" + System.currentTimeMillis() + "}"))) {
			String id = own.post("/v1/messages", "{\"to\":{\"user\":\"alice\"},\"data\":1}")
				.json()
				.at("/id")
				.asString();
			JsonNode before = own.get("/v1/messages/" + id + "/trace?user=alice").json();
			assertThat(before.at("/missing").toString())
				.isEqualTo("[{\"node\":\"node-1.abcdefgh\",\"reason\":\"departed\"},"
						+ "{\"node\":null,\"reason\":\"unwitnessed\"}]");
			Handover left = new Handover(1, System.currentTimeMillis() + 1000, 1, Map.of());
			own.bean(Handovers.class).complete("node-1.abcdefgh", CallJson.write(left)).join();
			JsonNode unread = own.get("/v1/messages/" + id + "/trace?user=alice").json();
			assertThat(unread.at("/outcome").asString()).as("the node does not read it").isEqualTo("unknown");
			young.answering(CallName.TRACE_HANDOVER, """
					{"streams":{"node-1.abcdefgh":[{"connection":"node-1.abcdefgh.x","openedAt":1785000000000,\
					"endedAt":1785000002000,"ending":"drain","from":"1-0","resumed":false,"step":"written",\
					"reason":null,"at":1785000001000,"acknowledgedAt":null}]}}""");
			JsonNode told = own.get("/v1/messages/" + id + "/trace?user=alice").json();
			assertThat(told.at("/outcome").asString()).isEqualTo("written");
			assertThat(told.at("/complete").asBoolean()).isTrue();
			assertThat(told.at("/streams/0/node").asString()).isEqualTo("node-1.abcdefgh");
		}
	}

	@Test
	void aNodeThatIsAskedTooMuchMakesTheQuestionOneToRepeat() {
		String id = publish("");
		try (NodeVoice busy = new NodeVoice(this.api, TestRedis.shared(), "node-1").refusing(CallName.TRACE, "busy")) {
			Answer answer = this.api.get("/v1/messages/" + id + "/trace?user=alice");
			assertThat(answer.status()).isEqualTo(503);
			assertThat(answer.problem()).isEqualTo("overloaded");
			assertThat(answer.header("Retry-After")).isEqualTo("1");
			assertThat(busy.asked()).isNotNull();
		}
	}

	@Test
	void anIdThatWasNotGivenYetIsNotFound() {
		Answer answer = this.api.get("/v1/messages/8000000000000-0/trace?user=alice");
		assertThat(answer.status()).isEqualTo(404);
		assertThat(answer.problem()).isEqualTo("not-found");
	}

	@ParameterizedTest
	@CsvSource({ "x,user=alice,id", "0-0,user=alice,id", "1-0,channel=news,user", "1-0,user=%00,user",
			"1-0,user=alice&channel=a%20b,channel", "1-0,user=alice&channel=user:bob,channel" })
	void aParameterThatDoesNotFitIsNamed(String id, String query, String parameter) {
		Answer answer = this.api.get("/v1/messages/" + id + "/trace?" + query);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.json().at("/errors/0/parameter").stringValue()).isEqualTo(parameter);
	}

}
