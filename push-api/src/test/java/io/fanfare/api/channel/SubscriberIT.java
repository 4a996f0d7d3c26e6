package io.fanfare.api.channel;

import java.time.Duration;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.RedisProcess;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

@ExtendWith(RedisExtension.class)
class SubscriberIT {

	private static final String PATH = "/v1/channels/news/subscribers";

	private final TestApi api = TestApi.shared();

	@Test
	void withoutNodesThereAreNone() {
		try (RedisProcess redis = TestRedis.start(); TestApi own = TestApi.start(redis)) {
			assertThat(own.get(PATH).json().toString())
				.isEqualTo("{\"channel\":\"news\",\"subscribers\":0,\"nodes\":[],\"unanswered\":[]}");
		}
	}

	@Test
	void theNodesThatAnswerAreAddedUpAndTheOthersNamed() {
		try (NodeVoice one = voice("node-1").answering(CallName.COUNT_SUBSCRIBERS, "{\"subscribers\":3}");
				NodeVoice two = voice("node-2").answering(CallName.COUNT_SUBSCRIBERS, "{\"subscribers\":4}");
				NodeVoice old = voice("node-3").refusing(CallName.COUNT_SUBSCRIBERS, CallAnswer.Refused.UNKNOWN_CALL);
				NodeVoice silent = voice("node-4")) {
			long begin = System.nanoTime();
			JsonNode answer = this.api.get(PATH).json();
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
			assertThat(answer.toString()).isEqualTo("{\"channel\":\"news\",\"subscribers\":7,\"nodes\":["
					+ "{\"node\":\"node-1.abcdefgh\",\"subscribers\":3},{\"node\":\"node-2.abcdefgh\",\"subscribers\":4}],"
					+ "\"unanswered\":[\"node-3.abcdefgh\",\"node-4.abcdefgh\"]}");
			assertThat(one.asked().toString()).isEqualTo("{\"channel\":\"news\"}");
			assertThat(two.asked()).isNotNull();
			assertThat(old.asked()).isNotNull();
			assertThat(silent.asked()).isNotNull();
		}
	}

	@Test
	void aChannelThatIsNoneIsRefused() {
		assertThat(this.api.get("/v1/channels/push.x/subscribers").json().at("/errors/0/parameter").stringValue())
			.isEqualTo("channel");
	}

	/** The state that a node last reported says how many streams it has. */
	@Test
	void aMessageToAllSaysHowManyStreamsItReachesAndOneToATopicDoesNot() {
		try (NodeVoice one = voice("node-1"); NodeVoice two = voice("node-2")) {
			await().atMost(Duration.ofSeconds(20))
				.untilAsserted(() -> assertThat(publish("{\"all\":true}").path("streams").asInt(-1)).isEqualTo(2));
			assertThat(publish("{\"channel\":\"news\"}").propertyNames()).containsExactly("id");
			JsonNode results = this.api
				.post("/v1/messages/batch",
						"{\"messages\":[{\"to\":{\"user\":\"alice\"},\"data\":1},{\"to\":{\"all\":true},\"data\":1}]}")
				.json()
				.get("results");
			assertThat(results.get(0).has("streams")).isFalse();
			assertThat(results.at("/1/streams").intValue()).isEqualTo(2);
			assertThat(one.asked()).isNull();
			assertThat(two.asked()).isNull();
		}
	}

	private JsonNode publish(String to) {
		return this.api.post("/v1/messages", "{\"to\":" + to + ",\"data\":1}").json();
	}

	private NodeVoice voice(String name) {
		return new NodeVoice(this.api, TestRedis.shared(), name);
	}

}
