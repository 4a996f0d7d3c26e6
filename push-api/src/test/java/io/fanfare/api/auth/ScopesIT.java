package io.fanfare.api.auth;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.test.redis.TestRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/** Every call with every scope: those that cover it get through, all others 403. */
class ScopesIT {

	/** One key has each of them. */
	private static final List<String> SCOPES = List.of("publish", "publish:*", "publish:news", "publish:news:*",
			"publish:user:*", "publish:user:alice", "publish:user:team:*", "publish:all", "read", "read:*", "read:news",
			"read:news:*", "read:user:*", "read:user:alice", "read:user:\u00fcber", "tokens", "tokens:*",
			"tokens:alice", "tokens:team:*", "disconnect", "admin");

	private static final String PUBLISH_ANY = "publish publish:* publish:news publish:news:* publish:user:* publish:user:alice"
			+ " publish:user:team:* publish:all";

	private static final String READ_ANY = "read read:* read:news read:news:* read:user:* read:user:alice read:user:\u00fcber";

	/**
	 * Method, path, body, and the scopes that cover it. What gets through may be wrong in
	 * other ways, so that nothing ends or drains.
	 */
	private static final String TABLE = """
			POST | /v1/messages | {"to":{"channel":"news"},"data":1} | publish publish:* publish:news
			POST | /v1/messages | {"to":{"channel":"newsroom"},"data":1} | publish publish:*
			POST | /v1/messages | {"to":{"channel":"News"},"data":1} | publish publish:*
			POST | /v1/messages | {"to":{"channel":"news:"},"data":1} | publish publish:* publish:news:*
			POST | /v1/messages | {"to":{"channel":"news:a"},"data":1} | publish publish:* publish:news:*
			POST | /v1/messages | {"to":{"channel":"news.a"},"data":1} | publish publish:*
			POST | /v1/messages | {"to":{"all":true},"data":1} | publish publish:* publish:all
			POST | /v1/messages | {"to":{"user":"alice"},"data":1} | publish publish:* publish:user:* publish:user:alice
			POST | /v1/messages | {"to":{"user":"Alice"},"data":1} | publish publish:* publish:user:*
			POST | /v1/messages | {"to":{"user":"alice "},"data":1} | publish publish:* publish:user:*
			POST | /v1/messages | {"to":{"user":"al\u0131ce"},"data":1} | publish publish:* publish:user:*
			POST | /v1/messages | {"to":{"user":"news"},"data":1} | publish publish:* publish:user:*
			POST | /v1/messages | {"to":{"user":"team:1"},"data":1} | publish publish:* publish:user:* publish:user:team:*
			POST | /v1/messages | {"to":{"user":"team"},"data":1} | publish publish:* publish:user:*
			POST | /v1/messages | {"to":{"users":["alice","bob"]},"data":1} | publish publish:* publish:user:*
			POST | /v1/messages/batch | {"messages":[]} | PUBLISH_ANY
			GET | /v1/channels/news/messages | | read read:* read:news
			GET | /v1/channels/newsroom/messages | | read read:*
			GET | /v1/channels/NEWS/messages | | read read:*
			GET | /v1/channels/news%3A1/messages | | read read:* read:news:*
			GET | /v1/channels/all/messages | | read read:*
			GET | /v1/channels/user%3Aalice/messages | | read read:* read:user:* read:user:alice
			GET | /v1/channels/user%3Anews/messages | | read read:* read:user:*
			GET | /v1/channels/news/subscribers | | read read:* read:news
			GET | /v1/channels/user%3Aalice/subscribers | | read read:* read:user:* read:user:alice
			GET | /v1/messages/9-0/trace?user=alice | | read read:* read:user:* read:user:alice
			GET | /v1/cursor | | READ_ANY
			POST | /v1/presence | {"users":["alice"]} | read read:* read:user:* read:user:alice
			POST | /v1/presence | {"users":["alice","bob"]} | read read:* read:user:*
			POST | /v1/presence | {"users":["news"]} | read read:* read:user:*
			GET | /v1/users/alice | | read read:* read:user:* read:user:alice
			GET | /v1/users/Alice | | read read:* read:user:*
			GET | /v1/users/alice%20 | | read read:* read:user:*
			GET | /v1/users/user%3Aalice | | read read:* read:user:*
			GET | /v1/users/%C3%BCber | | read read:* read:user:* read:user:\u00fcber
			GET | /v1/users/u%CC%88ber | | read read:* read:user:*
			GET | /v1/users/news | | read read:* read:user:*
			HEAD | /v1/users/alice | | read read:* read:user:* read:user:alice
			GET | /v1/users/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/tail | | admin
			HEAD | /v1/users/alice/tail | | admin
			GET | /v1/me | | ANY
			GET | /v1/nodes | | read
			GET | /v1/stats | | read
			GET | /v1/drain | | read
			GET | /v1/nodes/none/connections | | admin
			POST | /v1/users/alice/disconnect | {} | disconnect admin
			POST | /v1/disconnect | {"users":["alice"]} | disconnect admin
			POST | /v1/disconnect | {"channel":"news"} | disconnect admin
			POST | /v1/disconnect | {"tier":"low"} | admin
			POST | /v1/disconnect | {"node":"none"} | admin
			POST | /v1/disconnect | {"all":true} | admin
			POST | /v1/nodes/none/drain | {} | admin
			POST | /v1/drain | {"window":1} | admin
			POST | /v1/rebalance | {"window":1} | admin
			POST | /v1/tokens | {"user":"alice","channels":["*"],"tier":"high"} | tokens tokens:* tokens:alice
			POST | /v1/tokens | {"user":"ALICE"} | tokens tokens:*
			POST | /v1/tokens | {"user":"alice:1"} | tokens tokens:*
			POST | /v1/tokens | {"user":"team:1"} | tokens tokens:* tokens:team:*
			POST | /v1/tokens | {"user":"team"} | tokens tokens:*
			POST | /v1/tickets | {"user":"alice"} | tokens tokens:* tokens:alice
			POST | /v1/tickets | {"user":"ALICE"} | tokens tokens:*
			POST | /v1/revocations | {"user":"nobody"} | disconnect admin
			GET | /v1/revocations?user=nobody | | disconnect admin
			DELETE | /v1/revocations?user=somebody | | disconnect admin
			DELETE | /v1/users/nobody/data | | admin
			DELETE | /v1/channels/news/messages/1-1 | | admin
			""";

