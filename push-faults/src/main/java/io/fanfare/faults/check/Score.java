package io.fanfare.faults.check;

import java.time.Duration;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What came of a scenario.
 *
 * @param published messages answered by 200
 * @param refused answers of the API other than 200
 * @param slowestRefusal the longest that a publisher waited for one
 * @param delivered messages that pages heard
 * @param lost messages that a page should have heard, did not, and was not told of
 * @param unannounced of these, those that a stream passed over which was open all along
 * @param doubled messages that a page heard twice
 * @param reordered messages below one that the same stream had heard before
 * @param gaps gaps announced
 * @param falseGaps of these, those where nothing was missing
 * @param longestSilence the longest time between two messages for any page
 * @param recovery from the end of the fault until every page had heard something
 * published since; null where no fault ended
 * @param twice the longest for which a stream heard messages after a newer one of the
 * same user had begun
 * @param revoked the longest for which a stream heard messages after the revocation of
 * its user was answered
 * @param closed streams of steady pages that ended
 * @param revived streams that clients got after they were told to stop, or after their
 * user was revoked
 * @param measured what was measured besides, in words
 * @param complaints what is not as expected, in words; empty if all is well
 */
public record Score(int published, int refused, Duration slowestRefusal, int delivered, int lost, int unannounced,
		int doubled, int reordered, int gaps, int falseGaps, Duration longestSilence, @Nullable Duration recovery,
		Duration twice, Duration revoked, int closed, int revived, List<String> measured, List<String> complaints) {

	public Score {
		measured = List.copyOf(measured);
		complaints = List.copyOf(complaints);
	}

	/**
	 * The same with other complaints.
	 * @param all all of them
	 * @return the score
	 */
	public Score with(List<String> all) {
		return new Score(this.published, this.refused, this.slowestRefusal, this.delivered, this.lost, this.unannounced,
				this.doubled, this.reordered, this.gaps, this.falseGaps, this.longestSilence, this.recovery, this.twice,
				this.revoked, this.closed, this.revived, this.measured, all);
	}

	/**
	 * The same with streams of revoked users.
	 * @param longest how long one heard messages after the revocation was answered
	 * @return the score
	 */
	public Score revoked(Duration longest) {
		return new Score(this.published, this.refused, this.slowestRefusal, this.delivered, this.lost, this.unannounced,
				this.doubled, this.reordered, this.gaps, this.falseGaps, this.longestSilence, this.recovery, this.twice,
				longest, this.closed, this.revived, this.measured, this.complaints);
	}

	/**
	 * The same with streams of clients that were told to stop, or whose user was revoked.
	 * @param streams how many they got
	 * @return the score
	 */
	public Score revived(int streams) {
		return new Score(this.published, this.refused, this.slowestRefusal, this.delivered, this.lost, this.unannounced,
				this.doubled, this.reordered, this.gaps, this.falseGaps, this.longestSilence, this.recovery, this.twice,
				this.revoked, this.closed, streams, this.measured, this.complaints);
	}

	/**
	 * The same with what was measured besides.
	 * @param all all of it, in words
	 * @return the score
	 */
	public Score measured(List<String> all) {
		return new Score(this.published, this.refused, this.slowestRefusal, this.delivered, this.lost, this.unannounced,
				this.doubled, this.reordered, this.gaps, this.falseGaps, this.longestSilence, this.recovery, this.twice,
				this.revoked, this.closed, this.revived, all, this.complaints);
	}

}
