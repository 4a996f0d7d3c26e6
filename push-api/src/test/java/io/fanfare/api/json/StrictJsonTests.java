package io.fanfare.api.json;

import java.nio.charset.StandardCharsets;

import io.fanfare.api.problem.ProblemException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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
			"1 2", "\"\t\"", "\"\\x\"", "/**/1", "tru", "\uFEFF1", "{\"a\"}" })
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
	void deepNestingIsRefusedAndNotFollowed() {
		assertMalformed("[".repeat(200_000).getBytes(StandardCharsets.UTF_8));
	}

	@Test
	void equalNamesAreNamedByPointer() {
		Flaws flaws = parse("{\"a\":{\"b/c\":1,\"b/c\":2},\"l\":[0,{\"~\":1,\"~\":1}]}").flaws();
		assertThat(flaws.problem().problem().errors()).extracting("pointer").containsExactly("#/a/b~1c", "#/l/1/~0");
	}

	@Test
	void halfASurrogatePairIsNamedByPointer() {
		Flaws flaws = parse("{\"a\":[\"\\ud83d\\ude00\",\"\\ud83d\"],\"b\":\"\\ude00x\"}").flaws();
		assertThat(flaws.problem().problem().errors()).extracting("pointer").containsExactly("#/a/1", "#/b");
	}

	private static void assertMalformed(byte[] bytes) {
		assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> StrictJson.parse(bytes))
			.satisfies((ex) -> assertThat(ex.problem().type()).endsWith("/malformed-json"))
			.satisfies((ex) -> assertThat(ex.problem().detail()).doesNotContain("REDACTED", "tools.jackson"));
	}

	private static JsonBody parse(String json) {
		return StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
	}

	private static String written(String json) {
		return new String(StrictJson.write(parse(json).root()), StandardCharsets.UTF_8);
	}

}
