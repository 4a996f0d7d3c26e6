package io.fanfare.doctor.probe;

import java.time.Duration;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** How long the doctor asks. */
class ProberTests {

	@Test
	void whatIsAskedForAgainEndsInTimeHoweverLateItBegins() {
		assertThat(Prober.again(Duration.ofSeconds(25))).isEqualTo(Duration.ofSeconds(28));
		assertThat(Prober.again(Duration.ofMillis(36_900))).isLessThan(Duration.ofSeconds(38));
	}

}
