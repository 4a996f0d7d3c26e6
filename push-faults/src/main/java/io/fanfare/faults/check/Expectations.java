package io.fanfare.faults.check;

import java.time.Duration;

/**
 * What a scenario may cost. That nothing is lost without a word, nothing comes twice and
 * everything in order is not for a scenario to choose.
 *
 * @param losesData whether Redis loses data: then gaps are announced, possibly where
 * nothing was lost
 * @param hides whether messages may bypass a stream or go from the history: then gaps are
 * announced, each around something that is missing
 * @param streamsStay whether no stream may end
 * @param heartbeats whether an open stream receives something with every heartbeat
 * @param recovery until when every page must receive again once the fault is over
 * @param link whether nodes can be told at once that a user is received elsewhere; if
 * not, a displaced stream may receive messages until its node's lease is over
 */
public record Expectations(boolean losesData, boolean hides, boolean streamsStay, boolean heartbeats, Duration recovery,
		boolean link) {

	/** Nothing lost, streams may end, pages receive again within 10 s. */
	public static final Expectations ORDINARY = new Expectations(false, false, false, true, Duration.ofSeconds(10),
			true);

	/**
	 * Redis loses data.
	 * @return such expectations
	 */
	public Expectations dataLost() {
		return new Expectations(true, this.hides, this.streamsStay, this.heartbeats, this.recovery, this.link);
	}

	/**
	 * Messages may bypass a stream, or go from the history, and a gap says so.
	 * @return such expectations
	 */
	public Expectations hiding() {
		return new Expectations(this.losesData, true, this.streamsStay, this.heartbeats, this.recovery, this.link);
	}

	/**
	 * No stream ends.
	 * @return such expectations
	 */
	public Expectations streamsStaying() {
		return new Expectations(this.losesData, this.hides, true, this.heartbeats, this.recovery, this.link);
	}

	/**
	 * Open streams may be silent, for their node is.
	 * @return such expectations
	 */
	public Expectations silent() {
		return new Expectations(this.losesData, this.hides, this.streamsStay, false, this.recovery, this.link);
	}

	/**
	 * Pages need another time to receive again.
	 * @param time until when every page must
	 * @return such expectations
	 */
	public Expectations backWithin(Duration time) {
		return new Expectations(this.losesData, this.hides, this.streamsStay, this.heartbeats, time, this.link);
	}

	/**
	 * Nodes cannot be told, or not at once, that a user is received elsewhere.
	 * @return such expectations
	 */
	public Expectations unlinked() {
		return new Expectations(this.losesData, this.hides, this.streamsStay, this.heartbeats, this.recovery, false);
	}

	/**
	 * Whether nodes go on and reach Redis, so that they know what their streams receive.
	 * @return whether none is silent or cut off
	 */
	public boolean keepNodes() {
		return this.heartbeats && this.link;
	}

}
