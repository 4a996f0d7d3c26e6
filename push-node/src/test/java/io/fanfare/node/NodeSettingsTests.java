package io.fanfare.node;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

class NodeSettingsTests {

	@Test
	void aLeaseEndsBeforeScriptsTakePresenceForCompleteAgain() {
		assertThatNoException().isThrownBy(() -> redis(50, 5));
		assertThatIllegalArgumentException().isThrownBy(() -> redis(51, 5))
			.withMessageContaining("fanfare.redis.lease");
		assertThatIllegalArgumentException().isThrownBy(() -> redis(0, 5)).withMessageContaining("fanfare.redis.lease");
	}

	@Test
	void aLeaseIsRenewedBeforeItEnds() {
		assertThatIllegalArgumentException().isThrownBy(() -> redis(15, 15))
			.withMessageContaining("fanfare.redis.renew-interval");
		assertThatIllegalArgumentException().isThrownBy(() -> redis(15, 0))
			.withMessageContaining("fanfare.redis.renew-interval");
	}

	private static NodeSettings.Redis redis(long lease, long renewInterval) {
		return new NodeSettings.Redis(false, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(lease),
				Duration.ofSeconds(renewInterval));
	}

}
