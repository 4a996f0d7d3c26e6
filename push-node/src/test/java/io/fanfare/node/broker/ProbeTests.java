package io.fanfare.node.broker;

import java.time.Duration;

import io.fanfare.node.ManualScheduler;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.cluster.Nodes;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ProbeTests {

	private final Errors errors = new Errors(System::nanoTime, (where) -> {
	}, Errors::halt);

	private final ManualScheduler scheduler = new ManualScheduler(this.errors);

	private final Probe probe = new Probe(new Nodes(null, null), "node", Probe.Settings.DEFAULT, this.scheduler,
			this.errors);

	@Test
	void itsAgeGrowsUntilAProbeArrivesWhateverTheLinkDoes() {
		this.scheduler.skip(Duration.ofSeconds(5));
		assertThat(this.probe.age()).as("before the first").isEqualTo(Duration.ofSeconds(5));
		this.probe.arrived("1");
		assertThat(this.probe.age()).isZero();
		this.probe.linkDown();
		this.scheduler.skip(Duration.ofSeconds(9));
		assertThat(this.probe.age()).isEqualTo(Duration.ofSeconds(9));
	}

}
