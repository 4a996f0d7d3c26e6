package io.fanfare.node.recorder;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** Arrays of numbers in records. */
final class LongArrays {

	private LongArrays() {
	}

	/** Writes how many there are, then each. */
	static void write(DataOutput out, long[] values) throws IOException {
		out.writeShort(values.length);
		for (long value : values) {
			out.writeLong(value);
		}
	}

	static long[] read(DataInput in) throws IOException {
		return read(in, in.readUnsignedShort());
	}

	static long[] read(DataInput in, int length) throws IOException {
		long[] values = new long[length];
		for (int i = 0; i < length; i++) {
			values[i] = in.readLong();
		}
		return values;
	}

}
