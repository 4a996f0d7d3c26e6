package io.fanfare.node.recorder;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The last streams that ended on the node, as many as a number of bytes holds. Any thread
 * may call; none waits.
 */
final class PastStreams {

	private final long limit;

	private final AtomicLong bytes = new AtomicLong();

	private final ConcurrentLinkedQueue<Ended> ended = new ConcurrentLinkedQueue<>();

	/** When the last that is not kept any more ended. */
	private final AtomicLong forgotten = new AtomicLong();

	PastStreams(long limit) {
		this.limit = limit;
	}

	/** A stream, and when it ended, comparable with times of ids. */
	record Ended(PastStream stream, long at) {

	}

	void add(PastStream stream, long now) {
		long total = this.bytes.addAndGet(stream.bytes());
		this.ended.add(new Ended(stream, now));
		Ended oldest;
		while (total > this.limit && (oldest = this.ended.poll()) != null) {
			this.forgotten.accumulateAndGet(oldest.at(), Math::max);
			total = this.bytes.addAndGet(-oldest.stream().bytes());
		}
	}

	List<PastStream> of(String user) {
		List<PastStream> found = new ArrayList<>();
		for (Ended one : this.ended) {
			if (one.stream().user().equals(user)) {
				found.add(one.stream());
			}
		}
		return found;
	}

	/** All that are there, the last first. */
	List<Ended> all() {
		return new ArrayList<>(this.ended).reversed();
	}

	/** Since when each that ended is there. */
	long since(long began) {
		return Math.max(began, this.forgotten.get() + 1);
	}

	long bytes() {
		return this.bytes.get();
	}

}
