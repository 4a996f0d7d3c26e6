package io.fanfare.faults.traffic;

import org.jspecify.annotations.Nullable;

/**
 * What a message says: of which scenario it is, its number, how long it is, and to whom
 * it goes, filled up. So pages keep a number only, and see a message that was cut or
 * mixed with another.
 *
 * @param number its number among those that the scenario publishes
 * @param isWhole whether it is as long as it says, and nothing else
 */
record Text(int number, boolean isWhole) {

	private static final char FILLER = '.';

	/** Longer than a message may be. */
	private static final String FILLING = String.valueOf(FILLER).repeat(64 * 1024);

	static String write(String scenario, int number, String channel, int size) {
		StringBuilder text = new StringBuilder(scenario).append(' ').append(number).append(" to ").append(channel);
		if (text.length() < size) {
			text.append(' ').append(size).append(' ');
			text.repeat(FILLER, Math.max(0, size - text.length()));
		}
		return text.toString();
	}

	/** Returns null for a message of another scenario. */
	static @Nullable Text read(String prefix, String data) {
		if (!data.startsWith(prefix)) {
			return null;
		}
		int from = prefix.length();
		int number = Integer.parseInt(data, from, data.indexOf(' ', from), 10);
		int filler = data.indexOf(" " + FILLER);
		if (filler < 0) {
			return new Text(number, true);
		}
		int size = Integer.parseInt(data, data.lastIndexOf(' ', filler - 1) + 1, filler, 10);
		int rest = data.length() - filler - 1;
		return new Text(number, data.length() == size && data.regionMatches(filler + 1, FILLING, 0, rest));
	}

}
