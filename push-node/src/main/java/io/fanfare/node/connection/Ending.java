package io.fanfare.node.connection;

import java.util.List;
import java.util.stream.Stream;

import io.fanfare.protocol.CloseReason;

/**
 * How a connection ended, for metrics and logs.
 *
 * @param reason the close reason's wire name, or {@code client}, {@code replaced},
 * {@code reset}, {@code broken}, {@code lapsed}, {@code unauthorized}
 * @param status what kind of end it was
 */
public record Ending(String reason, Status status) {

	/** The kinds. */
	public enum Status {

		/** In order. */
		COMPLETED,
		/** It reached a limit of time. */
		TIMEOUT,
		/** It broke. */
		ERROR,
		/** It was displaced or disconnected. */
		KICKED,
		/** The node lets go. */
		DRAINED

	}

	/** The client went. */
	static final Ending CLIENT = new Ending("client", Status.COMPLETED);

	/** A newer connection of the same client. */
	static final Ending REPLACED = new Ending("replaced", Status.COMPLETED);

	/** The node's lease lapsed before the stream was claimed. */
	static final Ending LAPSED = new Ending("lapsed", Status.ERROR);

	/** Its ticket had ended, or was spent by another. */
	static final Ending UNAUTHORIZED = new Ending("unauthorized", Status.COMPLETED);

	/**
	 * The other side reset the connection, as browsers and proxies do that go while
	 * something was not read: no error of a network.
	 */
	static final Ending RESET = new Ending("reset", Status.COMPLETED);

	/** The socket broke. */
	static final Ending BROKEN = new Ending("broken", Status.ERROR);

	/** Nothing reached the client any more. */
	static final Ending UNREACHABLE = new Ending("unreachable", Status.ERROR);

	/**
	 * All reasons there are: a closed set, so that each may have a counter of its own.
	 * @return the reasons
	 */
	public static List<String> reasons() {
		return Stream
			.concat(Stream.of(CLIENT, REPLACED, LAPSED, UNAUTHORIZED, RESET, BROKEN, UNREACHABLE).map(Ending::reason),
					Stream.of(CloseReason.values()).map(CloseReason::wireName))
			.toList();
	}

	static Ending of(CloseReason reason) {
		return new Ending(reason.wireName(), switch (reason) {
			case TAKEOVER, LOGOUT, PERMISSION_CHANGE, REVOKED -> Status.KICKED;
			case LIFETIME, IDLE, TOKEN_EXPIRED -> Status.TIMEOUT;
			case DRAIN, MAINTENANCE, REBALANCE, DRAINING -> Status.DRAINED;
			case SLOW, ZOMBIE, ERROR, MEMORY, REDIS_UNAVAILABLE, KEYS_UNAVAILABLE -> Status.ERROR;
			case PREEMPTED, FULL, RATE_LIMITED -> Status.COMPLETED;
		});
	}

}
