package io.fanfare.node.encoding;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class CombinedCrcTests {

	private static int crc(byte[] bytes, int from, int to) {
		CRC32 crc = new CRC32();
		crc.update(bytes, from, to - from);
		return (int) crc.getValue();
	}

	@Test
	void itIsTheCrcOfBothStretches() {
		long seed = System.nanoTime();
		Random random = new Random(seed);
		for (int round = 0; round < 5_000; round++) {
			byte[] bytes = new byte[random.nextInt(random.nextBoolean() ? 20 : 70_000)];
			random.nextBytes(bytes);
			int cut = random.nextInt(bytes.length + 1);
			int combined = CombinedCrc.combine(crc(bytes, 0, cut), crc(bytes, cut, bytes.length),
					CombinedCrc.shift(bytes.length - cut));
			assertThat(combined).as("seed %d, %d bytes cut at %d", seed, bytes.length, cut)
				.isEqualTo(crc(bytes, 0, bytes.length));
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 0, 1, 255, 65_535, 65_536, 1 << 24, (1 << 29) - 1, 1 << 29, (1 << 29) + 7 })
	void anyLengthShifts(int zeros) {
		byte[] first = "first".getBytes(StandardCharsets.UTF_8);
		CRC32 both = new CRC32();
		both.update(first);
		CRC32 second = new CRC32();
		byte[] page = new byte[1 << 20];
		for (int left = zeros; left > 0; left -= page.length) {
			both.update(page, 0, Math.min(left, page.length));
			second.update(page, 0, Math.min(left, page.length));
		}
		assertThat(CombinedCrc.combine(crc(first, 0, first.length), (int) second.getValue(), CombinedCrc.shift(zeros)))
			.isEqualTo((int) both.getValue());
	}

	@Test
	void anyNumberOfStretchesInAnyOrderOfCuts() {
		byte[] bytes = new byte[100_000];
		new Random(1).nextBytes(bytes);
		int[] cuts = new Random(2).ints(500, 0, bytes.length).sorted().toArray();
		int combined = 0;
		int from = 0;
		for (int cut : cuts) {
			combined = CombinedCrc.combine(combined, crc(bytes, from, cut), CombinedCrc.shift(cut - from));
			from = cut;
		}
		byte[] all = Arrays.copyOf(bytes, from);
		assertThat(combined).isEqualTo(crc(all, 0, from));
	}

}
