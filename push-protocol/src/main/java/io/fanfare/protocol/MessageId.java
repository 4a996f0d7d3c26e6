package io.fanfare.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The id of a message, and of every other point in the life of a partition: a value of a
 * hybrid clock, written {@code ms-seq}. Ids of one partition are given by one clock and
 * never go back, so comparing two of them says which came first.
 * <p>
 * Inside the node an id travels as a {@code long}, {@code ms * 2^20 + seq}: the scripts
 * keep {@code seq} below 2^20 and {@code ms} lies below 2^43 until the year 2248. This
 * class is where the two forms meet.
 */
public final class MessageId {

	/** Below every id that was ever given. */
	public static final long ZERO = 0;

	/** Above every id that will ever be given. */
	public static final long MAX = Long.MAX_VALUE;

	private static final int MS_DIGITS = 13;

	private static final int SEQ_DIGITS = 7;

	/** The written form as a regular expression. */
	public static final String PATTERN = "[0-9]{1," + MS_DIGITS + "}-[0-9]{1," + SEQ_DIGITS + "}";

	private static final int SEQ_BITS = 20;

	private static final long SEQ_LIMIT = 1L << SEQ_BITS;

	private static final long MS_LIMIT = 1L << 43;

	private MessageId() {
	}

	/**
	 * Packs an id.
	 * @param ms milliseconds since the epoch
	 * @param seq the sequence number within that millisecond
	 * @return the id
	 * @throws IllegalArgumentException if a part is out of range
	 */
	public static long of(long ms, long seq) {
		if (ms < 0 || ms >= MS_LIMIT || seq < 0 || seq >= SEQ_LIMIT) {
			throw new IllegalArgumentException("Id out of range: " + ms + "-" + seq);
		}
		return ms << SEQ_BITS | seq;
	}

	/**
	 * Reads the written form.
	 * @param text {@code ms-seq}
	 * @return the id
	 * @throws IllegalArgumentException if the text is no id
	 */
	public static long parse(String text) {
		Long id = tryParse(text);
		if (id == null) {
			throw new IllegalArgumentException("Not a message id: '" + text + "'");
		}
		return id;
	}

	/**
	 * Reads the written form where it may be anything.
	 * @param text what a client sent
	 * @return the id, or null if the text is none
	 */
	public static @Nullable Long tryParse(String text) {
		int dash = text.indexOf('-');
		int seqDigits = text.length() - dash - 1;
		if (dash < 1 || dash > MS_DIGITS || seqDigits < 1 || seqDigits > SEQ_DIGITS) {
			return null;
		}
		long ms = digits(text, 0, dash);
		long seq = digits(text, dash + 1, text.length());
		return (ms < 0 || ms >= MS_LIMIT || seq < 0 || seq >= SEQ_LIMIT) ? null : ms << SEQ_BITS | seq;
	}

	private static long digits(String text, int from, int to) {
		long value = 0;
		for (int i = from; i < to; i++) {
			int digit = text.charAt(i) - '0';
			if (digit < 0 || digit > 9) {
				return -1;
			}
			value = value * 10 + digit;
		}
		return value;
	}

	/**
	 * Writes an id.
	 * @param id the id
	 * @return {@code ms-seq}
	 */
	public static String format(long id) {
		return timestamp(id) + "-" + (id & SEQ_LIMIT - 1);
	}

	/**
	 * Tells when an id was taken, by the clock of Redis. It may run ahead of it after
	 * that clock stepped back.
	 * @param id the id
	 * @return milliseconds since the epoch
	 */
	public static long timestamp(long id) {
		return id >>> SEQ_BITS;
	}

}
