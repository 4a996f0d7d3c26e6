package io.fanfare.node.simulation;

import java.util.PriorityQueue;

/** Tasks that become due, in virtual milliseconds. */
final class Timers {

	private final PriorityQueue<Timer> timers = new PriorityQueue<>();

	private long sequence;

	private record Timer(long at, long sequence, Runnable task) implements Comparable<Timer> {

		@Override
		public int compareTo(Timer other) {
			int byTime = Long.compare(this.at, other.at);
			return (byTime != 0) ? byTime : Long.compare(this.sequence, other.sequence);
		}

	}

	void add(long at, Runnable task) {
		this.timers.add(new Timer(at, this.sequence++, task));
	}

	/** When the next is due. */
	long next() {
		Timer first = this.timers.peek();
		return (first != null) ? first.at() : Long.MAX_VALUE;
	}

	/** Runs the next. */
	void run() {
		this.timers.remove().task().run();
	}

}
