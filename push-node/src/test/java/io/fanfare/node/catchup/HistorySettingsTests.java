package io.fanfare.node.catchup;

import org.junit.jupiter.api.Test;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class HistorySettingsTests {

	@Test
	void aSizeOutOfItsBoundsIsRefusedByItsName() {
		assertThat(new HistorySettings(DataSize.ofKilobytes(64)).historyBytes()).isEqualTo(DataSize.ofKilobytes(64));
		assertThat(new HistorySettings(DataSize.ofMegabytes(64)).historyBytes()).isEqualTo(DataSize.ofMegabytes(64));
		for (DataSize size : new DataSize[] { DataSize.ofBytes(64 * 1024 - 1), DataSize.ofMegabytes(65),
				DataSize.ofBytes(-1) }) {
			assertThatIllegalArgumentException().isThrownBy(() -> new HistorySettings(size))
				.withMessageContaining("fanfare.stream.history-bytes (FANFARE_STREAM_HISTORYBYTES)");
		}
	}

}
