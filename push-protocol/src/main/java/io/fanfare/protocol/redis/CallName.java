package io.fanfare.protocol.redis;

import java.util.Locale;

/** What nodes may be asked. A node that knows no call of a name says so. */
public enum CallName {

	/** A page of a node's connections, or of those that ended there. */
	LIST_CONNECTIONS,

	/** One connection. */
	SHOW_CONNECTION,

	/** Ends some connections. */
	DISCONNECT,

	/** Sends some of its connections on to other nodes. */
	SEND_ON,

	/** Sends all of them on, and ends the node. */
	DRAIN;

	private final String wireName = name().toLowerCase(Locale.ROOT).replace('_', '-');

	/**
	 * The name on the wire.
	 * @return the name
	 */
	public String wireName() {
		return this.wireName;
	}

}
