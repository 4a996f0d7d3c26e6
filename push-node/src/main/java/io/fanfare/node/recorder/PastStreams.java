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

	private final ConcurrentLinkedQueue<PastStream> ended = new ConcurrentLinkedQueue<>();

	/** When the last that is not kept any more ended. */
	private final AtomicLong forgotten = new AtomicLong();

	PastStreams(long limit) {
		this.limit = limit;
	}

	void add(PastStream stream) {
		long total = this.bytes.addAndGet(stream.bytes());
		this.ended.add(stream);
		PastStream oldest;
		while (total > this.limit && (oldest = this.ended.poll()) != null) {
			Long endedAt = oldest.endedAt();
			this.forgotten.accumulateAndGet((endedAt != null) ? endedAt : 0, Math::max);
			total = this.bytes.addAndGet(-oldest.bytes());
		}
	}

	List<PastStream> of(String user) {
		List<PastStream> found = new ArrayList<>();
		for (PastStream stream : this.ended) {
			if (stream.user().equals(user)) {
				found.add(stream);
			}
		}
		return found;
	}

	/** Since when each that ended is there. */
	long since(long began) {
		return Math.max(began, this.forgotten.get() + 1);
	}

	long bytes() {
		return this.bytes.get();
	}

}
