package io.fanfare.node.observability;

import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.fanfare.node.connection.Connections;
import io.fanfare.node.connection.StreamLoop;
import io.fanfare.node.connection.StreamTimings;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.guard.Ticker;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;

/**
 * How long things take on the way through the node, as metrics. The stages of deliveries
 * are measured with one message at a time, at most each 5 ms, so that what is measured
 * costs neither memory per message nor time per delivery.
 */
public final class TimingMetrics implements StreamTimings {

	/** Between two messages whose stages are measured. */
	static final long SAMPLE_NANOS = Duration.ofMillis(5).toNanos();

	private static final Duration[] DELAYS = { Duration.ofMillis(1), Duration.ofMillis(5), Duration.ofMillis(10),
			Duration.ofMillis(25), Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250),
			Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(5) };

	private final InstantSource clock;

	private final Ticker ticker;

	private final Timer received;

	private final Timer taken;

	private final Timer written;

	private final Timer answers;

	private final Map<CloseReason, Timer> kicks = new EnumMap<>(CloseReason.class);

	private final Map<Tier, Timer> waits = new EnumMap<>(Tier.class);

	private final DistributionSummary replays;

	private final Counter resumesComplete;

	private final Counter resumesWithGap;

	private final Counter claimsReplaced;

	private final Counter claimsLost;

	/** The message that is measured, or null before the first. */
	private volatile @Nullable Sample sample;

	/**
	 * Registers the meters.
	 * @param registry where
	 * @param connections the node's connections
	 * @param clock the wall clock
	 * @param ticker the monotonic clock
	 */
	public TimingMetrics(MeterRegistry registry, Connections connections, InstantSource clock, Ticker ticker) {
		this.clock = clock;
		this.ticker = ticker;
		this.received = stage("received", registry);
		this.taken = stage("taken", registry);
		this.written = stage("written", registry);
		this.answers = Timer.builder("sse.probe.round.trip")
			.description("From a probe of a client that acknowledges to its answer")
			.serviceLevelObjectives(DELAYS)
			.register(registry);
		for (CloseReason reason : CloseReason.values()) {
			if (reason.advice() == CloseReason.Advice.STOP) {
				this.kicks.put(reason,
						Timer.builder("sse.kick.latency")
							.description("From what ends a stream, by the clock of Redis, to its client's notice")
							.tag("reason", reason.wireName())
							.serviceLevelObjectives(DELAYS)
							.register(registry));
			}
		}
		for (Tier tier : Tier.values()) {
			this.waits.put(tier,
					Timer.builder("fanfare.admission.wait")
						.description("How long requests waited for the slot that they got")
						.tag("tier", tier.wireName())
						.serviceLevelObjectives(Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofSeconds(15),
								Duration.ofMinutes(1), Duration.ofMinutes(5))
						.register(registry));
		}
		this.replays = DistributionSummary.builder("sse.replay.messages")
			.description("Messages that one read of history brought to one stream")
			.serviceLevelObjectives(1, 10, 100, 1_000, 10_000)
			.register(registry);
		this.resumesComplete = resumes("complete", registry);
		this.resumesWithGap = resumes("gap", registry);
		this.claimsReplaced = claims("replaced", registry);
		this.claimsLost = claims("lost", registry);
		FunctionCounter
			.builder("sse.bytes.sent", connections,
					(all) -> all.loops().stream().mapToLong(StreamLoop::bytesSent).sum())
			.description("Bytes of blocks written to streams, before compression")
			.register(registry);
	}

	/** A message on its way. */
	private static final class Sample {

		private final long id;

		private final long receivedNanos;

		/** By the loop that took it last; 0 for none. */
		private volatile long takenNanos;

		private Sample(long id, long receivedNanos) {
			this.id = id;
			this.receivedNanos = receivedNanos;
		}

	}

	private static Timer stage(String name, MeterRegistry registry) {
		return Timer.builder("sse.delivery.stage")
			.description("How long messages took from one stage of their delivery to the next; sampled")
			.tag("stage", name)
			.serviceLevelObjectives(DELAYS)
			.register(registry);
	}

	private static Counter resumes(String outcome, MeterRegistry registry) {
		return Counter.builder("sse.resumes")
			.description("Streams with a cursor that caught up, by whether a gap was announced")
			.tag("outcome", outcome)
			.register(registry);
	}

	private static Counter claims(String kind, MeterRegistry registry) {
		return Counter.builder("fanfare.claims.lost")
			.description("Connections of which a renewal found that they do not have their user any more")
			.tag("kind", kind)
			.register(registry);
	}

	@Override
	public void received(long id) {
		Sample last = this.sample;
		long now = this.ticker.nanoTime();
		if (last == null || now - last.receivedNanos >= SAMPLE_NANOS) {
			this.sample = new Sample(id, now);
			this.received.record(Math.max(0, this.clock.millis() - MessageId.timestamp(id)), TimeUnit.MILLISECONDS);
		}
	}

	@Override
	public void taken(long id) {
		Sample present = this.sample;
		if (present != null && present.id == id) {
			long now = this.ticker.nanoTime();
			present.takenNanos = now;
			this.taken.record(Math.max(0, now - present.receivedNanos), TimeUnit.NANOSECONDS);
		}
	}

	/**
	 * Messages were written to a stream, and their latency is measured.
	 * @param lastId the id of the last of them
	 */
	void written(long lastId) {
		Sample present = this.sample;
		if (present != null && present.id == lastId && present.takenNanos != 0) {
			this.written.record(Math.max(0, this.ticker.nanoTime() - present.takenNanos), TimeUnit.NANOSECONDS);
		}
	}

	@Override
	public void waited(Tier tier, Duration waited) {
		Timer wait = this.waits.get(tier);
		if (wait != null) {
			wait.record(waited);
		}
	}

	@Override
	public void replaying(int messages) {
		this.replays.record(messages);
	}

	@Override
	public void resumed(boolean gap) {
		(gap ? this.resumesWithGap : this.resumesComplete).increment();
	}

	@Override
	public void kicked(CloseReason reason, long by) {
		Timer latency = this.kicks.get(reason);
		if (latency != null && by > MessageId.ZERO) {
			latency.record(Math.max(0, this.clock.millis() - MessageId.timestamp(by)), TimeUnit.MILLISECONDS);
		}
	}

	@Override
	public void claimLost(boolean replaced) {
		(replaced ? this.claimsReplaced : this.claimsLost).increment();
	}

	@Override
	public void answered(long nanos) {
		this.answers.record(nanos, TimeUnit.NANOSECONDS);
	}

}
