package io.fanfare.api.cluster;

import java.time.Duration;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.protocol.call.CallName;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
public class ConnectionIT {

	/** A page as a node answers it. */
	public static final String PAGE = """
			{"connections":[{"connection":"node-1.abcdefgh.x","node":"node-1.abcdefgh","user":"alice","client":"page",\
			"tier":"low","address":"203.0.113.7","state":"closed","createdAt":1785000000000,\
			"lastActivityAt":1785000001000,"lastAcknowledgedAt":0,"acknowledged":"1785000000000-4","roundTripMicros":1500,"messagesSent":3,\
			"bytesSent":400,"errors":1,"durationMs":2500,"reason":"slow","later":1}],"next":"abc"}""";

	private static final String PATH = "/v1/nodes/node-1/connections";

	private final TestApi api = TestApi.shared();

	private NodeVoice node() {
		return new NodeVoice(this.api, TestRedis.shared(), "node-1");
	}

	@Test
	void aPageIsAskedOfTheNodeByNameOrIdentityWithItsFilters() {
		try (NodeVoice node = node().answering(CallName.LIST_CONNECTIONS, PAGE)) {
			Answer answer = this.api.get("/v1/nodes/node-1.abcdefgh/connections"
					+ "?state=closed&user=a%2Fb&tier=low&address=2001:DB8:0::1&limit=7&after=b3g");
			assertThat(answer.status()).isEqualTo(200);
			assertThat(node.asked()).isEqualTo(TestApi.JSON.readTree(
					"""
							{"state":"closed","user":"a/b","tier":"low","address":"2001:db8:0:0:0:0:0:1","limit":7,"after":"b3g"}
							"""));
			assertThat(answer.json()).isEqualTo(TestApi.JSON.readTree(
					"""
							{"node":"node-1.abcdefgh","connections":[{"connection":"node-1.abcdefgh.x",
							"node":"node-1.abcdefgh","user":"alice","client":"page","tier":"low","address":"203.0.113.7",
							"state":"closed","createdAt":"2026-07-25T17:20:00Z","lastActivityAt":"2026-07-25T17:20:01Z",
							"acknowledged":"1785000000000-4","roundTripMs":1.5,"messagesSent":3,"bytesSent":400,"errors":1,"durationSeconds":2.5,
							"closedAt":"2026-07-25T17:20:02.500Z","reason":"slow"}],"next":"abc"}"""));
			assertThat(this.api.get(PATH).status()).isEqualTo(200);
			assertThat(node.asked()).isEqualTo(TestApi.JSON.readTree("{\"limit\":100}"));
			assertThat(this.api.get(PATH + "?state=&user=&tier=&address=&limit=&after=").status()).isEqualTo(200);
			assertThat(node.asked()).isEqualTo(TestApi.JSON.readTree("{\"limit\":100}"));
		}
	}

	@ParameterizedTest
	@CsvSource({ "state=gone,state", "state=CLOSED,state", "user=%00,user", "tier=top,tier",
			"address=example.com,address", "address=1.2.3,address", "limit=0,limit", "limit=1001,limit",
			"limit=x,limit", "after=a%20b,after" })
	void aParameterThatDoesNotFitIsNamed(String query, String parameter) {
		Answer answer = this.api.get(PATH + "?" + query);
		assertThat(answer.status()).isEqualTo(400);
		assertThat(answer.json().at("/errors/0/parameter").stringValue()).isEqualTo(parameter);
	}

	@Test
	void aCursorThatTheNodeDoesNotKnowIsTheCallersFault() {
		try (NodeVoice node = node().refusing(CallName.LIST_CONNECTIONS, "invalid-cursor")) {
			Answer answer = this.api.get(PATH + "?after=abc");
			assertThat(answer.status()).isEqualTo(400);
			assertThat(answer.json().at("/errors/0/parameter").stringValue()).isEqualTo("after");
			assertThat(node.asked()).isNotNull();
		}
	}

	@Test
	void aNodeThatNobodyKnowsIsNotFound() {
		Answer answer = this.api.get("/v1/nodes/node-7/connections");
		assertThat(answer.status()).isEqualTo(404);
		assertThat(answer.problem()).isEqualTo("not-found");
	}

	@Test
	void aNodeThatDoesNotAnswerIsUnavailableInTime() {
		try (NodeVoice silent = node()) {
			assertUnavailable(Duration.ofMillis(1900), Duration.ofMillis(3500));
			assertThat(silent.asked()).isNotNull();
		}
		assertUnavailable(Duration.ZERO, Duration.ofMillis(1500));
	}

	@Test
	void aNodeThatFailsOrIsOfAnotherVersionIsUnavailable() {
		for (String error : new String[] { "failed", "unknown-call", "not-understood", "of-a-later-version" }) {
			try (NodeVoice node = node().refusing(CallName.LIST_CONNECTIONS, error)) {
				assertUnavailable(Duration.ZERO, Duration.ofMillis(1500));
				assertThat(node.asked()).isNotNull();
			}
		}
	}

	@Test
	void anAnswerThatLacksSomethingIsNoAnswerAndOneThatHasMoreIs() {
		for (String json : new String[] { "{}", "{\"connections\":[{}]}", "{\"connections\":7}", "no json" }) {
			try (NodeVoice node = node().answering(CallName.LIST_CONNECTIONS, json)) {
				assertUnavailable(Duration.ZERO, Duration.ofMillis(1500));
			}
		}
		try (NodeVoice node = node().answering(CallName.LIST_CONNECTIONS, PAGE.replaceFirst("\\{", "{\"later\":1,"))) {
			assertThat(this.api.get(PATH).status()).isEqualTo(200);
		}
		try (NodeVoice node = node().answering(CallName.DRAIN, "{\"connections\":1}")) {
			Answer answer = this.api.post("/v1/nodes/node-1/drain", "{}");
			assertThat(answer.problem()).isEqualTo("node-unavailable");
		}
	}

	private void assertUnavailable(Duration least, Duration most) {
		long begin = System.nanoTime();
		Answer answer = this.api.get(PATH);
		assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(least, most);
		assertThat(answer.status()).isEqualTo(503);
		assertThat(answer.problem()).isEqualTo("node-unavailable");
		assertThat(answer.header("Retry-After")).isEqualTo("1");
	}

	@Test
	void addressesAndTheRightToEndStreamsAreForAdministrators() {
		assertThat(this.api.send("GET", PATH, null, "Authorization", "Bearer " + TestApi.READ_KEY).status())
			.isEqualTo(403);
	}

}
