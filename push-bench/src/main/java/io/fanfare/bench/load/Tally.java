package io.fanfare.bench.load;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.DataFormatException;

import org.HdrHistogram.Histogram;

/**
 * What one load process has seen since its phase began. Belongs to its loop; what
 * {@link #write} gave travels to the parent, where {@link #read} and {@link #add} put the
 * processes together.
 */
public final class Tally {

	private static final long LONGEST_MICROS = 600_000_000;

	/** Streams that are open now. */
	public long open;

	/** Opens that were refused, whatever the status. */
	public long refused;

	/** Connections that could not be made or broke with an error. */
	public long errors;

	/** Streams that the server ended. */
	public long ended;

	/** Messages. */
	public long received;

	/** Messages that came twice, or after one with a higher number. */
	public long disordered;

	/** Numbers that were left out. */
	public long missing;

	/** Messages of an earlier phase. */
	public long late;

	/** Marks with something unreadable behind them. */
	public long unreadable;

	/** Bytes, framing included. */
	public long bytes;

	/** Due to received, messages to many, in microseconds. */
	public final Histogram shared = new Histogram(LONGEST_MICROS, 3);

	/** Due to received, messages to one user, in microseconds. */
	public final Histogram single = new Histogram(LONGEST_MICROS, 3);

	/** Connecting to the answer's head, in microseconds. */
	public final Histogram opens = new Histogram(LONGEST_MICROS, 3);

	void clear() {
		this.refused = 0;
		this.errors = 0;
		this.ended = 0;
		this.received = 0;
		this.disordered = 0;
		this.missing = 0;
		this.late = 0;
		this.unreadable = 0;
		this.bytes = 0;
		this.shared.reset();
		this.single.reset();
		this.opens.reset();
	}

	static long micros(long nanos) {
		return Math.clamp(nanos / 1000, 0, LONGEST_MICROS);
	}

	/**
	 * Adds what another process saw.
	 * @param other the other's
	 */
	public void add(Tally other) {
		this.open += other.open;
		this.refused += other.refused;
		this.errors += other.errors;
		this.ended += other.ended;
		this.received += other.received;
		this.disordered += other.disordered;
		this.missing += other.missing;
		this.late += other.late;
		this.unreadable += other.unreadable;
		this.bytes += other.bytes;
		this.shared.add(other.shared);
		this.single.add(other.single);
		this.opens.add(other.opens);
	}

	/**
	 * What went wrong, as a sum: 0 for a clean phase.
	 * @return the sum
	 */
	public long flaws() {
		return this.refused + this.errors + this.ended + this.disordered + this.missing + this.unreadable;
	}

	/** One line; histograms only where they are asked for. */
	String write(boolean histograms) {
		StringBuilder line = new StringBuilder();
		numbers().forEach((name, value) -> line.append(name).append('=').append(value).append(' '));
		if (histograms) {
			line.append("shared=").append(encode(this.shared));
			line.append(" single=").append(encode(this.single));
			line.append(" opens=").append(encode(this.opens));
		}
		return line.toString().trim();
	}

	private Map<String, Long> numbers() {
		Map<String, Long> numbers = new LinkedHashMap<>();
		numbers.put("open", this.open);
		numbers.put("refused", this.refused);
		numbers.put("errors", this.errors);
		numbers.put("ended", this.ended);
		numbers.put("received", this.received);
		numbers.put("disordered", this.disordered);
		numbers.put("missing", this.missing);
		numbers.put("late", this.late);
		numbers.put("unreadable", this.unreadable);
		numbers.put("bytes", this.bytes);
		return numbers;
	}

	static Tally read(String line) {
		Tally tally = new Tally();
		for (String pair : line.split(" ")) {
			int equals = pair.indexOf('=');
			String value = pair.substring(equals + 1);
			switch (pair.substring(0, equals)) {
				case "open" -> tally.open = Long.parseLong(value);
				case "refused" -> tally.refused = Long.parseLong(value);
				case "errors" -> tally.errors = Long.parseLong(value);
				case "ended" -> tally.ended = Long.parseLong(value);
				case "received" -> tally.received = Long.parseLong(value);
				case "disordered" -> tally.disordered = Long.parseLong(value);
				case "missing" -> tally.missing = Long.parseLong(value);
				case "late" -> tally.late = Long.parseLong(value);
				case "unreadable" -> tally.unreadable = Long.parseLong(value);
				case "bytes" -> tally.bytes = Long.parseLong(value);
				case "shared" -> tally.shared.add(decode(value));
				case "single" -> tally.single.add(decode(value));
				case "opens" -> tally.opens.add(decode(value));
				default -> throw new IllegalArgumentException(pair);
			}
		}
		return tally;
	}

	private static String encode(Histogram histogram) {
		ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
		int length = histogram.encodeIntoCompressedByteBuffer(buffer);
		byte[] bytes = new byte[length];
		buffer.flip();
		buffer.get(bytes);
		return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
	}

	private static Histogram decode(String text) {
		try {
			return Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(Base64.getUrlDecoder().decode(text)), 0);
		}
		catch (DataFormatException ex) {
			throw new IllegalArgumentException(ex);
		}
	}

}