	private static TestRedis redis;

	private static TestApi api;

	/** A call, and the scopes that cover it. */
	private record Call(String method, String path, String body, Set<String> scopes) {

		static Call of(String row) {
			String[] cells = row.split("\\|");
			String scopes = cells[3].replace("PUBLISH_ANY", PUBLISH_ANY).replace("READ_ANY", READ_ANY).strip();
			if (scopes.equals("ANY")) {
				return new Call(cells[0].strip(), cells[1].strip(), "", Set.copyOf(SCOPES));
			}
			return new Call(cells[0].strip(), cells[1].strip(), cells[2].strip(), Set.of(scopes.split(" ")));
		}

		Answer as(int key) {
			String body = this.body.isEmpty() ? null : this.body;
			return (body != null) ? api.postAs(secret(key), this.path, body)
					: api.send(this.method, this.path, null, "Authorization", "Bearer " + secret(key));
		}

	}

	@BeforeAll
	static void start() {
		String keys = IntStream.range(0, SCOPES.size())
			.mapToObj((i) -> "key-" + i + ":" + secret(i) + ":" + SCOPES.get(i))
			.collect(Collectors.joining(","));
		redis = TestRedis.start();
		api = TestApi.start(redis, "--fanfare.api.keys=" + keys);
	}

	@AfterAll
	static void stop() {
		api.close();
		redis.close();
	}

	private static String secret(int key) {
		return "secret-of-the-key-with-the-number-" + key;
	}

	@Test
	void whatAScopeCoversGetsThroughAndNothingElse() {
		List<String> wrong = new ArrayList<>();
		for (Call call : calls()) {
			for (int i = 0; i < SCOPES.size(); i++) {
				Answer answer = call.as(i);
				boolean covered = call.scopes().contains(SCOPES.get(i));
				boolean right = covered ? answer.status() != 403 && answer.status() != 401 && answer.status() < 500
						: answer.status() == 403
								&& (call.method().equals("HEAD") || answer.problem().equals("insufficient-scope"));
				boolean challenged = covered
						|| answer.header("WWW-Authenticate").contains("error=\"insufficient_scope\", scope=\"");
				if (!right || !challenged && !call.path().equals("/v1/messages")) {
					wrong.add(call + " with " + SCOPES.get(i) + ": " + answer.status() + " " + answer.body());
				}
			}
		}
		assertThat(wrong).isEmpty();
	}

	@Test
	void theTableHasEveryCallThatIsDescribed() {
		Set<String> described = new TreeSet<>();
		JsonNode paths = api.send("GET", "/v3/api-docs", null).json().get("paths");
		paths.properties()
			.forEach((path) -> path.getValue()
				.propertyNames()
				.forEach((method) -> described.add(method.toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));
		described.removeIf((one) -> calls().stream()
			.anyMatch((call) -> (call.method() + " " + call.path().replaceAll("[?].*", ""))
				.matches(one.replaceAll("\\{[a-z]+}", "[^/]+"))));
		assertThat(described).as("calls that TABLE lacks").isEmpty();
	}

	private static List<Call> calls() {
		return TABLE.lines().map(Call::of).toList();
	}

	/** A batch is refused message by message. */
	@Test
	void aBatchPublishesWhatIsCovered() {
		JsonNode results = api.postAs(secret(SCOPES.indexOf("publish:news:*")), "/v1/messages/batch", """
				{"messages": [{"to": {"channel": "news:1"}, "data": 1}, {"to": {"channel": "news"}, "data": 1}]}""")
			.json()
			.get("results");
		assertThat(results.get(0).has("id")).isTrue();
		assertThat(results.get(1).at("/problem/status").asInt()).isEqualTo(403);
	}

}
