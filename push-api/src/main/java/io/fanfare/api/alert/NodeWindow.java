package io.fanfare.api.alert;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.NodeStatus.Bucket;
import io.fanfare.protocol.NodeStatus.Delivery;
import org.jspecify.annotations.Nullable;

/**
 * The reports of one node within a window of time. Counts in reports are since the node's
 * start, so the difference between the last and the first is what happened in between.
 */
final class NodeWindow {

	/** The most reports that are kept; further ones take the place of the last. */
	private static final int MAX_REPORTS = 60;

	private final long windowMs;

	private final Deque<Report> reports = new ArrayDeque<>();

	NodeWindow(Duration window) {
		this.windowMs = window.toMillis();
	}

	private record Report(long atMs, long closed, long errors, @Nullable Delivery delivery) {

	}

	/**
	 * Streams that ended.
	 *
	 * @param streams how many
	 * @param errors how many of them by an error
	 */
	record Ended(long streams, long errors) {

	}

	/**
	 * Deliveries that were timed.
	 *
	 * @param samples how many
	 * @param buckets how long they took, by rising bounds
	 */
	record Deliveries(long samples, List<Bucket> buckets) {

		/**
		 * Estimates what a share of the deliveries did not exceed, evenly spread within
		 * each bucket.
		 * @param share the share
		 * @return the time in milliseconds; the highest bound where it is above it
		 */
		double percentileMs(double share) {
			double rank = share * this.samples;
			double lowerMs = 0;
			double below = 0;
			for (Bucket bucket : this.buckets) {
				if (bucket.samples() >= rank && bucket.samples() > below) {
					return lowerMs
							+ (bucket.upToMs() - lowerMs) * Math.max(0, rank - below) / (bucket.samples() - below);
				}
				lowerMs = bucket.upToMs();
				below = bucket.samples();
			}
			return lowerMs;
		}

	}

	/**
	 * Takes in a report; one that is no newer than the last is passed over, unless it is
	 * older by more than the window: then the clock was set back, and all begins anew.
	 * @param status what the node reported
	 */
	void add(NodeStatus status) {
		long now = status.updatedAt();
		Report last = this.reports.peekLast();
		if (last != null && now <= last.atMs()) {
			if (now >= last.atMs() - this.windowMs) {
				return;
			}
			// The clock was set back
			this.reports.clear();
		}
		if (this.reports.size() > 2) {
			Report newest = this.reports.removeLast();
			if (newest.atMs() - this.reports.getLast().atMs() >= this.windowMs / MAX_REPORTS) {
				this.reports.addLast(newest);
			}
		}
		this.reports.addLast(new Report(now, status.closed(), status.errors(), status.delivery()));
		while (second().atMs() <= now - this.windowMs) {
			this.reports.removeFirst();
		}
	}

	/** The report after the first one, or the first one if it is the only one. */
	private Report second() {
		return this.reports.stream().skip(1).findFirst().orElseGet(this.reports::getFirst);
	}

	/** Whether the reports are enough to say that little happened. */
	boolean isWide() {
		return this.reports.getLast().atMs() - this.reports.getFirst().atMs() >= this.windowMs / 2;
	}

	Ended ended() {
		return new Ended(this.reports.getLast().closed() - this.reports.getFirst().closed(),
				this.reports.getLast().errors() - this.reports.getFirst().errors());
	}

	/** What is known of deliveries, or null where the node does not report it. */
	@Nullable Deliveries deliveries() {
		Delivery first = this.reports.getFirst().delivery();
		Delivery last = this.reports.getLast().delivery();
		if (first == null || last == null || first.buckets() == null || last.buckets() == null
				|| first.buckets().size() != last.buckets().size()) {
			return null;
		}
		List<Bucket> before = first.buckets();
		List<Bucket> buckets = new ArrayList<>();
		for (int i = 0; i < before.size(); i++) {
			Bucket bucket = last.buckets().get(i);
			if (bucket.upToMs() != before.get(i).upToMs()) {
				return null;
			}
			buckets.add(new Bucket(bucket.upToMs(), bucket.samples() - before.get(i).samples()));
		}
		return new Deliveries(last.samples() - first.samples(), buckets);
	}

}
