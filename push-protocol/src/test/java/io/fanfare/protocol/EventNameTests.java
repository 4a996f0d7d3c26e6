package io.fanfare.protocol;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class EventNameTests {

	@ParameterizedTest
	@ValueSource(strings = { "message", "order", "a", "!", "~", "order.created", "a:b", "Open", "ERROR", "opened",
			"errors", "push", "pushed.x", "Push.x", "{\"json\"}" })
	void printableNamesWithoutSpaceAreTaken(String name) {
		assertThat(EventName.isValid(name)).isTrue();
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "a b", "a\n", "a\r", "a\0", "\t", "\u007F", "é", "🎺", "open", "error", "push.",
			"push.kicked" })
	void namesThatCouldForgeOrDisturbAreRefused(String name) {
		assertThat(EventName.isValid(name)).isFalse();
	}

	@Test
	void aNameHasUpTo64Characters() {
		assertThat(EventName.isValid("e".repeat(64))).isTrue();
		assertThat(EventName.isValid("e".repeat(65))).isFalse();
	}

	@Test
	void everyCharacterIsJudgedAsTheContractSays() {
		for (int c = 0; c <= Character.MAX_VALUE; c++) {
			assertThat(EventName.isValid("a" + (char) c)).as("U+%04X", c).isEqualTo(c > ' ' && c < 0x7F);
		}
	}

}
