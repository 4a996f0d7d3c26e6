package io.fanfare.node.stream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

class DoctorScriptTests {

	private static List<DoctorScript.Step> steps(DoctorScript script, Duration silence) {
		List<DoctorScript.Step> steps = new ArrayList<>();
		do {
			steps.add(script.step(steps.size() + 1, silence));
		}
		while (!steps.getLast().isLast() && steps.size() < 1_000);
		return steps;
	}

	@Test
	void paceHasSmallBlocksThenLargeOnesThenASilenceThenTheEnd() {
		List<DoctorScript.Step> steps = steps(DoctorScript.PACE, Duration.ofSeconds(20));
		List<DoctorScript.Step> expected = new ArrayList<>();
		for (int i = 1; i <= 12; i++) {
			expected.add(new DoctorScript.Step("doctor.tick", 250L * i, 0));
		}
		for (int i = 1; i <= 16; i++) {
			expected.add(new DoctorScript.Step("doctor.fill", 3_000 + 100L * i, 4_096));
		}
		expected.add(new DoctorScript.Step("doctor.end", 24_600, 0));
		assertThat(steps).isEqualTo(expected);
	}

	@Test
	void steadyHasABlockEachSecondForLongerThanTheOtherIsSilent() {
		List<DoctorScript.Step> steps = steps(DoctorScript.STEADY, Duration.ofMillis(5_100));
		List<DoctorScript.Step> expected = new ArrayList<>();
		for (int i = 1; i <= 10; i++) {
			expected.add(new DoctorScript.Step("doctor.tick", 1_000L * i, 0));
		}
		expected.add(new DoctorScript.Step("doctor.end", 10_100, 0));
		assertThat(steps).isEqualTo(expected);
		assertThat(steps(DoctorScript.STEADY, Duration.ofSeconds(20))).as("no two at once")
			.hasSize(25)
			.extracting(DoctorScript.Step::atMs)
			.doesNotHaveDuplicates()
			.endsWith(24_000L, 25_000L);
	}

	@ParameterizedTest
	@CsvSource({ "100ms, 5100", "1s, 6000", "15s, 20000", "20s, 25000", "21s, 25000", "1h, 25000" })
	void theSilenceIsLongerThanAHeartbeatAndBounded(String heartbeat, long silenceMs) {
		Duration every = Duration.parse("PT" + heartbeat.replace("100ms", "0.1s"));
		assertThat(DoctorScript.silence(every)).isEqualTo(Duration.ofMillis(silenceMs));
	}

	@ParameterizedTest
	@EnumSource
	void noScriptIsLongerThanHalfAMinute(DoctorScript script) {
		List<DoctorScript.Step> steps = steps(script, DoctorScript.LONGEST_SILENCE);
		assertThat(steps).hasSizeLessThanOrEqualTo(30);
		assertThat(steps.getLast().atMs()).isLessThanOrEqualTo(30_000);
	}

}
