package io.fanfare.faults.alert;

import java.util.List;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class AlertFaultsTests {

	private static final Pattern ALERT = Pattern.compile("(?m)^ +- alert: (\\w+)$");

	/** As the page of alerts lists them. */
	private static final Pattern RULE = Pattern.compile("(?m)^\\| `([a-z-]+)` \\| .* \\| \\[\\*Fanfare\\w+\\*\\]");

	@Test
	void eachFaultFiresAnAlertThatThereIs() {
		Set<String> alerts = names(ALERT, ShippedFile.read("prometheus/rules.yml"));
		Set<String> rules = names(RULE, ShippedFile.read("../docs/guides/alerts.md"));
		assertThat(rules).contains("connections", "memory", "error-rate", "response-time");
		assertThat(AlertFaults.all()).allSatisfy((fault) -> {
			assertThat(fault.fires().keySet()).as(fault.name()).anyMatch(AlertFault::isOfPrometheus);
			assertThat(Stream.concat(fault.fires().keySet().stream(), fault.mayFire().keySet().stream()))
				.allMatch((alert) -> (AlertFault.isOfPrometheus(alert) ? alerts : rules).contains(alert));
			assertThat(Stream.concat(fault.fires().values().stream(), fault.mayFire().values().stream()))
				.noneMatch(String::isBlank);
		});
	}

	/** A leak shows after a node has run for twenty minutes, so no fault makes one. */
	@Test
	void eachAlertButThatOfALeakHasItsFault() {
		Set<String> alerts = names(ALERT, ShippedFile.read("prometheus/rules.yml"));
		assertThat(alerts.remove("FanfareMemoryGrowing")).isTrue();
		assertThat(AlertFaults.all()).flatMap((fault) -> fault.fires().keySet()).containsAll(alerts);
	}

	@Test
	void everyBuildPlaysFourAndTheLongFormEachBuiltInRule() {
		List<AlertFault> all = AlertFaults.all();
		assertThat(all).filteredOn(AlertFault::inShort).hasSize(4);
		assertThat(all).flatMap((fault) -> fault.fires().keySet())
			.contains("connections", "memory", "error-rate", "response-time", "node-lost", "redis-away");
	}

	private static Set<String> names(Pattern pattern, ShippedFile file) {
		return pattern.matcher(file.text())
			.results()
			.map((MatchResult found) -> found.group(1))
			.collect(Collectors.toSet());
	}

}
