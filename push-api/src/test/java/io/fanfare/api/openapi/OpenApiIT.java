package io.fanfare.api.openapi;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

import io.fanfare.api.NodeVoice;
import io.fanfare.api.TestApi;
import io.fanfare.api.TestApi.Answer;
import io.fanfare.api.cluster.ConnectionIT;
import io.fanfare.api.json.RequestRules;
import io.fanfare.api.json.Rule;
import io.fanfare.api.json.StrictJson;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.EventName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallName;
import io.fanfare.test.redis.RedisExtension;
import io.fanfare.test.redis.TestRedis;
import io.lettuce.core.XAddArgs;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.boot.webmvc.error.ErrorController;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

import static org.assertj.core.api.Assertions.assertThat;

@ExtendWith(RedisExtension.class)
class OpenApiIT {

	private static final List<String> EVERY_CALL = List.of("400", "401", "403", "406", "500");

	/** Values of all kinds, at the limits of what some rule takes. */
	private static final List<String> VALUES = List.of("\"\"", "\"a\"", "\"a b\"", "\"all\"", "\"user:a\"",
			"\"push.x\"", "\"open\"", "\"opened\"", "\"json\"", "\"high\"", "\"HIGH\"", "\"now\"", "\"logout\"",
			"\"maintenance\"", "\"*\"", "\"orders:*\"", "\"all:*\"", "\"user:*\"", "\"1-0\"", "\"-1\"", "\"\u00e9\"",
			"\"\u007f\"", "\"\u2028\"", "\"\\u0001\"", "\"PT1S\"", "\"P1DT2H3M4.5S\"", "\"PT\"", "\"1h\"", "\"P1W\"",
			text(64), text(65), text(127), text(128), text(129), text(130), text(133), text(134), text(255), text(256),
			"true", "false", "0", "1", "-1", "100000", "100001", "[]", "[\"a\"]", "{}");

	private static String text(int length) {
		return "\"" + "x".repeat(length) + "\"";
	}

	private final TestApi api = TestApi.shared();

	private final JsonNode document = this.api.send("GET", "/v3/api-docs", null).json();

	private NodeVoice node;

	/** An operation of the document. */
	private record Call(String method, String path, JsonNode operation) {

		@Override
		public String toString() {
			return this.method + " " + this.path;
		}

	}

	@Test
	void everyCallIsDescribedAndEveryDescriptionIsACall() {
		Set<String> mapped = new TreeSet<>();
		this.api.bean(RequestMappingHandlerMapping.class).getHandlerMethods().forEach((info, handler) -> {
			if (!info.getPatternValues().contains("/streams.js")
					&& handler.getBeanType().getName().startsWith("io.fanfare.api")
					&& !ErrorController.class.isAssignableFrom(handler.getBeanType())) {
				info.getPatternValues()
					.forEach((path) -> info.getMethodsCondition()
						.getMethods()
						.forEach((method) -> mapped.add(method + " " + path)));
			}
		});
		assertThat(calls()).extracting(Call::toString).isNotEmpty().containsExactlyInAnyOrderElementsOf(mapped);
	}

	@Test
	void everyCallHasAnIdASummaryATagItsSecurityAndItsProblems() {
		assertThat(calls()).extracting((call) -> call.operation().path("operationId").asString(""))
			.doesNotHaveDuplicates()
			.doesNotContain("");
		assertThat(calls()).allSatisfy((call) -> {
			JsonNode operation = call.operation();
			assertThat(operation.path("summary").asString("")).isNotEmpty();
			assertThat(operation.path("description").asString("")).contains("Needs ", "scope");
			assertThat(operation.path("tags").size()).isEqualTo(1);
			assertThat(operation.at("/security/0").has("bearer")).isTrue();
			assertThat(operation.get("responses").propertyNames()).containsAll(EVERY_CALL);
			for (Map.Entry<String, JsonNode> answer : operation.get("responses").properties()) {
				if (answer.getKey().startsWith("2")) {
					assertThat(isEventStream(call)
							|| !answer.getValue().at("/content/application~1json/schema/$ref").asString("").isEmpty())
						.isTrue();
				}
				else {
					JsonNode media = answer.getValue().at("/content/application~1problem+json");
					assertThat(media.at("/schema/$ref").asString("")).endsWith("/Problem");
					assertThat(media.get("examples").isEmpty()).isFalse();
				}
			}
			if (operation.has("requestBody")) {
				assertThat(operation.get("responses").propertyNames()).contains("408", "413", "415", "503");
				assertThat(operation.at("/requestBody/content/application~1json/examples").isEmpty()).isFalse();
			}
		});
	}

