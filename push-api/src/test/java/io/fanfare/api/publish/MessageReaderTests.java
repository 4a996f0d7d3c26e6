package io.fanfare.api.publish;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.api.event.ReceiptSettings;
import io.fanfare.api.json.Fields;
import io.fanfare.api.json.JsonBody;
import io.fanfare.api.json.StrictJson;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

class MessageReaderTests {

	private final MessageReader reader = new MessageReader(
			new MessageRules(new PublishSettings(1000, 500, DataSize.ofKilobytes(64), Duration.ofHours(24))),
			new ReceiptSettings(true));

	@Test
	void targetsAreRead() {
		assertThat(channels("{\"user\":\"a/b ü\"}")).containsExactly(new ChannelName("user:a/b ü"));
		assertThat(channels("{\"users\":[\"b\",\"a\"]}")).containsExactly(new ChannelName("user:b"),
				new ChannelName("user:a"));
		assertThat(channels("{\"channel\":\"news:de\"}")).containsExactly(new ChannelName("news:de"));
		assertThat(channels("{\"all\":true}")).containsExactly(ChannelName.ALL);
	}

	/** As clients that are generated send what was not set. */
	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			{"user":"a","users":[],"channel":null,"all":null}     | user:a
			{"user":"a","users":null,"channel":"","all":false}    | user:a
			{"user":null,"users":["a","b"],"channel":"","all":false} | user:a user:b
			{"user":"","users":[],"channel":"news","all":null}    | news
			{"user":"","users":[],"channel":null,"all":true}      | all
			""", quoteCharacter = '\u0001')
	void aTargetThatIsNullOrEmptyCountsAsAbsent(String target, String expected) {
		assertThat(channels(target)).extracting(ChannelName::value).containsExactly(expected.split(" "));
	}

	@Test
	void anOptionalFieldThatIsNullOrEmptyCountsAsAbsent() {
		MessageRequest bare = read("{\"to\":{\"all\":true},\"data\":\"x\"}");
		for (String rest : List.of("\"event\":null,\"ttl\":null,\"ephemeral\":null,\"format\":null",
				"\"event\":\"\",\"ttl\":\"\",\"ephemeral\":false,\"format\":\"\"")) {
			assertThat(read("{\"to\":{\"all\":true},\"data\":\"x\"," + rest + "}").hash()).isEqualTo(bare.hash());
		}
		assertThat(readInBatch("{\"to\":{\"all\":true},\"data\":1,\"idempotencyKey\":null}").key()).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "{\"user\":[]}", "{\"user\":{}}", "{\"users\":\"\"}", "{\"users\":{}}", "{\"channel\":[]}",
			"{\"all\":\"\"}", "{\"all\":[]}", "{\"all\":0}" })
	void whatIsEmptyAndOfAnotherTypeIsRefusedAsThat(String target) {
		String name = target.substring(2, target.indexOf('"', 2));
		assertThat(errors("{\"to\":" + target + ",\"data\":1}")).extracting(FieldError::pointer)
			.contains("#/to/" + name);
	}

	@Test
	void whereNoTargetRemainsTheErrorSaysWhy() {
		for (String target : List.of("{}", "{\"users\":[]}", "{\"user\":null,\"channel\":\"\",\"all\":false}")) {
			assertThat(errors("{\"to\":" + target + ",\"data\":1}")).singleElement().satisfies((error) -> {
				assertThat(error.pointer()).isEqualTo("#/to");
				assertThat(error.detail()).contains("exactly one of user, users, channel and all", "null, empty");
			});
		}
		assertThat(errors("{\"to\":{\"user\":\"a\",\"channel\":\"b\",\"users\":[]},\"data\":1}"))
			.extracting(FieldError::detail)
			.containsExactly("must have exactly one of user, users, channel and all");
		assertThat(errors("{\"to\":null,\"data\":1}")).extracting(FieldError::detail).containsExactly("is required");
		assertThat(errors("{\"to\":{\"all\":true},\"data\":1,\"x\":null}")).extracting(FieldError::pointer)
			.containsExactly("#/x");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			"text"            |       | text
			"text"            | json  | "text"
			{ "a": 1.10 }     |       | {"a":1.10}
			[ 1, 2 ]          | json  | [1,2]
			null              |       | null
			""                | json  | ""
			12345678901234567890123 | | 12345678901234567890123
			""", quoteCharacter = '\u0001')
	void dataTravelsAsTextOrCompactJson(String data, String format, String travels) {
		String json = "{\"to\":{\"all\":true},\"data\":" + data
				+ ((format != null) ? ",\"format\":\"" + format + "\"" : "") + "}";
		assertThat(new String(read(json).data(), StandardCharsets.UTF_8)).isEqualTo(travels);
	}

	@Test
	void whatIsLeftOutHasItsDefault() {
		MessageRequest request = read("{\"to\":{\"all\":true},\"data\":1}");
		assertThat(request.event()).isEqualTo("message");
		assertThat(request.ttl()).isNull();
		assertThat(request.ephemeral()).isFalse();
	}

	@Test
	void allErrorsAreReportedAtOnce() {
		assertThat(errors("""
				{"to": {"user": "a\\nb", "x": 1}, "event": "push.x", "ttl": "P2D", "ephemeral": "yes", "format": "xml",
				 "other": 1}""")).extracting(FieldError::pointer)
			.containsExactlyInAnyOrder("#/to/user", "#/to/x", "#/event", "#/ttl", "#/ephemeral", "#/format", "#/other",
					"#/data");
	}

	@ParameterizedTest
	@ValueSource(strings = { "{}", "{\"user\":\"a\",\"all\":true}", "{\"user\":\"\"}", "{\"user\":1}",
			"{\"user\":null}", "{\"users\":[]}", "{\"users\":[\"a\",\"a\"]}", "{\"users\":\"a\"}", "{\"users\":[1]}",
			"{\"channel\":\"all\"}", "{\"channel\":\"user:a\"}", "{\"channel\":\"push.x\"}", "{\"channel\":\"\"}",
			"{\"channel\":\"a b\"}", "{\"all\":false}", "{\"all\":\"true\"}", "\"alice\"", "null", "[]" })
	void wrongTargetsAreRefused(String target) {
		assertThat(errors("{\"to\":" + target + ",\"data\":1}"))
			.allSatisfy((error) -> assertThat(error.pointer()).startsWith("#/to"))
			.isNotEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "a b", "a\\nb", "a\\u0000", "é", "open", "error", "push.connected" })
	void eventsThatCouldForgeAnythingAreRefused(String event) {
		assertThat(errors("{\"to\":{\"all\":true},\"data\":1,\"event\":\"" + event + "\"}")).hasSize(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "PT0S", "-PT1S", "PT24H0.001S", "1h", "PT0.0001S", "P1Y" })
	void timesToLiveOutsideTheRangeAreRefused(String ttl) {
		assertThat(errors("{\"to\":{\"all\":true},\"data\":1,\"ttl\":\"" + ttl + "\"}")).extracting(FieldError::pointer)
			.containsExactly("#/ttl");
	}

	@Test
	void timesToLiveUpToADayAreRead() {
		assertThat(read("{\"to\":{\"all\":true},\"data\":1,\"ttl\":\"P1D\"}").ttl()).isEqualTo(Duration.ofDays(1));
		assertThat(read("{\"to\":{\"all\":true},\"data\":1,\"ttl\":\"PT0.001S\"}").ttl())
			.isEqualTo(Duration.ofMillis(1));
	}

	@Test
	void aReceiptSaysByWhenItIsDue() {
		assertThat(read("{\"to\":{\"user\":\"a\"},\"data\":1}").within()).isNull();
		assertThat(read("{\"to\":{\"user\":\"a\"},\"data\":1,\"receipt\":null}").within()).isNull();
		assertThat(read("{\"to\":{\"user\":\"a\"},\"data\":1,\"receipt\":{\"within\":\"PT1S\"}}").within())
			.isEqualTo(Duration.ofSeconds(1));
		assertThat(read("{\"to\":{\"users\":[\"a\"]},\"data\":1,\"ttl\":\"P1D\",\"receipt\":{\"within\":\"PT24H\"}}")
			.within()).isEqualTo(Duration.ofDays(1));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			"to":{"user":"a"},"receipt":{}                                    | #/receipt/within
			"to":{"user":"a"},"receipt":{"within":""}                         | #/receipt/within
			"to":{"user":"a"},"receipt":{"within":30}                         | #/receipt/within
			"to":{"user":"a"},"receipt":{"within":"PT0.999S"}                 | #/receipt/within
			"to":{"user":"a"},"receipt":{"within":"PT24H0.001S"}              | #/receipt/within
			"to":{"user":"a"},"receipt":{"within":"PT30S","by":1}             | #/receipt/by
			"to":{"user":"a"},"receipt":"PT30S"                               | #/receipt
			"to":{"channel":"news"},"receipt":{"within":"PT30S"}              | #/receipt
			"to":{"all":true},"receipt":{"within":"PT30S"}                    | #/receipt
			"to":{"user":"a"},"ephemeral":true,"receipt":{"within":"PT30S"}   | #/receipt
			"to":{"user":"a"},"ttl":"PT29S","receipt":{"within":"PT30S"}      | #/ttl
			""", quoteCharacter = '\u0001')
	void aReceiptThatCanHaveNoVerdictIsRefused(String fields, String pointer) {
		assertThat(errors("{" + fields + ",\"data\":1}")).extracting(FieldError::pointer).containsExactly(pointer);
	}

	@Test
	void switchedOffAReceiptIsRefused() {
		MessageReader off = new MessageReader(
				new MessageRules(new PublishSettings(1000, 500, DataSize.ofKilobytes(64), Duration.ofHours(24))),
				new ReceiptSettings(false));
		String json = "{\"to\":{\"user\":\"a\"},\"data\":1,\"receipt\":{\"within\":\"PT1S\"}}";
		assertThat(
				catchThrowableOfType(ProblemException.class, () -> off.read(body(json), null, null)).problem().errors())
			.extracting(FieldError::pointer)
			.containsExactly("#/receipt");
	}

	/** So that a repetition is recognized while a version without receipts runs. */
	@Test
	void aReceiptChangesTheHashOnlyWhereThereIsOne() {
		String bare = "{\"to\":{\"user\":\"a\"},\"data\":1";
		assertThat(read(bare + "}").hash())
			.isEqualTo("4d29ce55357e90e2b03de95c295374fcb4fd141dd555a58c8557b4fe6dec2cb3");
		String half = read(bare + ",\"receipt\":{\"within\":\"PT30S\"}}").hash();
		assertThat(half).isNotEqualTo(read(bare + "}").hash())
			.isNotEqualTo(read(bare + ",\"receipt\":{\"within\":\"PT31S\"}}").hash())
			.isEqualTo(read(bare + ",\"receipt\":{\"within\":\"PT0M30S\"}}").hash());
	}

	@Test
	void dataMayHaveItsLimitAndNotAByteMore() {
		String limit = "ü".repeat(32 * 1024);
		assertThat(read("{\"to\":{\"all\":true},\"data\":\"" + limit + "\"}").data()).hasSize(64 * 1024);
		assertThat(problem("{\"to\":{\"all\":true},\"data\":\"" + limit + "x\"}").type())
			.endsWith("/content-too-large");
		assertThat(problem("{\"to\":{\"all\":true},\"data\":\"" + limit + "x\",\"x\":1}").type())
			.endsWith("/invalid-request");
	}

	@Test
	void aMessageMayHaveAThousandUsersAndNotOneMore() {
		assertThat(channels("{\"users\":" + users(1000) + "}")).hasSize(1000);
		assertThat(errors("{\"to\":{\"users\":" + users(1001) + "},\"data\":1}")).extracting(FieldError::pointer)
			.containsExactly("#/to/users");
	}

	@Test
	void onlyABatchTakesAKeyInTheBody() {
		String json = "{\"to\":{\"all\":true},\"data\":1,\"idempotencyKey\":\"k\"}";
		assertThat(errors(json)).extracting(FieldError::pointer).containsExactly("#/idempotencyKey");
		assertThat(readInBatch(json).key()).isEqualTo("k");
	}

	@Test
	void eachMessageOfABatchHasItsPlaceAndItsOwnErrors() {
		String good = "{\"to\":{\"user\":\"a\"},\"data\":1,\"idempotencyKey\":\"k\"}";
		List<Fields.Item> items = this.reader.items(body(
				"{\"messages\":[" + good + ",{\"to\":{\"users\":[\"a\",7,\"a\"]},\"idempotencyKey\":\"\u00e9\"},7]}"));
		MessageRequest first = this.reader.readItem(items.getFirst(), "trace");
		assertThat(first.pointer()).isEqualTo("#/messages/0");
		assertThat(first.key()).isEqualTo("k");
		assertThat(first.traceparent()).isEqualTo("trace");
		assertThat(itemErrors(items.get(1))).containsExactly("#/messages/1/idempotencyKey", "#/messages/1/to/users/1",
				"#/messages/1/to/users/2", "#/messages/1/data");
		assertThat(itemErrors(items.get(2))).containsExactly("#/messages/2");
	}

	private List<String> itemErrors(Fields.Item item) {
		return catchThrowableOfType(ProblemException.class, () -> this.reader.readItem(item, null)).problem()
			.errors()
			.stream()
			.map(FieldError::pointer)
			.toList();
	}

	@Test
	void requestsOfTheSameMeaningHaveTheSameHash() {
		String hash = read("{\"to\":{\"user\":\"é\"},\"data\":{\"a\":1.0},\"event\":\"e\"}").hash();
		assertThat(read(" {\"event\": \"e\", \"data\": { \"a\" : 1.0 }, \"to\": {\"user\": \"\\u00e9\"}}").hash())
			.isEqualTo(hash);
		assertThat(List.of("{\"to\":{\"user\":\"é\"},\"data\":{\"a\":1.00},\"event\":\"e\"}",
				"{\"to\":{\"users\":[\"é\"]},\"data\":{\"a\":1.0},\"event\":\"e\"}",
				"{\"to\":{\"user\":\"e\"},\"data\":{\"a\":1.0},\"event\":\"e\"}",
				"{\"to\":{\"user\":\"é\"},\"data\":{\"a\":1.0},\"event\":\"f\"}",
				"{\"to\":{\"user\":\"é\"},\"data\":{\"a\":1.0},\"event\":\"e\",\"ttl\":\"PT1S\"}",
				"{\"to\":{\"user\":\"é\"},\"data\":{\"a\":1.0},\"event\":\"e\",\"ephemeral\":true}"))
			.allSatisfy((other) -> assertThat(read(other).hash()).isNotEqualTo(hash));
	}

	private static String users(int count) {
		return IntStream.range(0, count).mapToObj((i) -> "\"u" + i + "\"").collect(Collectors.joining(",", "[", "]"));
	}

	private List<ChannelName> channels(String target) {
		return read("{\"to\":" + target + ",\"data\":1}").target().channels();
	}

	private MessageRequest read(String json) {
		return this.reader.read(body(json), null, null);
	}

	private Problem problem(String json) {
		return catchThrowableOfType(ProblemException.class, () -> read(json)).problem();
	}

	private List<FieldError> errors(String json) {
		return problem(json).errors();
	}

	private MessageRequest readInBatch(String message) {
		return this.reader.readItem(this.reader.items(body("{\"messages\":[" + message + "]}")).getFirst(), null);
	}

	private static JsonBody body(String json) {
		return StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
	}

}
