package io.fanfare.node.observability;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.NodeStatus.Bucket;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;

/**
 * How long deliveries take, as a metric and for the node's report: of two reports the
 * difference has the percentile of the time between them.
 * <p>
 * Of messages that are written together the oldest counts, for it waited longest: while
 * writes are rare, the newest are always fresh. Writes are sampled: the first one that
 * ends with a message, and one of so many messages of the others. So a write of many
 * messages, as after a stall, is sampled more often than a write of one.
 * <p>
 * Any thread may call.
 */
final class DeliveryTimes {

	/** Of so many messages one is timed. */
	static final int SAMPLE = 256;

	private static final long[] BOUNDS_MS = { 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000 };

	private final Timer latency;

	/** By bound; what took longer than the last one is in none. */
	private final LongAdder[] counts = new LongAdder[BOUNDS_MS.length];

	/** The id of the last message of the write that was sampled last. */
	private volatile long lastSampled;

	DeliveryTimes(MeterRegistry registry) {
		for (int i = 0; i < this.counts.length; i++) {
			this.counts[i] = new LongAdder();
		}
		this.latency = Timer.builder("sse.delivery.latency")
			.description("From the id of a message to its write, by the clocks of Redis and this node; sampled")
			.serviceLevelObjectives(Duration.ofMillis(5), Duration.ofMillis(10), Duration.ofMillis(25),
					Duration.ofMillis(50), Duration.ofMillis(100), Duration.ofMillis(250), Duration.ofMillis(500),
					Duration.ofSeconds(1), Duration.ofSeconds(5))
			.register(registry);
	}

	/**
	 * Whether a write is sampled. Called for each write.
	 * @param messages how many messages were written
	 * @param lastId the id of the last of them
	 * @return whether it is
	 */
	boolean sample(int messages, long lastId) {
		if (this.lastSampled == lastId && ThreadLocalRandom.current().nextInt(SAMPLE) >= messages) {
			return false;
		}
		this.lastSampled = lastId;
		return true;
	}

	void record(long millis) {
		this.latency.record(millis, TimeUnit.MILLISECONDS);
		for (int i = 0; i < BOUNDS_MS.length; i++) {
			if (millis <= BOUNDS_MS[i]) {
				this.counts[i].increment();
				return;
			}
		}
	}

	/**
	 * What the node reports of its deliveries.
	 * @param gaps how many gaps were announced
	 * @return the report
	 */
	NodeStatus.Delivery report(long gaps) {
		List<Bucket> buckets = new ArrayList<>(BOUNDS_MS.length);
		long samples = 0;
		for (int i = 0; i < BOUNDS_MS.length; i++) {
			samples += this.counts[i].sum();
			buckets.add(new Bucket(BOUNDS_MS[i], samples));
		}
		return new NodeStatus.Delivery(gaps, this.latency.count(), this.latency.totalTime(TimeUnit.MILLISECONDS),
				buckets);
	}

}