	/** What it answers with does not end. */
	private static boolean isEventStream(Call call) {
		return call.operation().at("/responses/200/content").has("text/event-stream");
	}

	@Test
	void everyReferenceLeadsSomewhere() {
		List<String> references = this.document.findValuesAsString("$ref");
		assertThat(references).isNotEmpty()
			.allSatisfy(
					(reference) -> assertThat(this.document.at(reference.substring(1)).isMissingNode()).as(reference)
						.isFalse());
	}

	/** Some calls need a node that answers, by the name that their examples have. */
	@BeforeEach
	void speakForANode() {
		this.node = new NodeVoice(this.api, TestRedis.shared(), "node-1")
			.answering(CallName.LIST_CONNECTIONS, ConnectionIT.PAGE)
			.answering(CallName.COUNT_SUBSCRIBERS, "{\"subscribers\":1}")
			.answering(CallName.DISCONNECT, "{\"connections\":1}")
			.answering(CallName.REVOKE, "{\"connections\":1}")
			.answering(CallName.SEND_ON, "{\"connections\":1}")
			.answering(CallName.DRAIN, "{\"connections\":1,\"windowMs\":30000}");
	}

	/** The message that the examples name: it is older than any that is retained. */
	private static void storeExample() {
		TestRedis.shared().ask((redis) -> {
			redis.setnx("fanfare:{0}:clock", "1785000000000-0");
			redis.del("fanfare:{0}:ch:news");
			return redis.xadd("fanfare:{0}:ch:news", new XAddArgs().id("1785000000000-0"), "p", "0-0", "m", "x");
		});
	}

	@AfterEach
	void fallSilent() {
		this.node.close();
	}

	@TestFactory
	List<DynamicTest> everyExampleIsAcceptedByTheRealCall() {
		List<DynamicTest> tests = new ArrayList<>();
		for (Call call : calls().stream().filter((one) -> !isEventStream(one)).toList()) {
			JsonNode examples = call.operation().at("/requestBody/content/application~1json/examples");
			if (examples.isMissingNode()) {
				tests.add(DynamicTest.dynamicTest(call.toString(), () -> assertAccepted(call, null)));
			}
			for (Map.Entry<String, JsonNode> example : examples.properties()) {
				tests.add(DynamicTest.dynamicTest(call + " " + example.getKey(),
						() -> assertAccepted(call, example.getValue().get("value").toString())));
			}
		}
		return tests;
	}

	private void assertAccepted(Call call, String body) {
		String path = call.path();
		List<String> query = new ArrayList<>();
		for (JsonNode parameter : call.operation().path("parameters")) {
			String example = parameter.path("example").asString("");
			String name = parameter.get("name").stringValue();
			if (parameter.get("in").stringValue().equals("path")) {
				assertThat(example).as(name).isNotEmpty();
				path = path.replace("{" + name + "}", example);
			}
			else if (parameter.get("in").stringValue().equals("query") && !example.isEmpty()) {
				query.add(name + "=" + example);
			}
		}
		if (!query.isEmpty()) {
			path += "?" + String.join("&", query);
		}
		if (path.endsWith("/messages/1785000000000-0")) {
			storeExample();
		}
		Answer answer = (body != null) ? this.api.post(path, body)
				: this.api.send(call.method(), path, null, "Authorization", "Bearer " + TestApi.KEY);
		assertThat(answer.status()).as(answer.body()).isBetween(200, 299);
		assertThat(call.operation().get("responses").propertyNames()).contains(Integer.toString(answer.status()));
		if (answer.json().has("results")) {
			assertThat(answer.json().get("results")).noneMatch((result) -> result.has("problem"));
		}
		String schema = call.operation()
			.at("/responses/" + answer.status() + "/content/application~1json/schema/$ref")
			.stringValue();
		JsonNode described = this.document.at(schema.substring(1));
		assertThat(described.get("properties").propertyNames()).containsAll(answer.json().propertyNames());
		assertThat(answer.json().propertyNames()).containsAll(required(described));
	}

