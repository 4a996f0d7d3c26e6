package io.fanfare.api.publish;

import java.util.List;

import io.fanfare.api.problem.ProblemException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class IdempotencyKeyTests {

	@Test
	void quotedAndBareAreTheSameKey() {
		assertThat(IdempotencyKey.read(List.of("\"a b\""))).isEqualTo("a b");
		assertThat(IdempotencyKey.read(List.of("a b"))).isEqualTo("a b");
		assertThat(IdempotencyKey.read(List.of("\"a\\\"\\\\b\""))).isEqualTo("a\"\\b");
		assertThat(IdempotencyKey.read(List.of("x".repeat(255)))).hasSize(255);
	}

	@Test
	void noHeaderIsNoKey() {
		assertThat(IdempotencyKey.read(List.of())).isNull();
		assertThat(IdempotencyKey.read(null)).isNull();
		assertThat(IdempotencyKey.read(List.of(" "))).isNull();
	}

	@ParameterizedTest
	@ValueSource(strings = { "\"\"", "\"a", "\"a\"b", "\"a\\b\"", "\"a\\", "é", "a\tb" })
	void whatIsNoKeyIsRefused(String value) {
		assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> IdempotencyKey.read(List.of(value)));
	}

	@Test
	void longKeysAndSeveralAreRefused() {
		assertThatExceptionOfType(ProblemException.class)
			.isThrownBy(() -> IdempotencyKey.read(List.of("x".repeat(256))));
		assertThatExceptionOfType(ProblemException.class).isThrownBy(() -> IdempotencyKey.read(List.of("a", "b")));
	}

	/** The document describes the header by an expression of its own: quoted or bare. */
	@Test
	void thePatternOfTheHeaderTakesWhatIsRead() {
		for (String value : List.of("a", "a b", "\"a b\"", "\"a\\\"\\\\b\"", "\"\"", "\"a", "\"a\"b", "\"a\\b\"",
				"\"a\\", "\u00e9", "a\tb", "~", "!", "x".repeat(255), "x".repeat(256), "\"" + "x".repeat(255) + "\"",
				"\"" + "x".repeat(256) + "\"")) {
			assertThat(value.matches(IdempotencyKey.HEADER_PATTERN)).as(value).isEqualTo(isRead(value));
		}
	}

	private static boolean isRead(String value) {
		try {
			return IdempotencyKey.read(List.of(value)) != null;
		}
		catch (ProblemException ex) {
			return false;
		}
	}

}
