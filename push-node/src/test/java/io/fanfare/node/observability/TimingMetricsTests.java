package io.fanfare.node.observability;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class TimingMetricsTests {

	private static final Instant NOW = Instant.ofEpochMilli(1_800_000_000_000L);

	private final AtomicLong nanos = new AtomicLong(-7);

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	private final TimingMetrics timings = new TimingMetrics(this.registry,
			new Connections("n.a", 10, new SecureRandom()), InstantSource.fixed(NOW), this.nanos::get);

	private static long id(long msAgo) {
		return MessageId.of(NOW.toEpochMilli() - msAgo, 1);
	}

	private Timer stage(String stage) {
		return this.registry.get("sse.delivery.stage").tag("stage", stage).timer();
	}

	@Test
	void theStagesOfOneMessageAreMeasured() {
		this.timings.received(id(12));
		this.nanos.addAndGet(3_000);
		this.timings.taken(id(12));
		this.nanos.addAndGet(5_000);
		this.timings.written(id(12));
		assertThat(stage("received").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(12);
		assertThat(stage("taken").totalTime(TimeUnit.NANOSECONDS)).isEqualTo(3_000);
		assertThat(stage("written").totalTime(TimeUnit.NANOSECONDS)).isEqualTo(5_000);
	}

	@Test
	void othersAreMeasuredAfterAWhileOnly() {
		this.timings.received(id(12));
		this.nanos.addAndGet(TimingMetrics.SAMPLE_NANOS - 1);
		this.timings.received(id(11));
		this.timings.taken(id(11));
		this.timings.written(id(11));
		// It was not taken yet
		this.timings.written(id(12));
		assertThat(stage("received").count()).isOne();
		assertThat(stage("taken").count() + stage("written").count()).isZero();
		this.nanos.addAndGet(1);
		this.timings.received(id(10));
		this.timings.taken(id(10));
		assertThat(stage("received").count()).isEqualTo(2);
		assertThat(stage("taken").count()).isOne();
	}

	@Test
	void whatHappensIsCountedByKind() {
		this.timings.kicked(CloseReason.TAKEOVER, id(40));
		this.timings.kicked(CloseReason.LOGOUT, MessageId.ZERO);
		this.timings.waited(Tier.LOW, Duration.ofSeconds(3));
		this.timings.replaying(17);
		this.timings.resumed(true);
		this.timings.resumed(false);
		this.timings.claimLost(true);
		this.timings.answered(2_000_000);
		assertThat(kicks("takeover").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(40);
		assertThat(kicks("logout").count()).as("by no id").isZero();
		assertThat(this.registry.get("fanfare.admission.wait").tag("tier", "low").timer().count()).isOne();
		assertThat(this.registry.get("sse.replay.messages").summary().totalAmount()).isEqualTo(17);
		assertThat(this.registry.get("sse.resumes").tag("outcome", "gap").counter().count()).isOne();
		assertThat(this.registry.get("sse.resumes").tag("outcome", "complete").counter().count()).isOne();
		assertThat(this.registry.get("fanfare.claims.lost").tag("kind", "replaced").counter().count()).isOne();
		assertThat(this.registry.get("fanfare.claims.lost").tag("kind", "lost").counter().count()).isZero();
		assertThat(this.registry.get("sse.probe.round.trip").timer().totalTime(TimeUnit.MILLISECONDS)).isEqualTo(2);
	}

	private Timer kicks(String reason) {
		return this.registry.get("sse.kick.latency").tag("reason", reason).timer();
	}

}
