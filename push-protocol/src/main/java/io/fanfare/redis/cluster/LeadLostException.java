package io.fanfare.redis.cluster;

/** Another process may lead what this one led. */
@SuppressWarnings("serial")
public final class LeadLostException extends RuntimeException {

	/** Creates it. */
	public LeadLostException() {
		super("Another process may lead now");
	}

}