	/**
	 * Clients that are generated send null, or an empty list, for what was not set. A
	 * drain of the cluster, which reads its body as that of a node, runs only once.
	 */
	@TestFactory
	List<DynamicTest> everyExampleIsAcceptedWithWhatIsAbsentAsNullOrEmpty() {
		List<DynamicTest> tests = new ArrayList<>();
		for (Call call : calls()) {
			JsonNode media = call.operation().at("/requestBody/content/application~1json");
			for (Map.Entry<String, JsonNode> example : media.path("examples").properties()) {
				for (boolean empty : new boolean[] { false, true }) {
					ObjectNode body = (ObjectNode) example.getValue().get("value").deepCopy();
					fill(body, media.get("schema"), empty);
					if (!call.path().equals("/v1/drain")) {
						tests.add(DynamicTest.dynamicTest(call + " " + body,
								() -> assertAccepted(call, body.toString())));
					}
				}
			}
			JsonNode body = call.operation().path("requestBody");
			if (body.isObject() && !body.path("required").asBoolean(false) && !call.path().equals("/v1/drain")) {
				tests.add(DynamicTest.dynamicTest(call + " null", () -> assertAccepted(call, "null")));
			}
		}
		return tests;
	}

	/** Adds the fields that an object may have and has not. */
	private void fill(ObjectNode object, JsonNode schema, boolean empty) {
		for (JsonNode one : alternatives(schema)) {
			for (Map.Entry<String, JsonNode> property : one.get("properties").properties()) {
				JsonNode type = resolved(property.getValue());
				JsonNode value = object.get(property.getKey());
				if (value instanceof ObjectNode inner && type.has("oneOf")) {
					fill(inner, type, empty);
				}
				else if (value == null) {
					set(object, property.getKey(), type.path("type").toString(), empty);
				}
			}
		}
	}

	private static void set(ObjectNode object, String name, String type, boolean empty) {
		if (empty && type.contains("array")) {
			object.putArray(name);
		}
		else if (empty && type.contains("string")) {
			object.put(name, "");
		}
		else if (empty && name.equals("all")) {
			object.put(name, false);
		}
		else {
			object.putNull(name);
		}
	}

	private List<JsonNode> alternatives(JsonNode schema) {
		JsonNode resolved = resolved(schema);
		List<JsonNode> all = new ArrayList<>();
		resolved.path("oneOf").forEach((one) -> all.add(resolved(one)));
		return all.isEmpty() ? List.of(resolved) : all;
	}

	private JsonNode resolved(JsonNode schema) {
		return schema.has("$ref") ? this.document.at(schema.get("$ref").stringValue().substring(1)) : schema;
	}

	@Test
	void messagesComeFirstAndTheServerHasAnAddress() {
		assertThat(this.document.get("paths").propertyNames().iterator().next()).isEqualTo("/v1/messages");
		assertThat(this.document.at("/tags/0/name").stringValue()).isEqualTo("Messages");
		assertThat(calls()).extracting((call) -> call.operation().at("/tags/0").stringValue())
			.isSubsetOf(this.document.get("tags").findValuesAsString("name"));
		assertThat(this.document.at("/servers/0/url").stringValue()).isEqualTo("http://localhost:" + this.api.port());
		assertThat(this.api.send("GET", "/v3/api-docs", null, "X-Forwarded-Proto", "https")
			.json()
			.at("/servers/0/url")
			.stringValue()).isEqualTo("https://localhost:" + this.api.port());
	}

	/** An enumeration of one truth value breaks clients in Python. */
	@Test
	void noTruthValueIsAnEnumeration() {
		assertThat(this.document.at("/components/schemas").findParents("enum"))
			.allSatisfy((schema) -> assertThat(schema.get("type").toString()).contains("string"));
	}

	@Test
	void whatAlwaysStandsInAnAnswerIsRequired() {
		JsonNode schemas = this.document.at("/components/schemas");
		assertThat(required(schemas.get("Published"))).isEmpty();
		assertThat(required(schemas.get("Recipient"))).containsExactlyInAnyOrder("user", "id", "online");
		assertThat(required(schemas.get("Presence"))).containsExactlyInAnyOrder("user", "online");
		assertThat(required(schemas.get("HistoryPage"))).containsExactlyInAnyOrder("items", "next", "floor", "latest");
		assertThat(schemas.at("/HistoryPage/properties/next/type").toString()).contains("null");
		assertThat(required(schemas.get("Problem"))).containsExactlyInAnyOrder("type", "title", "status");
	}

	private static List<String> required(JsonNode schema) {
		List<String> names = new ArrayList<>();
		schema.path("required").forEach((name) -> names.add(name.stringValue()));
		return names;
	}

