package io.fanfare.protocol.http;

/** What is known of a connection. Any thread may call. */
final class Visit {

	private final long since;

	private volatile boolean answered;

	/**
	 * It was seen for the first time.
	 * @param since when
	 */
	Visit(long since) {
		this.since = since;
	}

	long since() {
		return this.since;
	}

	/** A request on it was answered, and not refused. */
	void answered() {
		this.answered = true;
	}

	boolean isAnswered() {
		return this.answered;
	}

}
