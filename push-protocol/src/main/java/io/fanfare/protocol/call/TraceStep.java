package io.fanfare.protocol.call;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/** What one stream did with one message. */
public enum TraceStep {

	/** It was written while the stream was live. */
	WRITTEN,

	/** It was read from history and written. */
	REPLAYED,

	/** It is to be written. */
	OWED,

	/** The client was notified that it may be missing. */
	GAP,

	/** It was not stored, and passed while the stream read history. */
	EPHEMERAL,

	/** It was past its time to live before it could be written. */
	EXPIRED,

	/** It was erased before it could be written. */
	ERASED,

	/** The stream is not subscribed to its channel. */
	NO_RIGHT,

	/** It lies at or below the id from which the stream began. */
	BEFORE,

	/** The stream ended before it was written. */
	MISSED,

	/** What was recorded does not tell. */
	UNKNOWN;

	private final String wireName = name().toLowerCase(Locale.ROOT).replace('_', '-');

	/**
	 * The name on the wire.
	 * @return the name
	 */
	public String wireName() {
		return this.wireName;
	}

	/**
	 * Finds a step by its name.
	 * @param wireName the name
	 * @return the step; {@link #UNKNOWN} for one of a later version
	 */
	public static TraceStep of(@Nullable String wireName) {
		for (TraceStep step : values()) {
			if (step.wireName.equals(wireName)) {
				return step;
			}
		}
		return UNKNOWN;
	}

}