	/**
	 * What the patterns of the document say, and what the code says of the same names.
	 */
	@Test
	void patternsSayWhatTheCodeSays() {
		for (String text : List.of("news", "n", "a:b.c_d~e-f", "all", "allow", "user:a", "user:", "push.x", "pushed",
				":a", "-a", "a b", "\u00e9", "x".repeat(128), "x".repeat(129), "", "user:\u00e9 /", "user:a\nb",
				"user:\u2028")) {
			assertThat(fits("TopicName", text)).as(text).isEqualTo(ChannelName.isTopic(text));
			assertThat(fits("UserId", text)).as(text).isEqualTo(ChannelName.isUser(text));
			assertThat(fits("EventName", text)).as(text).isEqualTo(text.isEmpty() || EventName.isValid(text));
			assertThat(fits("ChannelName", text)).as(text).isEqualTo(isChannel(text));
		}
		for (String text : List.of("open", "error", "opened", "push.", "x".repeat(64), "x".repeat(65), "a~!",
				"\u007f")) {
			assertThat(fits("EventName", text)).as(text).isEqualTo(EventName.isValid(text));
		}
		for (String text : List.of("1-0", "0-0", "1785000000000-12", "1", "-1", "1-", "x-0", "12345678901234-0")) {
			assertThat(fits("MessageId", text)).as(text).isEqualTo(MessageId.tryParse(text) != null);
		}
		for (String text : List.of("PT1H", "P1D", "PT0.001S", "P1DT2H3M4.5S", "PT90M", "P", "PT", "P1DT", "P1Y", "1h",
				"P1W")) {
			assertThat(fits("TimeToLive", text)).as(text).isEqualTo(isDuration(text));
		}
	}

	private boolean fits(String name, String text) {
		return fits(this.document.at("/components/schemas/" + name), text);
	}

	private static boolean fits(JsonNode schema, String text) {
		return text.length() >= schema.path("minLength").asInt(0)
				&& text.length() <= schema.path("maxLength").asInt(Integer.MAX_VALUE)
				&& (!schema.has("pattern")
						|| Pattern.compile(schema.get("pattern").stringValue()).matcher(text).matches())
				&& (!schema.has("enum") || schema.get("enum")
					.valueStream()
					.anyMatch((one) -> one.isString() && one.stringValue().equals(text)));
	}

	/**
	 * Each value of each request, read by its rule and held against the schema of the
	 * same field: what one takes the other takes. Limits of durations stand in words.
	 */
	@Test
	void whatARuleTakesItsSchemaTakes() {
		Map<String, Rule> rules = new TreeMap<>();
		this.api.bean(RequestMappingHandlerMapping.class)
			.getApplicationContext()
			.getBeansOfType(RequestRules.class)
			.values()
			.forEach((one) -> one.rules().forEach((rule) -> rules.put(rule.about().schema(), rule)));
		Set<String> bodies = new TreeSet<>();
		calls().forEach((call) -> {
			String schema = call.operation().at("/requestBody/content/application~1json/schema/$ref").asString("");
			if (!schema.isEmpty()) {
				bodies.add(schema.substring(schema.lastIndexOf('/') + 1));
			}
		});
		assertThat(rules.keySet()).as("every body is read by a rule").containsAll(bodies);
		List<String> compared = new ArrayList<>();
		rules.forEach((name, rule) -> compare(rule, this.document.at("/components/schemas/" + name), name, compared));
		assertThat(compared).contains("MessageRequest/to/user", "MessageRequest/to/users/0", "MessageRequest/event",
				"BatchRequest/messages/0/idempotencyKey", "TokenRequest/channels/0", "DisconnectManyRequest/reason",
				"DrainNodeRequest/rate", "ChannelName");
	}

	private void compare(Rule rule, JsonNode described, String where, List<String> compared) {
		JsonNode schema = resolved(described);
		switch (rule) {
			case Rule.Value<?> value -> {
				compared.add(where);
				for (String json : VALUES) {
					JsonNode node = StrictJson.parse(json.getBytes(StandardCharsets.UTF_8)).root();
					boolean isAbsent = node.isString() && node.stringValue().isEmpty()
							&& schema.get("type").toString().contains("null");
					assertThat(takes(schema, TestApi.JSON.readTree(json))).as(where + " " + json)
						.isEqualTo(isAbsent && value.isText() && !(value instanceof Rule.Choice)
								|| value.read(node) != null
								|| value instanceof Rule.Span && isDuration(node.asString("")));
				}
			}
			case Rule.Items<?> items -> {
				assertThat(schema.get("maxItems").intValue()).isEqualTo(items.max());
				assertThat(schema.path("uniqueItems").asBoolean(false)).isEqualTo(items.repeated() != null);
				compare(items.item(), schema.get("items"), where + "/0", compared);
			}
			case Rule.Plain plain -> {
				assertThat(schema.get("additionalProperties").booleanValue()).isFalse();
				assertThat(schema.get("properties").propertyNames()).containsExactlyElementsOf(plain.names());
				plain.fields()
					.forEach((field) -> compare(field.rule(), schema.get("properties").get(field.name()),
							where + "/" + field.name(), compared));
			}
			case Rule.ExactlyOne one -> {
				for (int i = 0; i < one.choices().size(); i++) {
					JsonNode choice = resolved(schema.get("oneOf").get(i));
					assertThat(required(choice)).containsExactly(one.choiceNames().get(i));
					compare(one.choices().get(i), choice, where, compared);
				}
			}
			case Rule.Any any -> assertThat(schema.has("type")).isFalse();
		}
	}

