package io.fanfare.faults.alert;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

class RulesInHasteTests {

	@Test
	void onlyTimesAreReplaced() {
		ShippedFile rules = new ShippedFile("""
				      - alert: A
				        expr: sum(rate(a_total[2m])) * 60 > 10 and b[10s] > avg_over_time(b[5m] offset 5m)
				        for: 5m
				        keep_firing_for: 1m
				""");
		assertThat(RulesInHaste.of(rules).text()).isEqualTo("""
				      - alert: A
				        expr: sum(rate(a_total[4s])) * 60 > 10 and b[10s] > avg_over_time(b[10s] offset 10s)
				        for: 0s
				        keep_firing_for: 0s
				""");
	}

	@Test
	void anAlertWithoutATimeIsNoticed() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> RulesInHaste.of(new ShippedFile("  - alert: A\n    expr: a > 1\n")));
	}

	@Test
	void theShippedRulesHaveNoMinuteLeft() {
		ShippedFile shipped = ShippedFile.read("prometheus/rules.yml");
		assertThat(shipped.text()).contains("[5m]", "offset 5m", "for: 5m");
		String hasty = RulesInHaste.of(shipped).text();
		assertThat(hasty).doesNotContainPattern("\\[\\d+m\\]|offset \\d+m|for: (?!0s)");
		assertThat(hasty.lines()).hasSameSizeAs(shipped.text().lines().toList());
	}

}
