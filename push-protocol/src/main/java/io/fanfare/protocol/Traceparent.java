package io.fanfare.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The trace that something belongs to, and the span that it is part of (W3C Trace
 * Context, section 3.2). Only what can be written as version 00 is one: the text has
 * {@link #LENGTH} characters, whatever it says.
 *
 * @param traceId 32 lower-case hexadecimal digits, not all 0
 * @param spanId 16 lower-case hexadecimal digits, not all 0
 * @param flags the eight flags
 */
public record Traceparent(String traceId, String spanId, byte flags) {

	/** How long its text is. */
	public static final int LENGTH = 55;

	private static final int TRACE_AT = 3;

	private static final int SPAN_AT = 36;

	private static final int FLAGS_AT = 53;

	private static final int SAMPLED = 1;

	private static final String DIGITS = "0123456789abcdef";

	/**
	 * Reads one.
	 * @param text the text, from anywhere
	 * @return it, or null where the text is none
	 */
	public static @Nullable Traceparent parse(@Nullable String text) {
		if (text == null || text.length() != LENGTH || !text.startsWith("00-") || text.charAt(SPAN_AT - 1) != '-'
				|| text.charAt(FLAGS_AT - 1) != '-') {
			return null;
		}
		if (!isId(text, TRACE_AT, SPAN_AT - 1) || !isId(text, SPAN_AT, FLAGS_AT - 1)) {
			return null;
		}
		int high = digit(text.charAt(FLAGS_AT));
		int low = digit(text.charAt(FLAGS_AT + 1));
		if (high < 0 || low < 0) {
			return null;
		}
		return new Traceparent(text.substring(TRACE_AT, SPAN_AT - 1), text.substring(SPAN_AT, FLAGS_AT - 1),
				(byte) (high << 4 | low));
	}

	/** Hexadecimal digits, one of which is not 0. */
	private static boolean isId(String text, int from, int to) {
		boolean some = false;
		for (int i = from; i < to; i++) {
			int digit = digit(text.charAt(i));
			if (digit < 0) {
				return false;
			}
			some |= digit != 0;
		}
		return some;
	}

	/** Upper case is not allowed. */
	private static int digit(char c) {
		return (c >= '0' && c <= '9') ? c - '0' : (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
	}

	/**
	 * Returns whether its caller records the trace.
	 * @return whether it does
	 */
	public boolean isSampled() {
		return (this.flags & SAMPLED) != 0;
	}

	/** As it stands in a header and in an envelope. */
	@Override
	public String toString() {
		return "00-" + this.traceId + "-" + this.spanId + "-" + DIGITS.charAt(this.flags >> 4 & 0xF)
				+ DIGITS.charAt(this.flags & 0xF);
	}

}