	private static boolean takes(JsonNode schema, JsonNode value) {
		String type = value.isString() ? "string" : value.isBoolean() ? "boolean"
				: value.isIntegralNumber() ? "integer" : value.isArray() ? "array" : "object";
		if (!schema.get("type").toString().contains(type)) {
			return false;
		}
		if (value.isString()) {
			return fits(schema, value.stringValue());
		}
		return !value.isNumber() || value.intValue() >= schema.path("minimum").asInt(Integer.MIN_VALUE)
				&& value.intValue() <= schema.path("maximum").asInt(Integer.MAX_VALUE);
	}

	/** Limits that are set are those of the document, and those that are checked. */
	@Test
	void limitsThatAreSetAreDescribedAndChecked() {
		try (TestApi small = TestApi.start(TestRedis.shared(), "--fanfare.publish.users=3", "--fanfare.publish.batch=2",
				"--fanfare.publish.data=2KB", "--fanfare.publish.ttl=90s")) {
			JsonNode schemas = small.send("GET", "/v3/api-docs", null).json().at("/components/schemas");
			assertThat(schemas.at("/SomeUsers/properties/users/maxItems").intValue()).isEqualTo(3);
			assertThat(schemas.at("/BatchRequest/properties/messages/maxItems").intValue()).isEqualTo(2);
			assertThat(schemas.at("/TimeToLive/description").stringValue()).contains("from 1 ms to 90 seconds");
			assertThat(schemas.at("/Data/description").stringValue()).contains("At most 2 KiB");
			String message = "{\"to\":{\"users\":[\"a\",\"b\",\"c\"]},\"data\":\"" + "x".repeat(2048)
					+ "\",\"ttl\":\"PT90S\"}";
			assertThat(small.post("/v1/messages", message).status()).isEqualTo(200);
			for (String other : List.of(message.replace("\"c\"", "\"c\",\"d\""), message.replace("90S", "91S"))) {
				assertThat(small.post("/v1/messages", other).status()).isEqualTo(400);
			}
			assertThat(small.post("/v1/messages", message.replace("xx\"", "xxx\"")).status()).isEqualTo(413);
			String item = "{\"to\":{\"all\":true},\"data\":1}";
			assertThat(small.post("/v1/messages/batch", "{\"messages\":[" + item + "," + item + "]}").status())
				.isEqualTo(200);
			assertThat(small.post("/v1/messages/batch", "{\"messages\":[" + item + "," + item + "," + item + "]}")
				.status()).isEqualTo(400);
		}
	}

	private static boolean isChannel(String text) {
		try {
			ChannelName.parse(text);
			return true;
		}
		catch (IllegalArgumentException ex) {
			return false;
		}
	}

	private static boolean isDuration(String text) {
		try {
			Duration.parse(text);
			return true;
		}
		catch (DateTimeParseException ex) {
			return false;
		}
	}

	@Test
	void swaggerUiIsServedWithItsOwnPolicy() {
		Answer moved = this.api.send("GET", "/swagger-ui.html", null);
		assertThat(moved.status()).isEqualTo(302);
		Answer page = this.api.send("GET", moved.header("Location"), null);
		assertThat(page.status()).isEqualTo(200);
		assertThat(page.header("Content-Security-Policy")).contains("script-src 'self';");
	}

	private List<Call> calls() {
		List<Call> calls = new ArrayList<>();
		for (Map.Entry<String, JsonNode> path : this.document.get("paths").properties()) {
			for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
				calls.add(new Call(operation.getKey().toUpperCase(Locale.ROOT), path.getKey(), operation.getValue()));
			}
		}
		return calls;
	}

}
