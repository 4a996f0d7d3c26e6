package io.fanfare.api.json;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.api.problem.FieldError;
import io.fanfare.protocol.NameRule;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class FieldsTests {

	private static final Field<Rule.Text> NAME = Field.optional("name",
			new Rule.Text(Description.NONE, new NameRule("[a-z]", 3), "must have 1 to 3 letters"));

	private static final Field<Rule.Choice> COLOUR = Field.optional("colour",
			new Rule.Choice(Description.NONE, List.of("red", "blue"), "must be red or blue"));

	private static final Field<Rule.Truth> ALL = Field.optional("all", new Rule.Truth(Description.NONE));

	private static final Field<Rule.Whole> RATE = Field.optional("rate", new Rule.Whole(Description.NONE, 1, 10));

	private static final Field<Rule.Span> SPAN = Field.optional("span",
			new Rule.Span(Description.NONE, Duration.ofSeconds(1), Duration.ofMinutes(1)));

	private static final Field<Rule.Items<Rule.Text>> NAMES = Field.optional("names",
			new Rule.Items<>(Description.NONE, NAME.rule(), 3, "is in the list already"));

	private static final Rule.Plain SHAPE = Rule.Plain.of(Description.NONE, NAME, COLOUR, ALL, RATE, SPAN, NAMES);

	private static final Rule.ExactlyOne ONE = Rule.ExactlyOne.of(Description.NONE,
			Rule.Plain.of(Description.NONE, NAME, RATE), Rule.Plain.of(Description.NONE, NAMES, RATE),
			Rule.Plain.of(Description.NONE, ALL, RATE));

	@Test
	void whatMeetsItsRuleIsRead() {
		JsonBody body = body("""
				{"name": "abc", "colour": "red", "all": false, "rate": 10, "span": "PT1M", "names": ["a", "b"]}""");
		Fields fields = body.fields(SHAPE);
		assertThat(fields.read(NAME)).isEqualTo("abc");
		assertThat(fields.read(COLOUR)).isEqualTo("red");
		assertThat(fields.read(ALL)).isFalse();
		assertThat(fields.read(RATE)).isEqualTo(10);
		assertThat(fields.read(SPAN)).isEqualTo(Duration.ofMinutes(1));
		assertThat(fields.values(NAMES)).containsExactly("a", "b");
		assertThat(body.errors().isEmpty()).isTrue();
	}

	@Test
	void whatDoesNotIsReportedWithItsPlace() {
		assertThat(
				errors("""
						{"name": "abcd", "colour": "green", "all": "yes", "rate": 1.0, "span": "PT61S", "names": ["a", 7, "a"]}"""))
			.containsExactly("#/name must have 1 to 3 letters", "#/colour must be red or blue",
					"#/all must be true or false", "#/rate must be a whole number from 1 to 10",
					"#/span must be from PT1S to PT1M", "#/names/1 must be a string",
					"#/names/2 is in the list already");
		assertThat(errors("{\"name\": 1, \"colour\": [], \"rate\": 11, \"span\": \"1m\", \"names\": [1, 2, 3, 4]}"))
			.containsExactly("#/name must be a string", "#/colour must be a string",
					"#/rate must be a whole number from 1 to 10", "#/span must be an ISO-8601 duration such as PT1H",
					"#/names must have 1 to 3 items, has 4");
	}

	@Test
	void nullAndEmptyCountAsAbsentWhereAFieldIsOptional() {
		for (String empty : List.of("{}",
				"{\"name\":null,\"colour\":null,\"all\":null,\"rate\":null,\"span\":null,\"names\":null}",
				"{\"name\":\"\",\"colour\":\"\",\"span\":\"\",\"names\":[]}")) {
			assertThat(errors(empty)).isEmpty();
		}
	}

	@Test
	void aRequiredFieldMustHaveAValue() {
		Field<Rule.Text> required = Field.required("name", NAME.rule());
		for (String body : List.of("{}", "{\"name\":null}", "{\"name\":\"\"}", "{\"name\":[]}")) {
			JsonBody read = body(body);
			assertThat(read.fields(SHAPE).read(required)).isNull();
			assertThat(details(read)).singleElement().asString().startsWith("#/name is required");
		}
	}

	@Test
	void otherFieldsAreRefusedAndAtMostFiftyErrorsReported() {
		assertThat(details(unread("{\"a/b\":1}")))
			.containsExactly("#/a~1b is no field here; known are name, colour, all, rate, span, names");
		String many = IntStream.range(0, 80).mapToObj((i) -> "\"x" + i + "\":1").collect(Collectors.joining(","));
		assertThat(details(unread("{" + many + "}"))).hasSize(50);
	}

	@Test
	void exactlyOneOfTheChoicesIsGiven() {
		assertThat(hasOne("{\"name\":\"a\",\"names\":[],\"all\":false,\"rate\":1}")).isEmpty();
		assertThat(hasOne("{\"all\":true}")).isEmpty();
		assertThat(hasOne("{\"name\":\"a\",\"all\":true}")).containsExactly("# needs one");
		assertThat(hasOne("{\"name\":\"\",\"all\":false,\"rate\":1}"))
			.containsExactly("# needs one; null, empty and all: false count as absent");
	}

	private static List<String> hasOne(String json) {
		JsonBody body = body(json);
		boolean one = body.fields(ONE).hasExactlyOne(ONE, "needs one");
		assertThat(one).isEqualTo(body.errors().isEmpty());
		return details(body);
	}

	private static JsonBody unread(String json) {
		JsonBody body = body(json);
		body.fields(SHAPE);
		return body;
	}

	private static List<String> errors(String json) {
		JsonBody body = body(json);
		Fields fields = body.fields(SHAPE);
		fields.read(NAME);
		fields.read(COLOUR);
		fields.read(ALL);
		fields.read(RATE);
		fields.read(SPAN);
		fields.values(NAMES);
		return details(body);
	}

	private static List<String> details(JsonBody body) {
		return body.errors().isEmpty() ? List.of()
				: body.errors().problem().problem().errors().stream().map(FieldsTests::line).toList();
	}

	private static String line(FieldError error) {
		return error.pointer() + " " + error.detail();
	}

	private static JsonBody body(String json) {
		return StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
	}

}
