package io.fanfare.node.stream;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class KeptConnectionTests {

	private final AtomicLong nanos = new AtomicLong(-5);

	private final KeptConnection kept = new KeptConnection(this.nanos::get);

	/** Fewer refusals than are too many, each before the connection would be idle. */
	@Test
	void oneRefusalEach75SecondsKeepsItForFiveMinutesAndNoLonger() {
		for (int i = 0; i < 4; i++) {
			assertThat(this.kept.isSpent()).isFalse();
			this.kept.served();
			this.kept.refused();
			this.nanos.addAndGet(Duration.ofSeconds(75).toNanos());
		}
		assertThat(this.kept.isSpent()).isTrue();
	}

	@Test
	void twentyRefusalsEndIt() {
		for (int i = 0; i < KeptConnection.MAX_REFUSALS; i++) {
			assertThat(this.kept.isSpent()).isFalse();
			this.kept.served();
			this.kept.refused();
		}
		assertThat(this.kept.isSpent()).isTrue();
	}

	@Test
	void aThousandRequestsEndIt() {
		for (int i = 0; i < KeptConnection.MAX_REQUESTS; i++) {
			assertThat(this.kept.isSpent()).isFalse();
			this.kept.served();
		}
		assertThat(this.kept.isSpent()).isTrue();
	}

}
