package io.fanfare.node.recorder;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

import org.jspecify.annotations.Nullable;

/** When the client of a stream acknowledged what it received: the last times. */
final class AckTimes {

	private static final int MAX = 4;

	/** What one takes that has any. */
	static final int BYTES = 40 + 2 * MAX * Long.BYTES;

	private static final long[] NONE = new long[0];

	/** That of most streams; not to be changed. */
	static final AckTimes NOTHING = new AckTimes();

	/** Pairs of a cursor and when it was acknowledged, in a ring. */
	private long[] pairs = NONE;

	private int count;

	void add(long millis, long cursor) {
		if (this.pairs.length == 0) {
			this.pairs = new long[2 * MAX];
		}
		int at = 2 * (this.count++ & MAX - 1);
		this.pairs[at] = cursor;
		this.pairs[at + 1] = millis;
	}

	boolean isEmpty() {
		return this.count == 0;
	}

	AckTimes copy() {
		AckTimes copy = new AckTimes();
		copy.pairs = this.pairs.clone();
		copy.count = this.count;
		return copy;
	}

	void write(DataOutput out) throws IOException {
		LongArrays.write(out, this.pairs);
	}

	static AckTimes read(DataInput in) throws IOException {
		AckTimes read = new AckTimes();
		read.pairs = LongArrays.read(in);
		read.count = read.pairs.length / 2;
		return read;
	}

	/** When a message was acknowledged at the latest, as far as that is kept. */
	@Nullable Long by(long id) {
		long earliest = Long.MAX_VALUE;
		for (int i = 0; i < this.pairs.length; i += 2) {
			if (this.pairs[i] >= id && this.pairs[i + 1] != 0) {
				earliest = Math.min(earliest, this.pairs[i + 1]);
			}
		}
		return (earliest != Long.MAX_VALUE) ? earliest : null;
	}

}
