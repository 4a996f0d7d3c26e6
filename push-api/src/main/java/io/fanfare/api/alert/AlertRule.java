package io.fanfare.api.alert;

import java.util.Locale;

/** What an alert is about. */
enum AlertRule {

	/** A node is nearly full. */
	CONNECTIONS,
	/** A node takes much of the memory that it may have. */
	MEMORY,
	/** Many streams of a node end by an error. */
	ERROR_RATE,
	/** Messages reach the clients of a node late. */
	RESPONSE_TIME,
	/** A node stopped to report and was not drained. */
	NODE_LOST,
	/** Redis does not answer an API process. */
	REDIS_AWAY;

	private final String wireName = name().toLowerCase(Locale.ROOT).replace('_', '-');

	/** The name in messages, metrics and settings. */
	String wireName() {
		return this.wireName;
	}

}
