package io.fanfare.test.tracing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A field of a message in the wire format of protobuf, as far as spans need it.
 *
 * @param number which field it is
 * @param value its value, where it is a number
 * @param bytes its value, where it is text, bytes or a message
 */
record ProtoField(int number, long value, byte[] bytes) {

	private static final byte[] NONE = new byte[0];

	/** Reads the fields of a message, in their order. */
	static List<ProtoField> read(byte[] message) {
		ByteBuffer in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
		List<ProtoField> fields = new ArrayList<>();
		while (in.hasRemaining()) {
			long tag = varint(in);
			int number = (int) (tag >>> 3);
			fields.add(switch ((int) tag & 7) {
				case 0 -> new ProtoField(number, varint(in), NONE);
				case 1 -> new ProtoField(number, in.getLong(), NONE);
				case 2 -> {
					byte[] bytes = new byte[Math.toIntExact(varint(in))];
					in.get(bytes);
					yield new ProtoField(number, 0, bytes);
				}
				case 5 -> new ProtoField(number, in.getInt(), NONE);
				default -> throw new IllegalArgumentException("Wire type of field " + number + ": " + (tag & 7));
			});
		}
		return fields;
	}

	/** The fields of one number, each a message. */
	static List<List<ProtoField>> messages(List<ProtoField> fields, int number) {
		return fields.stream().filter((field) -> field.number() == number).map((field) -> read(field.bytes())).toList();
	}

	private static long varint(ByteBuffer in) {
		long value = 0;
		for (int shift = 0; shift < Long.SIZE; shift += 7) {
			byte next = in.get();
			value |= (next & 0x7FL) << shift;
			if (next >= 0) {
				return value;
			}
		}
		throw new IllegalArgumentException("A number of more than 64 bits");
	}

	String text() {
		return new String(this.bytes, StandardCharsets.UTF_8);
	}

}
