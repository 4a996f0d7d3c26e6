package io.fanfare.protocol;

import java.util.Locale;

import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** Where a connection stands in its life. */
public enum ConnectionState {

	/** It asked for a stream and is not admitted yet. */
	CONNECTING,
	/** It waits for a place. */
	WAITING,
	/** It had a message lately. */
	ACTIVE,
	/** It had no message for long. */
	IDLE,
	/** Its last errors are not made up for. */
	ERROR,
	/** It ended. */
	CLOSED;

	private final String wireName = name().toLowerCase(Locale.ROOT);

	/**
	 * The name in queries and answers.
	 * @return the name
	 */
	@JsonValue
	public String wireName() {
		return this.wireName;
	}

	/**
	 * Finds a state by its wire name.
	 * @param wireName the name
	 * @return the state, or null if there is none of that name
	 */
	public static @Nullable ConnectionState find(String wireName) {
		for (ConnectionState state : values()) {
			if (state.wireName.equals(wireName)) {
				return state;
			}
		}
		return null;
	}

}
