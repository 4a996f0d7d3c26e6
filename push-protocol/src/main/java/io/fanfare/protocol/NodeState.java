package io.fanfare.protocol;

import java.util.Locale;

/**
 * What a node says of itself. A node of a later version may say something else, which is
 * none of these.
 */
public enum NodeState {

	/** It takes streams. */
	UP,
	/** It is not ready to take streams. */
	NOT_READY,
	/** It takes no streams any more, and sends away those it has. */
	DRAINING,
	/** Its streams are gone, and its process ends: the last that it says. */
	DRAINED;

	private final String wireName = name().toLowerCase(Locale.ROOT).replace('_', '-');

	/**
	 * The name in statuses and answers.
	 * @return the name
	 */
	public String wireName() {
		return this.wireName;
	}

}
