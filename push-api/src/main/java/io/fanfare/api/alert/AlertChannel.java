package io.fanfare.api.alert;

/** Where alerts are sent. */
interface AlertChannel extends AutoCloseable {

	/** The name in metrics and logs. */
	String name();

	/** How many alerts fit into a message. */
	default int limit() {
		return AlertBook.MAX_DUE;
	}

	/**
	 * Sends a message. May block for some ten seconds.
	 * @param message the message
	 * @throws AlertNotSentException if it was not taken, as far as is known
	 */
	void send(AlertMessage message) throws AlertNotSentException;

	@Override
	default void close() {
	}

}
