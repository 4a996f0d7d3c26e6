package io.fanfare.protocol.call;

import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.Tier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class CallJsonTests {

	private static final JsonMapper PLAIN = JsonMapper.shared();

	private static final ConnectionStatus CONNECTION = new ConnectionStatus("n.a.c", "n.a", "alice", "page", "low",
			"127.0.0.1", "active", 1, 2, 3, "9-1", 2, 4, 5, 6, 7, 8, "lifetime");

	/** What a connection need not have. */
	private static final List<String> OPTIONAL = List.of("acknowledged", "acknowledgedAbove", "reason");

	private static final NodeStatus STATUS = new NodeStatus("n.a", "n", "1", "up", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
			12, 13, new NodeStatus.Memory("ok", 0.1, 0.2, 0.3, true), new NodeStatus.Drained(1, 2, 3),
			List.of(new NodeStatus.Loop(0, true, 1, 2L, 3L)),
			new NodeStatus.Delivery(1, 2, 3, List.of(new NodeStatus.Bucket(4, 5))));

	/** Each with the JSON that processes of other versions say and expect. */
	private static Stream<Exchange> exchanges() {
		String connection = "{\"connection\":\"n.a.c\",\"node\":\"n.a\",\"user\":\"alice\",\"client\":\"page\","
				+ "\"tier\":\"low\",\"address\":\"127.0.0.1\",\"state\":\"active\",\"createdAt\":1,\"lastActivityAt\":2,"
				+ "\"lastAcknowledgedAt\":3,\"acknowledged\":\"9-1\",\"acknowledgedAbove\":2,\"roundTripMicros\":4,"
				+ "\"messagesSent\":5,\"bytesSent\":6,\"errors\":7,\"durationMs\":8,\"reason\":\"lifetime\"}";
		return Stream.of(
				new Exchange(
						new CallRequest.ListConnections(ConnectionState.CLOSED, "alice", Tier.LOW, "::1", 7, "b3g"),
						"{\"state\":\"closed\",\"user\":\"alice\",\"tier\":\"low\",\"address\":\"::1\",\"limit\":7,"
								+ "\"after\":\"b3g\"}",
						new CallResult.Listing(List.of(CONNECTION), "b3h"),
						"{\"connections\":[" + connection + "],\"next\":\"b3h\"}"),
				new Exchange(new CallRequest.ListConnections(null, null, null, null, null, null), "{}",
						new CallResult.Listing(List.of(), null), "{\"connections\":[],\"next\":null}"),
				new Exchange(new CallRequest.ShowConnection("n.a.c"), "{\"connection\":\"n.a.c\"}",
						new CallResult.Shown(CONNECTION), "{\"connection\":" + connection + "}"),
				new Exchange(new CallRequest.ShowConnection("n.a.d"), "{\"connection\":\"n.a.d\"}",
						new CallResult.Shown(null), "{\"connection\":null}"),
				new Exchange(new CallRequest.CountSubscribers("news"), "{\"channel\":\"news\"}",
						new CallResult.Subscribers(3), "{\"subscribers\":3}"),
				new Exchange(
						new CallRequest.Disconnect(List.of("alice", "bob"), "news", Tier.HIGH,
								CloseReason.PERMISSION_CHANGE, 5000, "bye"),
						"{\"users\":[\"alice\",\"bob\"],\"channel\":\"news\",\"tier\":\"high\","
								+ "\"reason\":\"permission-change\",\"graceMs\":5000,\"message\":\"bye\"}",
						new CallResult.Disconnected(4), "{\"connections\":4}"),
				new Exchange(new CallRequest.Disconnect(null, null, null, CloseReason.MAINTENANCE, 0, null),
						"{\"reason\":\"maintenance\",\"graceMs\":0}", new CallResult.Disconnected(0),
						"{\"connections\":0}"),
				new Exchange(new CallRequest.Revoke(null, null, "ab12", 5999, "5999-1", "x"),
						"{\"token\":\"ab12\",\"issuedBeforeMs\":5999,\"id\":\"5999-1\",\"reason\":\"x\"}",
						new CallResult.Disconnected(1), "{\"connections\":1}"),
				new Exchange(new CallRequest.Tail("alice", "api.1f", "7", "n.a.c", 15_000),
						"{\"user\":\"alice\",\"to\":\"api.1f\",\"tail\":\"7\",\"connection\":\"n.a.c\",\"lifeMs\":15000}",
						new CallResult.Tailed(true), "{\"connected\":true}"),
				new Exchange(new CallRequest.Trace("alice", "news", "9-1", CallRequest.Trace.Stored.TRIMMED, 5),
						"{\"user\":\"alice\",\"channel\":\"news\",\"id\":\"9-1\",\"stored\":\"trimmed\",\"expiresAt\":5}",
						new CallResult.Traced(1, 2, 3, new CallResult.Route(4, true, true, false),
								List.of(new CallResult.StreamTrace("n.a.c", 5, 6L, "takeover", "8-1", true, "written",
										null, 7L, null)),
								Map.of("n.b", 8L)),
						"{\"startedAt\":1,\"streamsSince\":2,\"routesSince\":3,\"route\":{\"at\":4,\"named\":true,"
								+ "\"held\":true,\"ephemeral\":false},\"streams\":[{\"connection\":\"n.a.c\",\"openedAt\":5,"
								+ "\"endedAt\":6,\"ending\":\"takeover\",\"from\":\"8-1\",\"resumed\":true,"
								+ "\"step\":\"written\",\"reason\":null,\"at\":7,\"acknowledgedAt\":null}],"
								+ "\"departed\":{\"n.b\":8}}"),
				new Exchange(
						new CallRequest.TraceHandover(
								new CallRequest.Trace("alice", "news", "9-1", CallRequest.Trace.Stored.STORED, 0),
								List.of("n.b")),
						"{\"message\":{\"user\":\"alice\",\"channel\":\"news\",\"id\":\"9-1\",\"stored\":\"stored\","
								+ "\"expiresAt\":0},\"nodes\":[\"n.b\"]}",
						new CallResult.HandoverTraced(Map.of("n.b", List.of())), "{\"streams\":{\"n.b\":[]}}"),
				new Exchange(new CallRequest.SendOn(3, 60_000), "{\"count\":3,\"windowMs\":60000}",
						new CallResult.SentOn(3), "{\"connections\":3}"),
				new Exchange(new CallRequest.Drain(30_000L, null), "{\"windowMs\":30000}",
						new CallResult.Draining(3, 30_000), "{\"connections\":3,\"windowMs\":30000}"),
				new Exchange(new CallRequest.Drain(null, 10), "{\"rate\":10}", new CallResult.Draining(1, 100),
						"{\"connections\":1,\"windowMs\":100}"),
				new Exchange(CallRequest.Drain.AS_CONFIGURED, "{}", new CallResult.Draining(0, 0),
						"{\"connections\":0,\"windowMs\":0}"));
	}

	private record Exchange(CallRequest<?> request, String requestJson, CallResult result, String resultJson) {

	}

	private static byte[] bytes(JsonNode json) {
		return PLAIN.writeValueAsBytes(json);
	}

	private static byte[] bytes(String json) {
		return json.getBytes(StandardCharsets.UTF_8);
	}

	private static ObjectNode object(String json) {
		return (ObjectNode) PLAIN.readTree(json);
	}

	@ParameterizedTest
	@MethodSource("exchanges")
	void whatIsWrittenIsTheJsonOfEveryVersionAndReadAgain(Exchange exchange) {
		byte[] request = CallJson.write(exchange.request());
		assertThat(PLAIN.readTree(request)).isEqualTo(PLAIN.readTree(exchange.requestJson()));
		assertThat(CallJson.readRequest(exchange.request().call(), request)).isEqualTo(exchange.request());
		byte[] result = CallJson.write(exchange.result());
		assertThat(PLAIN.readTree(result)).isEqualTo(PLAIN.readTree(exchange.resultJson()));
		assertThat(CallJson.readResult(exchange.request(), result)).isEqualTo(exchange.result());
	}

	@Test
	void eachCallHasARequestOfItsOwn() {
		assertThat(exchanges().map((one) -> one.request().call())).contains(CallName.values());
		assertThat(exchanges()).allSatisfy((one) -> {
			assertThat(one.request()).isInstanceOf(one.request().call().request());
			assertThat(one.result()).isInstanceOf(one.request().result());
		});
		for (CallName name : CallName.values()) {
			assertThat(CallName.find(name.wireName())).isEqualTo(name);
		}
		assertThat(CallName.find("dance")).isNull();
	}

	@ParameterizedTest
	@MethodSource("exchanges")
	void aFieldOfALaterVersionIsPassedOverInAResultAndRefusedInARequest(Exchange exchange) {
		byte[] result = bytes(object(exchange.resultJson()).put("later", 1));
		assertThat(CallJson.readResult(exchange.request(), result)).isEqualTo(exchange.result());
		byte[] request = bytes(object(exchange.requestJson()).put("later", 1));
		assertThatThrownBy(() -> CallJson.readRequest(exchange.request().call(), request))
			.isInstanceOf(NotUnderstoodException.class)
			.hasMessageContaining("later is not known");
	}

	/** Each field is left out in turn: it has a default that is no zero, or is missed. */
	@ParameterizedTest
	@MethodSource("exchanges")
	void aFieldThatIsMissingIsNeverAZero(Exchange exchange) {
		List<String> optional = List.of("state", "user", "tier", "address", "limit", "after", "users", "channel",
				"rate", "next", "message", "route");
		for (String field : object(exchange.requestJson()).propertyNames()) {
			byte[] json = bytes(object(exchange.requestJson()).without(field));
			boolean spare = field.equals("reason") && exchange.request() instanceof CallRequest.Revoke;
			boolean mayBeMissing = switch (exchange.request()) {
				case CallRequest.Tail tail -> field.equals("connection");
				case CallRequest.CountSubscribers count -> false;
				case CallRequest.Trace trace -> false;
				case CallRequest.TraceHandover trace -> false;
				case CallRequest.Drain drain -> true;
				default -> spare || optional.contains(field);
			};
			if (mayBeMissing) {
				assertThat(component(CallJson.readRequest(exchange.request().call(), json), field)).isNull();
			}
			else {
				assertThatThrownBy(() -> CallJson.readRequest(exchange.request().call(), json)).as(field)
					.isInstanceOf(NotUnderstoodException.class)
					.hasMessageContaining(field);
			}
		}
		for (String field : object(exchange.resultJson()).propertyNames()) {
			byte[] json = bytes(object(exchange.resultJson()).without(field));
			if (optional.contains(field) || exchange.result() instanceof CallResult.Shown) {
				assertThat(component(CallJson.readResult(exchange.request(), json), field)).isNull();
			}
			else {
				assertThatThrownBy(() -> CallJson.readResult(exchange.request(), json)).as(field)
					.isInstanceOf(NotUnderstoodException.class)
					.hasMessageContaining(field);
			}
		}
	}

	private static Object component(Object whole, String name) {
		RecordComponent component = Arrays.stream(whole.getClass().getRecordComponents())
			.filter((one) -> one.getName().equals(name))
			.findFirst()
			.orElseThrow();
		try {
			return component.getAccessor().invoke(whole);
		}
		catch (ReflectiveOperationException ex) {
			throw new AssertionError(ex);
		}
	}

	@Test
	void aConnectionWithoutOneOfItsFieldsIsNotUnderstood() {
		ObjectNode whole = object(new String(CallJson.write(new CallResult.Shown(CONNECTION)), StandardCharsets.UTF_8));
		CallRequest.ShowConnection request = new CallRequest.ShowConnection("n.a.c");
		ObjectNode connection = (ObjectNode) whole.get("connection");
		for (String field : List.copyOf(connection.propertyNames())) {
			byte[] json = bytes(whole.deepCopy().set("connection", connection.deepCopy().without(field)));
			if (OPTIONAL.contains(field)) {
				assertThat(
						object(new String(CallJson.write(CallJson.readResult(request, json)), StandardCharsets.UTF_8))
							.get("connection")
							.get(field)
							.isNull())
					.as(field)
					.isTrue();
			}
			else {
				assertThatThrownBy(() -> CallJson.readResult(request, json)).as(field)
					.isInstanceOf(NotUnderstoodException.class)
					.hasMessageContaining(field);
			}
		}
	}

	@Test
	void aNodesStatusIsReadWithoutWhatMayBeMissingAndWithWhatIsNew() {
		byte[] written = CallJson.write(STATUS);
		assertThat(CallJson.readStatus(written)).isEqualTo(STATUS);
		ObjectNode json = (ObjectNode) PLAIN.readTree(written);
		assertThat(CallJson.readStatus(bytes(json.deepCopy().put("later", "x")))).isEqualTo(STATUS);
		assertThat(CallJson.readStatus(bytes(json.deepCopy().put("state", "later"))).state()).isEqualTo("later");
		for (String field : List.copyOf(json.propertyNames())) {
			byte[] without = bytes(json.deepCopy().without(field));
			if (List.of("memory", "drained", "loops", "delivery").contains(field)) {
				assertThat(component(CallJson.readStatus(without), field)).isNull();
			}
			else {
				assertThatThrownBy(() -> CallJson.readStatus(without)).as(field)
					.isInstanceOf(NotUnderstoodException.class)
					.hasMessageContaining(field);
			}
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = ';', value = { "LIST_CONNECTIONS;{\"user\":1}", "LIST_CONNECTIONS;{\"state\":\"gone\"}",
			"LIST_CONNECTIONS;{\"state\":0}", "LIST_CONNECTIONS;{\"tier\":\"platinum\"}",
			"LIST_CONNECTIONS;{\"tier\":\"\"}", "LIST_CONNECTIONS;{\"limit\":\"7\"}", "LIST_CONNECTIONS;{\"limit\":0}",
			"LIST_CONNECTIONS;{\"limit\":1001}", "LIST_CONNECTIONS;{\"limit\":1.5}", "LIST_CONNECTIONS;[]",
			"LIST_CONNECTIONS;null", "LIST_CONNECTIONS;{} {}", "LIST_CONNECTIONS;no json", "LIST_CONNECTIONS;''",
			"SHOW_CONNECTION;{\"connection\":null}", "DISCONNECT;{\"reason\":\"bored\",\"graceMs\":0}",
			"DISCONNECT;{\"reason\":0,\"graceMs\":0}", "DISCONNECT;{\"reason\":\"logout\",\"graceMs\":\"\"}",
			"DISCONNECT;{\"reason\":\"logout\",\"graceMs\":null}", "DISCONNECT;{\"reason\":\"logout\",\"graceMs\":-1}",
			"DISCONNECT;{\"reason\":\"logout\",\"graceMs\":false}",
			"DISCONNECT;{\"users\":[],\"reason\":\"logout\",\"graceMs\":0}",
			"DISCONNECT;{\"users\":[null],\"reason\":\"logout\",\"graceMs\":0}",
			"DISCONNECT;{\"users\":[1],\"reason\":\"logout\",\"graceMs\":0}",
			"DISCONNECT;{\"users\":\"alice\",\"reason\":\"logout\",\"graceMs\":0}",
			"SEND_ON;{\"count\":-1,\"windowMs\":0}", "SEND_ON;{\"count\":99999999999,\"windowMs\":0}",
			"TAIL;{\"user\":\"a\",\"to\":\"a b\",\"tail\":\"1\",\"lifeMs\":1}",
			"TAIL;{\"user\":\"a\",\"to\":\"a\",\"tail\":\"\",\"lifeMs\":1}",
			"TAIL;{\"user\":\"a\",\"to\":\"a\",\"tail\":\"1\",\"lifeMs\":-1}",
			"TAIL;{\"user\":\"a\",\"to\":\"a\",\"tail\":\"1\",\"lifeMs\":60001}", "DRAIN;{\"rate\":0}",
			"DRAIN;{\"rate\":1,\"windowMs\":1}", "DRAIN;{\"windowMs\":-1}" })
	void aValueThatDoesNotDoIsNotUnderstood(CallName name, String json) {
		assertThatThrownBy(() -> CallJson.readRequest(name, bytes(json))).isInstanceOf(NotUnderstoodException.class);
	}

	@Test
	void theValueOfAFieldIsNotInTheMessage() {
		for (String json : List.of("{\"user\":[\"alice\"]}", "{\"tier\":\"alice\"}", "{\"alice", "alice")) {
			assertThatThrownBy(() -> CallJson.readRequest(CallName.LIST_CONNECTIONS, bytes(json))).as(json)
				.isInstanceOf(NotUnderstoodException.class)
				.hasMessageNotContaining("alice")
				.hasNoCause();
		}
	}

}
