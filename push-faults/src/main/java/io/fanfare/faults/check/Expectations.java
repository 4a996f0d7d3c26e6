package io.fanfare.faults.check;

import java.time.Duration;

/**
 * What a scenario may cost. That nothing is lost without a word, nothing comes twice and
 * everything in order is not for a scenario to choose.
 *
 * @param losesData whether Redis loses data: then gaps are announced, possibly where
 * nothing was lost
 * @param streamsStay whether no stream may end
 * @param heartbeats whether an open stream hears something with every heartbeat
 * @param recovery until when every page must hear again once the fault is over
 * @param takeover for how long a stream may still hear after a newer one of the same user
 * began
 */
public record Expectations(boolean losesData, boolean streamsStay, boolean heartbeats, Duration recovery,
		Duration takeover) {

	/** Nothing lost, streams may end, pages hear again within 10 s. */
	public static final Expectations ORDINARY = new Expectations(false, false, true, Duration.ofSeconds(10),
			Duration.ofSeconds(1));

	/**
	 * Redis loses data.
	 * @return such expectations
	 */
	public Expectations dataLost() {
		return new Expectations(true, this.streamsStay, this.heartbeats, this.recovery, this.takeover);
	}

	/**
	 * No stream ends.
	 * @return such expectations
	 */
	public Expectations streamsStaying() {
		return new Expectations(this.losesData, true, this.heartbeats, this.recovery, this.takeover);
	}

	/**
	 * Open streams may be silent, for their node is.
	 * @return such expectations
	 */
	public Expectations silent() {
		return new Expectations(this.losesData, this.streamsStay, false, this.recovery, this.takeover);
	}

	/**
	 * Pages need longer to be back, for they have to notice first.
	 * @param within how long at most
	 * @return such expectations
	 */
	public Expectations recovering(Duration within) {
		return new Expectations(this.losesData, this.streamsStay, this.heartbeats, within, this.takeover);
	}

	/**
	 * A displaced stream cannot be told at once, for its node cannot.
	 * @param within how long at most
	 * @return such expectations
	 */
	public Expectations kicking(Duration within) {
		return new Expectations(this.losesData, this.streamsStay, this.heartbeats, this.recovery, within);
	}

}
