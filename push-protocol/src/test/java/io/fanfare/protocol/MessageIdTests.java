package io.fanfare.protocol;

import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class MessageIdTests {

	private static final long SEED = 20_260_101L;

	private static final long MAX_MS = (1L << 43) - 1;

	private static final long MAX_SEQ = (1L << 20) - 1;

	@ParameterizedTest
	@CsvSource({ "0, 0, 0-0", "0, 1, 0-1", "1, 0, 1-0", "1, 1048575, 1-1048575", "1800000000000, 7, 1800000000000-7",
			"8796093022207, 1048575, 8796093022207-1048575" })
	void idsAreWrittenAndReadBack(long ms, long seq, String text) {
		long id = MessageId.of(ms, seq);
		assertThat(MessageId.format(id)).isEqualTo(text);
		assertThat(MessageId.parse(text)).isEqualTo(id);
		assertThat(MessageId.tryParse(text)).isEqualTo(id);
		assertThat(MessageId.timestamp(id)).isEqualTo(ms);
	}

	@Test
	void zeroAndMaxAreTheEnds() {
		assertThat(MessageId.of(0, 0)).isEqualTo(MessageId.ZERO);
		assertThat(MessageId.of(MAX_MS, MAX_SEQ)).isEqualTo(MessageId.MAX);
		assertThat(MessageId.parse(MessageId.format(MessageId.MAX))).isEqualTo(MessageId.MAX);
	}

	@Test
	void anyIdComesBackAndTheOrderIsKept() {
		Random random = new Random(SEED);
		for (int i = 0; i < 100_000; i++) {
			long ms = random.nextLong(MAX_MS + 1) >>> random.nextInt(43);
			long seq = random.nextLong(MAX_SEQ + 1) >>> random.nextInt(20);
			long otherMs = random.nextBoolean() ? ms : random.nextLong(MAX_MS + 1);
			long otherSeq = random.nextLong(MAX_SEQ + 1);
			long id = MessageId.of(ms, seq);
			assertThat(MessageId.parse(MessageId.format(id))).as("seed %d round %d", SEED, i).isEqualTo(id);
			int expected = (ms != otherMs) ? Long.compare(ms, otherMs) : Long.compare(seq, otherSeq);
			assertThat(Long.compare(id, MessageId.of(otherMs, otherSeq))).isEqualTo(expected);
		}
	}

	@Test
	void idsInARowAreNeighboursAcrossTheCarry() {
		assertThat(MessageId.of(5, MAX_SEQ) + 1).isEqualTo(MessageId.of(6, 0));
	}

	@ParameterizedTest
	@CsvSource({ "-1, 0", "0, -1", "8796093022208, 0", "0, 1048576" })
	void partsOutOfRangeAreRefused(long ms, long seq) {
		assertThatIllegalArgumentException().isThrownBy(() -> MessageId.of(ms, seq));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "-", "1", "1-", "-1", "-1-1", "1--1", "1-1-1", "1 -1", " 1-1", "1-1 ", "1-+1", "+1-1",
			"1_0-1", "a-1", "1-a", "0x1-1", "1-1048576", "8796093022208-0", "9999999999999-0", "99999999999999-0",
			"1-99999999", "k.1-1", "٣-٣", "1-1\n", "1-1\0", "１-１", "1\u20101", "99999999999999999999999999999999-1",
			"1-99999999999999999999999999999999999999" })
	void whatIsNoIdIsRefused(String text) {
		assertThat(MessageId.tryParse(text)).isNull();
		assertThatIllegalArgumentException().isThrownBy(() -> MessageId.parse(text)).withMessageContaining(text);
	}

	@Test
	void noTextMakesItFailOtherwise() {
		Random random = new Random(SEED);
		String alphabet = "0123456789--  k.\0é";
		for (int i = 0; i < 100_000; i++) {
			StringBuilder text = new StringBuilder();
			for (int length = random.nextInt(24); length > 0; length--) {
				text.append(alphabet.charAt(random.nextInt(alphabet.length())));
			}
			Long id = MessageId.tryParse(text.toString());
			if (id != null) {
				assertThat(id).as("%s (seed %d)", text, SEED).isNotNegative();
				assertThat(text.toString()).matches("[0-9]{1,13}-[0-9]{1,7}");
			}
		}
	}

}
