package io.fanfare.redis.revocation;

import java.util.List;

/**
 * What a renewal read of the log of revocations.
 *
 * @param upTo the id of the last entry that was read
 * @param extent whether that is all
 * @param revocations those that are in force
 */
public record RevocationPage(long upTo, Extent extent, List<Revocation> revocations) {

	/** How far it reaches. */
	public enum Extent {

		/** To the end of the log. */
		ALL,
		/** There are others behind it. */
		MORE,
		/** The log no longer holds all that the reader does not know. */
		BEHIND

	}

	/**
	 * Returns whether it says all that was revoked before the renewal.
	 * @return whether it does
	 */
	public boolean isComplete() {
		return this.extent == Extent.ALL;
	}

}
