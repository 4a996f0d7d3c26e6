package io.fanfare.node.memory;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.springframework.util.unit.DataSize;

/**
 * A part of the heap: a percentage such as {@code 25%}, or a size such as {@code 512MB}.
 * From 1 % to 80 % of the largest heap.
 */
public final class HeapShare {

	private static final double LEAST = 0.01;

	private static final double MOST = 0.8;

	private final String text;

	private final double share;

	private final long size;

	private HeapShare(String text, double share, long size) {
		this.text = text;
		this.share = share;
		this.size = size;
	}

	/**
	 * Parses a setting.
	 * @param text a percentage or a size
	 * @return the share
	 */
	public static HeapShare of(String text) {
		String trimmed = text.trim();
		if (!trimmed.endsWith("%")) {
			return new HeapShare(trimmed, 0, size(trimmed));
		}
		double share = percentage(trimmed.substring(0, trimmed.length() - 1).trim()) / 100;
		if (!(share >= LEAST && share <= MOST)) {
			throw new IllegalArgumentException("\"" + trimmed + "\" is not between 1% and 80% of the heap");
		}
		return new HeapShare(trimmed, share, 0);
	}

	private static double percentage(String number) {
		if (!number.matches("\\d{1,3}(\\.\\d{1,3})?")) {
			throw new IllegalArgumentException("\"" + number + "%\" is not a percentage such as 25%");
		}
		return Double.parseDouble(number);
	}

	private static long size(String text) {
		DataSize size;
		try {
			size = DataSize.parse(text);
		}
		catch (IllegalArgumentException | ArithmeticException ex) {
			throw new IllegalArgumentException(
					"\"" + text + "\" is neither a percentage such as 25% nor a size such as 512MB", ex);
		}
		if (size.toBytes() < 1) {
			throw new IllegalArgumentException("\"" + text + "\" is not a positive size");
		}
		return size.toBytes();
	}

	/**
	 * How many bytes it is.
	 * @param heap the largest heap
	 * @return the bytes
	 * @throws IllegalArgumentException if that is less than 1 % or more than 80 % of it
	 */
	public long ofHeap(long heap) {
		if (this.size == 0) {
			return (long) (heap * this.share);
		}
		InvalidSettingException.require(this.size >= heap * LEAST && this.size <= heap * MOST, "fanfare.memory.owed",
				this.text + " is not between 1% and 80% of the heap of " + (heap >> 20) + " MiB");
		return this.size;
	}

	@Override
	public String toString() {
		return this.text;
	}

}
