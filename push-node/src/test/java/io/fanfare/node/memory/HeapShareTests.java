package io.fanfare.node.memory;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class HeapShareTests {

	private static final long HEAP = 1L << 30;

	@Test
	void itIsAPercentageOrASize() {
		assertThat(HeapShare.of("25%").ofHeap(HEAP)).isEqualTo(HEAP / 4);
		assertThat(HeapShare.of(" 12.5 % ").ofHeap(HEAP)).isEqualTo(HEAP / 8);
		assertThat(HeapShare.of("512MB").ofHeap(HEAP)).isEqualTo(HEAP / 2);
		assertThat(HeapShare.of("1%").ofHeap(HEAP)).isEqualTo(HEAP / 100);
		assertThat(HeapShare.of("80%").ofHeap(HEAP)).isEqualTo((long) (HEAP * 0.8));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "%", "0%", "0.9%", "80.1%", "-5%", "1e1%", "NaN%", "a lot", "0", "-1MB", "1.5GB",
			"99999999999999999999MB", "9223372036854775807GB" })
	void whatIsNeitherIsRefused(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> HeapShare.of(text));
	}

	@ParameterizedTest
	@ValueSource(strings = { "1MB", "900MB", "2GB" })
	void aSizeBeyondTheBoundsNamesPropertyAndVariable(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> HeapShare.of(text).ofHeap(HEAP))
			.withMessageContaining("fanfare.memory.owed")
			.withMessageContaining("FANFARE_MEMORY_OWED");
	}

}
