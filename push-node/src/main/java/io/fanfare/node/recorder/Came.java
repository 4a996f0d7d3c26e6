package io.fanfare.node.recorder;

import io.fanfare.protocol.call.CallResult.Route;

/**
 * How the node was handed a message, and for which connection.
 *
 * @param route how
 * @param connection the connection that presence named, by a hash; 0 where it named none
 */
public record Came(Route route, int connection) {

	private static final int BITS = 29;

	/** A connection as a number of 29 bits. */
	static int hash(String connection) {
		return connection.hashCode() & (1 << BITS) - 1;
	}

	/**
	 * Whether a connection received it.
	 * @param id the connection's id
	 * @return whether it did, if it was there
	 */
	boolean isFor(String id) {
		return this.route.held() && (!this.route.named() || this.connection == hash(id));
	}

}
