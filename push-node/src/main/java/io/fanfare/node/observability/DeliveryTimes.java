package io.fanfare.node.observability;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

import io.fanfare.protocol.NodeStatus.Bucket;

/**
 * How many deliveries took how long, since the start, for the node's report: of two
 * reports the difference has the percentile of the time between them.
 * <p>
 * Any thread may call.
 */
final class DeliveryTimes {

	private static final long[] BOUNDS_MS = { 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000, 10_000, 30_000 };

	/** By bound; what took longer than the last one is in none. */
	private final LongAdder[] counts = new LongAdder[BOUNDS_MS.length];

	DeliveryTimes() {
		for (int i = 0; i < this.counts.length; i++) {
			this.counts[i] = new LongAdder();
		}
	}

	void record(long millis) {
		for (int i = 0; i < BOUNDS_MS.length; i++) {
			if (millis <= BOUNDS_MS[i]) {
				this.counts[i].increment();
				return;
			}
		}
	}

	List<Bucket> buckets() {
		List<Bucket> buckets = new ArrayList<>(BOUNDS_MS.length);
		long samples = 0;
		for (int i = 0; i < BOUNDS_MS.length; i++) {
			samples += this.counts[i].sum();
			buckets.add(new Bucket(BOUNDS_MS[i], samples));
		}
		return buckets;
	}

}
