package io.fanfare.boot.jwt;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class TokenPartTests {

	@Test
	void anObjectIsRead() {
		assertThat(TokenPart.read(encode("{\"sub\":\"ä\",\"more\":{\"a\":[1]}}"))).isNotNull()
			.hasToString("{\"sub\":\"ä\",\"more\":{\"a\":[1]}}");
		assertThat(TokenPart.read(encode("{\"a\":" + "[".repeat(18) + "]".repeat(18) + "}"))).isNotNull();
	}

	@Test
	void whatIsNestedTooDeepIsRefused() {
		assertThat(TokenPart.read(encode("{\"a\":" + "[".repeat(20) + "]".repeat(20) + "}"))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "[]", "1", "null", "{\"a\":1", "{} {}", "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":1}",
			"{\"a\":{\"b\":1,\"b\":2}}", "\uFEFF{}", "{a:1}" })
	void whatIsNoObjectInItsOneFormIsRefused(String text) {
		assertThat(TokenPart.read(encode(text))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "e30=", "e31", "e30 ", "e3", "e", "e+30", "e/30", "e30\n", "=e30" })
	void whatIsNoBase64UrlInItsOneFormIsRefused(String part) {
		assertThat(TokenPart.read("e30")).isNotNull();
		assertThat(TokenPart.isBase64Url("e30")).isTrue();
		assertThat(TokenPart.read(part)).isNull();
	}

	@Test
	void whatIsNotUtf8IsRefused() {
		byte[] overlong = { '{', '"', (byte) 0xC0, (byte) 0x80, '"', ':', '1', '}' };
		byte[] surrogate = { '{', '"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', ':', '1', '}' };
		assertThat(TokenPart.read(encode(overlong))).isNull();
		assertThat(TokenPart.read(encode(surrogate))).isNull();
		assertThat(TokenPart.read(encode("{\"a\":1}".getBytes(StandardCharsets.UTF_16LE)))).isNull();
	}

	private static String encode(String text) {
		return encode(text.getBytes(StandardCharsets.UTF_8));
	}

	private static String encode(byte[] bytes) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}

}
