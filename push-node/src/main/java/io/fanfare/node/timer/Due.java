package io.fanfare.node.timer;

/**
 * A policy's answer.
 *
 * @param action what is to be done now
 * @param nextNanos how long until the policy wants to be asked again, at most; not
 * positive where it wants to be asked at the next look
 */
public record Due(Action action, long nextNanos) {

	/** Nothing is to be done, now or later. */
	public static final Due NEVER = new Due(Action.NOTHING, Long.MAX_VALUE);

	/**
	 * Returns whether something is to be done now.
	 * @return whether something is
	 */
	public boolean isDue() {
		return !(this.action instanceof Action.Nothing);
	}

	/**
	 * Nothing is to be done for a while.
	 * @param nanos how long
	 * @return the answer
	 */
	static Due in(long nanos) {
		return new Due(Action.NOTHING, nanos);
	}

	/**
	 * Something is to be done, and then the policy is to be asked again.
	 * @param action what
	 * @return the answer
	 */
	static Due now(Action action) {
		return new Due(action, 0);
	}

}
