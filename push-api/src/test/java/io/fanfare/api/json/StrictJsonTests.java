package io.fanfare.api.json;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

import io.fanfare.api.problem.Problem;
import io.fanfare.api.problem.ProblemException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assertions.assertTimeout;

class StrictJsonTests {

	@ParameterizedTest
	@ValueSource(strings = { "1.10", "123456789012345678901234567890", "-0", "1E400", "1e-400", "0.1000000000000000055",
			"{\"a\":[1.0,2.50,-0.0]}", "null", "true", "\"\\u0000\\n\"", "[]", "{}" })
	void valuesAreWrittenAsTheyWereRead(String json) {
		assertThat(written(json)).isEqualTo(json);
	}

	@Test
	void whiteSpaceAndNeedlessEscapesGo() {
		assertThat(written(" { \"a\" : [ 1 , \"\\u00e9\\/\" ] } ")).isEqualTo("{\"a\":[1,\"é/\"]}");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "{a:1}", "01", "1.", ".5", "+1", "NaN",
			"1 2", "\"\t\"", "\"\\x\"", "/**/1", "tru", "\uFEFF\uFEFF1", "\uFEFF", "{\"a\"}", "NaN", "[-Infinity]",
			"[1}", "]", "-", "1e", "\"\\ud8", "\u0001" })
	void whatIsNoJsonIsRefused(String text) {
		assertMalformed(text.getBytes(StandardCharsets.UTF_8));
	}

	@Test
	void whatIsNoUtf8IsRefused() {
		assertMalformed(new byte[] { '"', (byte) 0xC3, '"' });
		assertMalformed(new byte[] { '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"' });
		assertMalformed("\"x\"".getBytes(StandardCharsets.UTF_16));
	}

	@Test
	void aByteOrderMarkIsIgnored() {
		assertThat(written("\uFEFF{\"a\":\"\uFEFF\"}")).isEqualTo("{\"a\":\"\uFEFF\"}");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', quoteCharacter = '\u0001', textBlock = """
			{"a":1,}            | Line 1, column 8: '}' cannot stand here
			{"a":[1 2]}         | Line 1, column 9: '2' cannot stand here
			{"a":\u00a01}           | Line 1, column 6: U+00A0 cannot stand here
			{"a":"x             | Line 1, column 8: the body ends early
			{"a":               | Line 1, column 6: the body ends early
			{"a":NaN}           | Line 1, column 9: NaN is no JSON number
			{"a":[-Infinity]}   | Line 1, column 16: -Infinity is no JSON number
			""")
	void whatIsNoJsonIsToldByItsPlace(String text, String detail) {
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> StrictJson.parse(text.getBytes(StandardCharsets.UTF_8)))
			.satisfies((ex) -> assertThat(ex.problem().detail()).isEqualTo(detail));
	}

	@Test
	void numbersAndNamesMayBeAsLongAsTheBody() {
		assertTimeout(Duration.ofSeconds(10), () -> {
			for (String json : List.of("1".repeat(1_000_000), "-0." + "1".repeat(1_000_000) + "e-" + "9".repeat(1000),
					"[" + "9".repeat(1200) + "]", "{\"" + "n".repeat(1_000_000) + "\":1}", names(20_000))) {
				assertThat(written(json)).isEqualTo(json);
			}
		});
	}

	/** Names of one hash code. */
	private static String names(int count) {
		StringBuilder json = new StringBuilder("{");
		for (int i = 0; i < count; i++) {
			json.append((i > 0) ? ",\"" : "\"");
			for (int bit = 0; bit < 16; bit++) {
				json.append(((i >> bit & 1) == 0) ? "Aa" : "BB");
			}
			json.append("\":1");
		}
		return json.append('}').toString();
	}

	@ParameterizedTest
	@CsvSource({ "[,]", "{\"a\":,}" })
	void nestingHasALimitThatIsTold(String open, String close) {
		int most = StrictJson.MAX_DEPTH - 1;
		String json = "{\"data\":" + open.repeat(most) + "1" + close.repeat(most) + "}";
		assertThat(written(json)).isEqualTo(json);
		assertTooDeep("{\"data\":" + open.repeat(most + 1) + "1" + close.repeat(most + 1) + "}", "#/data");
		assertTooDeep("{\"to\":1,\"data\":" + open.repeat(300_000), "#/data");
		assertTooDeep("{\"messages\":[1,{\"data\":" + open.repeat(300_000), "#/messages/1/data");
		assertTooDeep("{\"to\":" + open.repeat(300_000), "#/to");
		assertTooDeep("[".repeat(1024 * 1024), "#/0");
	}

	private static void assertTooDeep(String json, String pointer) {
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> StrictJson.parse(json.getBytes(StandardCharsets.UTF_8)))
			.satisfies((ex) -> assertThat(ex.problem().type()).endsWith("/invalid-request"))
			.satisfies((ex) -> assertThat(ex.problem().errors()).extracting("pointer").containsExactly(pointer));
	}

	/** Each would be a pointer of a thousand names. */
	@Test
	void manyErrorsFarInsideAreReportedInShort() {
		String twins = "{" + "\"b\":1,".repeat(100_000) + "\"b\":1}";
		Problem problem = parse("[".repeat(900) + twins + "]".repeat(900)).errors().problem().problem();
		assertThat(problem.errors()).hasSize(50)
			.allSatisfy((error) -> assertThat(error.pointer()).isEqualTo("#" + "/0".repeat(32)));
	}

	@Test
	void equalNamesAreNamedByPointer() {
		FieldErrors errors = parse("{\"a\":{\"b/c\":1,\"b/c\":2},\"l\":[0,{\"~\":1,\"~\":1}]}").errors();
		assertThat(errors.problem().problem().errors()).extracting("pointer").containsExactly("#/a/b~1c", "#/l/1/~0");
	}

	@Test
	void halfASurrogatePairIsNamedByPointer() {
		FieldErrors errors = parse("{\"a\":[\"\\ud83d\\ude00\",\"\\ud83d\"],\"b\":\"\\ude00x\"}").errors();
		assertThat(errors.problem().problem().errors()).extracting("pointer").containsExactly("#/a/1", "#/b");
	}

	private static void assertMalformed(byte[] bytes) {
		assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> StrictJson.parse(bytes))
			.satisfies((ex) -> assertThat(ex.problem().type()).endsWith("/malformed-json"))
			.satisfies((ex) -> assertThat(ex.problem().detail()).doesNotContain("REDACTED", "jackson", "Feature", "`",
					"was expecting"));
	}

	private static JsonBody parse(String json) {
		return StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
	}

	private static String written(String json) {
		return new String(StrictJson.write(parse(json).root()), StandardCharsets.UTF_8);
	}

}
