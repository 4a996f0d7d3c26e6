package io.fanfare.protocol.http;

import java.util.concurrent.atomic.AtomicBoolean;

/** What is known of a connection. Any thread may call. */
final class Visit {

	private final long since;

	private volatile boolean answered;

	private volatile long answeredAt;

	private volatile boolean served;

	/** An event that ends the connection is on its way. */
	private final AtomicBoolean ending = new AtomicBoolean();

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
	void answered(long now) {
		this.answeredAt = now;
		this.answered = true;
	}

	boolean isAnswered() {
		return this.answered;
	}

	/** When the newest request was answered. To be asked if one was. */
	long answeredAt() {
		return this.answeredAt;
	}

	/** Whether a thread is at its requests from now on. */
	void served(boolean served) {
		this.served = served;
	}

	boolean isServed() {
		return this.served;
	}

	/** An event that ends it is sent from now on. */
	void ending() {
		this.ending.set(true);
	}

	boolean isEnding() {
		return this.ending.get();
	}

	/**
	 * It is not to end after all.
	 * @return whether it was to
	 */
	boolean spare() {
		return this.ending.compareAndSet(true, false);
	}

}
