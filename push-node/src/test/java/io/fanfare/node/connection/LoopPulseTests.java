package io.fanfare.node.connection;

import java.time.Duration;

import io.fanfare.protocol.CloseReason;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class LoopPulseTests {

	private final TestLoop node = new TestLoop(Inbox.LIMIT);

	private final LoopPulse pulse = this.node.loop.pulse();

	@Test
	void aLoopTicks() {
		this.node.seconds(2);
		assertThat(this.pulse.sinceTick(this.node.nanos())).isLessThanOrEqualTo(StreamLoop.TICK);
		this.node.stand(Duration.ofSeconds(40));
		assertThat(this.pulse.sinceTick(this.node.nanos())).isGreaterThanOrEqualTo(Duration.ofSeconds(40));
		this.node.seconds(1);
		assertThat(this.pulse.sinceTick(this.node.nanos())).isLessThanOrEqualTo(StreamLoop.TICK);
	}

	@Test
	void aProbePassesThroughTheInboxAndTheOldestOneCounts() {
		assertThat(this.pulse.sinceProbe(this.node.nanos())).isNull();
		this.node.router.pass(1);
		this.node.stand(Duration.ofSeconds(2));
		this.node.router.pass(2);
		this.node.stand(Duration.ofSeconds(2));
		assertThat(this.pulse.probeWaits(this.node.nanos())).isEqualTo(Duration.ofSeconds(4));
		this.node.run();
		assertThat(this.pulse.probeWaits(this.node.nanos())).isZero();
		assertThat(this.pulse.sinceProbe(this.node.nanos())).isZero();
	}

	@Test
	void theLeaseIsAsOldAsTheLastRenewalThatWasAnswered() {
		this.node.stand(Duration.ofSeconds(3));
		assertThat(this.pulse.sinceRenewal(this.node.nanos())).isGreaterThanOrEqualTo(Duration.ofSeconds(3));
		this.node.seconds(20);
		assertThat(this.pulse.sinceRenewal(this.node.nanos())).isLessThan(Duration.ofSeconds(6));
	}

	@Test
	void aLoopThatEndsIsNotLate() {
		this.node.seconds(1);
		this.node.loop.submit(() -> this.node.loop.stop(CloseReason.DRAIN));
		this.node.run();
		this.node.stand(Duration.ofMinutes(5));
		assertThat(this.pulse.sinceTick(this.node.nanos())).isZero();
	}

	/**
	 * What waited may have been given up by its client, as after a freeze of the node.
	 */
	@Test
	void aLoopThatWasBlockedForALeaseClaimsNothingBeforeItRenewed() {
		this.node.seconds(1);
		this.node.stand(Duration.ofSeconds(16));
		TestLoop.Socket late = this.node.socket("alice", new StreamRequest.Start.Now());
		late.mayEnd = true;
		this.node.connect(late);
		this.node.turn();
		assertThat(late.aborted).isTrue();
		this.node.seconds(1);
		TestLoop.Socket next = this.node.open("alice", new StreamRequest.Start.Now());
		this.node.run();
		assertThat(next.text).contains("push.connected");
	}

}
