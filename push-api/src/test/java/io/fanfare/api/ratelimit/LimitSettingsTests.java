package io.fanfare.api.ratelimit;

import java.time.Duration;
import java.util.List;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.redis.history.PublishQuota;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class LimitSettingsTests {

	@Test
	void aKeyHasItsOwnLimitsOrThoseOfAll() {
		CallerLimits limits = new CallerLimits(new LimitSettings(DataSize.ofMegabytes(1), DataSize.ofBytes(0), 600,
				List.of("billing:10MB:20MB:0", " ~my%20app:0:0:7", "free:0:0:0", "")), System::nanoTime);
		assertThat(limits.account("any").quota()).isEqualTo(new PublishQuota("any", 1 << 20, 10 << 20, 600));
		assertThat(limits.account("billing").quota()).isEqualTo(new PublishQuota("billing", 10 << 20, 20 << 20, 0));
		assertThat(limits.account("~my%20app").quota()).isEqualTo(new PublishQuota("~my%20app", 0, 0, 7));
		assertThat(limits.account("free").quota()).isNull();
		assertThat(CallerLimits.none().account("any").quota()).isNull();
	}

	@Test
	void whatIsUsedGrowsBackWithTime() {
		long[] now = { Long.MAX_VALUE - 5 };
		CallerLimits limits = new CallerLimits(
				new LimitSettings(DataSize.ofKilobytes(1), DataSize.ofKilobytes(60), 0, List.of()), () -> now[0]);
		CallerLimits.Account account = limits.account("dev");
		assertThat(account.fields().limit()).isEqualTo("\"bytes\";r=61440;t=0");
		account.observe(new PublishQuota.Used(Duration.ofSeconds(90), Duration.ZERO));
		assertThat(account.fields().limit()).isEqualTo("\"bytes\";r=0;t=90");
		now[0] += Duration.ofSeconds(60).toNanos();
		assertThat(limits.account("dev").fields().limit()).isEqualTo("\"bytes\";r=30720;t=30");
		assertThat(account.fields().policy()).isEqualTo("\"bytes\";q=61440;w=60;qu=\"content-bytes\"");
		now[0] += Duration.ofHours(1).toNanos();
		assertThat(account.fields().limit()).isEqualTo("\"bytes\";r=61440;t=0");
	}

	@ParameterizedTest
	@CsvSource({ "10, 0, 0, ''", "2147483648, 0, 0, ''", "1024, 10, 0, ''", "1024, 3686401, 0, ''", "0, 1024, 0, ''",
			"0, 0, -1, ''", "0, 0, 1000001, ''", "0, 0, 0, dev:1MB", "0, 0, 0, dev:much:0:0", "0, 0, 0, dev:0:0:many",
			"0, 0, 0, :0:0:0", "0, 0, 0, dev:10:0:0", "0, 0, 0, dev:99999999999999999999GB:0:0",
			"0, 0, 0, dev:0:0:-1" })
	void whatIsOutOfBoundsIsRefused(long bytes, long burst, int channels, String callers) {
		assertThatExceptionOfType(InvalidSettingException.class).isThrownBy(
				() -> new LimitSettings(DataSize.ofBytes(bytes), DataSize.ofBytes(burst), channels, List.of(callers)));
	}

	@Test
	void twoEntriesOfOneNameAreRefused() {
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> new LimitSettings(DataSize.ofBytes(0), DataSize.ofBytes(0), 0,
					List.of("dev:1MB:0:0", "dev:2MB:0:0")))
			.withMessageContaining("number 2");
	}

}
