package io.fanfare.protocol;

import java.util.Objects;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class TraceparentTests {

	private static final long SEED = 4711;

	private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

	private static final String SPAN = "b7ad6b7169203331";

	private static final String TEXT = "00-" + TRACE + "-" + SPAN + "-01";

	@Test
	void itsPartsAreReadAndWritten() {
		Traceparent read = read(TEXT);
		assertThat(read).isEqualTo(new Traceparent(TRACE, SPAN, (byte) 1));
		assertThat(read).hasToString(TEXT);
		assertThat(TEXT).hasSize(Traceparent.LENGTH);
	}

	@ParameterizedTest
	@CsvSource({ "00, false", "01, true", "02, false", "03, true", "fe, false", "ff, true" })
	void theLowestFlagSaysWhetherItIsSampled(String flags, boolean sampled) {
		String text = "00-" + TRACE + "-" + SPAN + "-" + flags;
		assertThat(read(text).isSampled()).isEqualTo(sampled);
		assertThat(read(text)).hasToString(text);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "00", "00-" + TRACE + "-" + SPAN, TEXT + "-", TEXT + "-more", " " + TEXT, TEXT + " ",
			"01-" + TRACE + "-" + SPAN + "-01", "ff-" + TRACE + "-" + SPAN + "-01", "0g-" + TRACE + "-" + SPAN + "-01",
			"00_" + TRACE + "-" + SPAN + "-01", "00-" + TRACE + "_" + SPAN + "-01", "00-" + TRACE + "-" + SPAN + "_01",
			"00-00000000000000000000000000000000-" + SPAN + "-01", "00-" + TRACE + "-0000000000000000-01",
			"00-0AF7651916CD43DD8448EB211C80319C-" + SPAN + "-01", "00-" + TRACE + "-" + SPAN + "-0g",
			"00-" + TRACE + "-" + SPAN + "-0A" })
	void whatIsNoneIsNotRead(String text) {
		assertThat(Traceparent.parse(text)).isNull();
	}

	@Test
	void noTextIsNone() {
		assertThat(Traceparent.parse(null)).isNull();
	}

	/** A digit of another script is a digit to Java, and none here. */
	@Test
	void anyOtherCharacterAtAnyPlaceIsNotRead() {
		for (int i = 0; i < TEXT.length(); i++) {
			for (char other : new char[] { 0, ' ', '/', ':', '@', 'G', '`', 'g', '~', '\r', '\n', '\u0661',
					'\uff11' }) {
				String text = TEXT.substring(0, i) + other + TEXT.substring(i + 1);
				assertThat(Traceparent.parse(text)).as("%d: %s", i, text).isNull();
			}
		}
	}

	@Test
	void whatIsWrittenIsReadAgain() {
		Random random = new Random(SEED);
		for (int i = 0; i < 10_000; i++) {
			Traceparent one = new Traceparent(hex(random, 32), hex(random, 16), (byte) random.nextInt());
			assertThat(Traceparent.parse(one.toString())).as("seed %d round %d", SEED, i).isEqualTo(one);
		}
	}

	/** Never only zeros. */
	private static String hex(Random random, int digits) {
		StringBuilder text = new StringBuilder("1");
		while (text.length() < digits) {
			text.append(Character.forDigit(random.nextInt(16), 16));
		}
		return text.toString();
	}

	private static Traceparent read(String text) {
		return Objects.requireNonNull(Traceparent.parse(text));
	}

}
