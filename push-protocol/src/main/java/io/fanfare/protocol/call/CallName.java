package io.fanfare.protocol.call;

import java.util.Locale;

import org.jspecify.annotations.Nullable;

/** What nodes may be asked. A node that knows no call of a name says so. */
public enum CallName {

	/** A page of a node's connections, or of those that ended there. */
	LIST_CONNECTIONS(CallRequest.ListConnections.class),

	/** One connection. */
	SHOW_CONNECTION(CallRequest.ShowConnection.class),

	/** How many streams are subscribed to a channel. */
	COUNT_SUBSCRIBERS(CallRequest.CountSubscribers.class),

	/** Ends some connections. */
	DISCONNECT(CallRequest.Disconnect.class),

	/** Ends streams whose right was revoked. */
	REVOKE(CallRequest.Revoke.class),

	/** Copies what a user is sent to the process that asks. */
	TAIL(CallRequest.Tail.class),

	/** What became of a message on its way to a user. */
	TRACE(CallRequest.Trace.class),

	/** What it became on streams of nodes that ended, by the records that they left. */
	TRACE_HANDOVER(CallRequest.TraceHandover.class),

	/** Sends some of its connections on to other nodes. */
	SEND_ON(CallRequest.SendOn.class),

	/** Sends all of them on, and ends the node. */
	DRAIN(CallRequest.Drain.class);

	private final String wireName = name().toLowerCase(Locale.ROOT).replace('_', '-');

	private final Class<? extends CallRequest<?>> request;

	CallName(Class<? extends CallRequest<?>> request) {
		this.request = request;
	}

	/**
	 * The name on the wire.
	 * @return the name
	 */
	public String wireName() {
		return this.wireName;
	}

	/**
	 * What a node is asked with.
	 * @return the type of the requests
	 */
	public Class<? extends CallRequest<?>> request() {
		return this.request;
	}

	/**
	 * Finds a call by its wire name.
	 * @param wireName the name
	 * @return the call, or null if this version knows none of that name
	 */
	public static @Nullable CallName find(String wireName) {
		for (CallName name : values()) {
			if (name.wireName.equals(wireName)) {
				return name;
			}
		}
		return null;
	}

}
