package io.fanfare.protocol;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The contract's one table of close reasons, written out. */
class CloseReasonTests {

	private static final Map<String, Set<String>> CONTRACT = Map.of("push.kicked",
			Set.of("takeover", "logout", "permission-change", "revoked"), "push.goaway",
			Set.of("lifetime", "idle", "maintenance", "drain", "rebalance", "slow", "zombie", "error", "memory",
					"preempted", "token-expired"),
			"push.busy", Set.of("full", "rate-limited", "draining", "redis-unavailable"));

	@Test
	void reasonsAndTheirBlocksAreThoseOfTheContract() {
		Map<String, Set<String>> reasons = Arrays.stream(CloseReason.values())
			.collect(Collectors.groupingBy((reason) -> reason.advice().event(),
					Collectors.mapping(CloseReason::wireName, Collectors.toSet())));
		assertThat(reasons).isEqualTo(CONTRACT);
	}

	@Test
	void everyReasonIsFoundByItsNameAndNamesAreDistinct() {
		Set<String> names = new TreeSet<>();
		for (CloseReason reason : CloseReason.values()) {
			assertThat(CloseReason.find(reason.wireName())).isSameAs(reason);
			assertThat(reason.wireName()).matches("[a-z]+(-[a-z]+)*");
			assertThat(names.add(reason.wireName())).isTrue();
		}
	}

	@Test
	void anUnknownReasonIsNone() {
		assertThat(CloseReason.find("-")).isNull();
		assertThat(CloseReason.find("TAKEOVER")).isNull();
		assertThat(CloseReason.find("")).isNull();
	}

	@Test
	void tiersAreFoundByTheirNames() {
		assertThat(Arrays.stream(Tier.values()).map(Tier::wireName)).containsExactly("high", "normal", "low");
		assertThat(Tier.find("high")).isSameAs(Tier.HIGH);
		assertThat(Tier.find("HIGH")).isNull();
	}

}
