package io.fanfare.node.cluster;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.TestScheduler;
import io.fanfare.protocol.guard.Errors;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** Which nodes are known to be gone. */
class DepartedNodesTests {

	private long now = 1_785_000_000_000L;

	private final DepartedNodes nodes = new DepartedNodes(() -> CompletableFuture.completedFuture(Set.of()),
			() -> Instant.ofEpochMilli(this.now), TestScheduler.shared(), new Errors(System::nanoTime, (where) -> {
			}, (fatal) -> {
			}));

	@Test
	void aNodeThatIsListedNoMoreIsKnownForLongerThanHistoryLasts() {
		long first = this.now;
		this.nodes.listed(Set.of("a.1", "b.1"));
		assertThat(this.nodes.departed()).isEmpty();
		this.now += 5_000;
		this.nodes.listed(Set.of("b.1"));
		assertThat(this.nodes.departed()).isEqualTo(Map.of("a.1", first));
		this.now += Duration.ofHours(24).toMillis();
		this.nodes.listed(Set.of("b.1"));
		assertThat(this.nodes.departed()).isEqualTo(Map.of("a.1", first));
		this.now += Duration.ofHours(1).toMillis();
		this.nodes.listed(Set.of("b.1"));
		assertThat(this.nodes.departed()).isEmpty();
	}

	@Test
	void aNodeThatIsListedAgainIsThere() {
		this.nodes.listed(Set.of("a.1", "b.1"));
		this.now += 5_000;
		this.nodes.listed(Set.of("b.1"));
		this.now += 5_000;
		this.nodes.listed(Set.of("a.1", "b.1"));
		assertThat(this.nodes.departed()).isEmpty();
	}

}
