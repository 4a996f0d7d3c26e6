package io.fanfare.node.recorder;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A stream that ended, as bytes that another node reads: some 200 for one that was only
 * live. Records of several streams stand one behind the other.
 */
public final class StreamRecord {

	/** Of the form of a record, and of what its numbers stand for. */
	private static final int VERSION = 1;

	private StreamRecord() {
	}

	/**
	 * Writes a stream.
	 * @param stream the stream
	 * @return the record
	 */
	public static byte[] write(PastStream stream) {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
		try (DataOutputStream out = new DataOutputStream(bytes)) {
			out.writeByte(VERSION);
			out.writeUTF(stream.connection());
			out.writeLong(stream.openedAt());
			Long endedAt = stream.endedAt();
			String ending = stream.ending();
			out.writeLong((endedAt != null) ? endedAt : 0);
			out.writeUTF((ending != null) ? ending : "");
			LongArrays.write(out, stream.channels());
			out.writeLong(stream.position());
			out.writeLong(stream.ownUpTo());
			out.writeLong(stream.lastMessageAt());
			out.writeLong(stream.acknowledged());
			LongArrays.write(out, stream.acknowledgedAbove());
			stream.journal().write(out);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return bytes.toByteArray();
	}

	/**
	 * Reads records.
	 * @param user whose they are
	 * @param records one behind the other
	 * @return the streams, in the same order
	 * @throws IllegalArgumentException if they are of another version, or damaged
	 */
	public static List<PastStream> read(String user, byte[] records) {
		List<PastStream> streams = new ArrayList<>();
		try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(records))) {
			for (int version = in.read(); version >= 0; version = in.read()) {
				if (version != VERSION) {
					throw new IllegalArgumentException("Records of streams have the version " + version);
				}
				streams.add(read(user, in));
			}
		}
		catch (IOException | IndexOutOfBoundsException ex) {
			throw new IllegalArgumentException("Records of streams cannot be read", ex);
		}
		return streams;
	}

	private static PastStream read(String user, DataInputStream in) throws IOException {
		String connection = in.readUTF();
		long openedAt = in.readLong();
		long endedAt = in.readLong();
		String ending = in.readUTF();
		long[] channels = LongArrays.read(in);
		long position = in.readLong();
		long ownUpTo = in.readLong();
		long lastMessageAt = in.readLong();
		long acknowledged = in.readLong();
		long[] above = LongArrays.read(in);
		return new PastStream(connection, user, openedAt, (endedAt != 0) ? endedAt : null,
				!ending.isEmpty() ? ending : null, StreamJournal.read(in), channels, position, ownUpTo, lastMessageAt,
				acknowledged, above);
	}

}
