package io.fanfare.faults.traffic;

import java.time.Duration;
import java.util.List;

/**
 * What is known of a page at some moment.
 *
 * @param page tells pages of one user apart
 * @param user whose it is
 * @param channels what it receives
 * @param live whether it has a stream
 * @param longestQuiet the longest time for which a stream of it was open and nothing at
 * all came, no heartbeat either
 * @param journal what it wrote down, in order
 */
public record Notes(String page, String user, List<String> channels, boolean live, Duration longestQuiet,
		List<Entry> journal) {

	public Notes {
		channels = List.copyOf(channels);
		journal = List.copyOf(journal);
	}

}
