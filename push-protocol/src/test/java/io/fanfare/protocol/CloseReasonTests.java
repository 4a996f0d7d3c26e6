package io.fanfare.protocol;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The contract's one table of close reasons, written out. */
class CloseReasonTests {

	private static final Map<String, Set<String>> CONTRACT = Map.of("push.kicked",
			Set.of("takeover", "logout", "permission-change", "revoked"), "push.goaway",
			Set.of("lifetime", "idle", "maintenance", "drain", "rebalance", "slow", "zombie", "error", "memory",
					"preempted", "token-expired"),
			"push.busy", Set.of("full", "rate-limited", "draining", "redis-unavailable", "keys-unavailable"));

	@Test
	void reasonsAndTheirBlocksAreThoseOfTheContract() {
		Map<String, Set<String>> reasons = Arrays.stream(CloseReason.values())
			.collect(Collectors.groupingBy((reason) -> reason.advice().event(),
					Collectors.mapping(CloseReason::wireName, Collectors.toSet())));
		assertThat(reasons).isEqualTo(CONTRACT);
	}

	@Test
	void thePageHasEachReasonWithItsBlock() throws IOException {
		Set<String> rows = new TreeSet<>();
		Pattern.compile("(?m)^\\| `(push\\.[a-z]+)` \\| `([a-z-]+)` \\|")
			.matcher(Files.readString(Path.of("..", "docs", "reference", "close-reasons.md")))
			.results()
			.forEach((row) -> rows.add(row.group(1) + " " + row.group(2)));
		Set<String> reasons = Arrays.stream(CloseReason.values())
			.map((reason) -> reason.advice().event() + " " + reason.wireName())
			.collect(Collectors.toCollection(TreeSet::new));
		// An error of the node may also refuse a stream.
		reasons.add("push.busy error");
		assertThat(rows).isEqualTo(reasons);
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
