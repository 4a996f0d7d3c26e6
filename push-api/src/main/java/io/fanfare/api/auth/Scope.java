package io.fanfare.api.auth;

import java.util.Locale;

/** What a call needs. */
public enum Scope {

	/** Publish; a caller may hold it for some channels only. */
	PUBLISH,
	/** Look at users, channels and nodes. */
	READ,
	/** End streams. */
	ADMIN,
	/** Make tokens for streams. */
	TOKENS;

	/**
	 * The name in API keys and tokens.
	 * @return the name
	 */
	public String wireName() {
		return name().toLowerCase(Locale.ROOT);
	}

}
