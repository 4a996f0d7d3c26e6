package io.fanfare.api.revocation;

import java.time.Duration;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

class RevocationSettingsTests {

	private static final String LONGEST = "fanfare.stream.jwt.max-life";

	@Test
	void aRevocationOutlivesEveryToken() {
		assertThat(new RevocationSettings(null).keep(Duration.ofHours(24), LONGEST)).hasSeconds(86_430);
		assertThat(new RevocationSettings(null).keep(Duration.ofDays(30), LONGEST)).hasSeconds(30 * 86_400 + 30);
		assertThat(new RevocationSettings(Duration.ofSeconds(3_630)).keep(Duration.ofHours(1), LONGEST))
			.hasSeconds(3_630);
		assertThatExceptionOfType(InvalidSettingException.class)
			.isThrownBy(() -> new RevocationSettings(Duration.ofSeconds(3_629)).keep(Duration.ofHours(1), LONGEST))
			.withMessageContaining("fanfare.revocations.keep (FANFARE_REVOCATIONS_KEEP) must be at least 3630s")
			.withMessageContaining("fanfare.stream.jwt.max-life (FANFARE_STREAM_JWT_MAXLIFE)");
	}

}
