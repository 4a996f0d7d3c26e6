package io.fanfare.protocol;

import org.jspecify.annotations.Nullable;

/** The id of a connection: {@code <node's identity>.<something without a dot>}. */
public final class ConnectionId {

	private ConnectionId() {
	}

	/**
	 * Tells which node holds a connection.
	 * @param connection the connection's id
	 * @return the node's identity, or null if that is no connection id
	 */
	public static @Nullable String nodeOf(String connection) {
		int dot = connection.lastIndexOf('.');
		return (dot > 0 && dot < connection.length() - 1) ? connection.substring(0, dot) : null;
	}

}
