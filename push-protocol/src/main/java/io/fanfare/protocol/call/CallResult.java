package io.fanfare.protocol.call;

import java.util.List;
import java.util.Objects;

import io.fanfare.protocol.ConnectionStatus;
import org.jspecify.annotations.Nullable;

/** What a node answers with when it does what a {@link CallRequest} asks for. */
public sealed interface CallResult {

	/**
	 * A page of connections.
	 *
	 * @param connections what is on it
	 * @param next where the next page begins, or null at the end
	 */
	record Listing(List<ConnectionStatus> connections, @Nullable String next) implements CallResult {

		/** Checks that there is a list and copies it. */
		public Listing {
			connections = List.copyOf(Objects.requireNonNull(connections, "connections is missing"));
		}

	}

	/**
	 * A connection.
	 *
	 * @param connection the connection, or null if it is not open on the node
	 */
	record Shown(@Nullable ConnectionStatus connection) implements CallResult {

	}

	/**
	 * Streams are subscribed to a channel.
	 *
	 * @param subscribers how many
	 */
	record Subscribers(int subscribers) implements CallResult {

	}

	/**
	 * Connections end.
	 *
	 * @param connections how many
	 */
	record Disconnected(int connections) implements CallResult {

	}

	/**
	 * What a user is sent is copied.
	 *
	 * @param connected whether the connection that was named is open on the node
	 */
	record Tailed(boolean connected) implements CallResult {

	}

	/**
	 * Connections are being sent on.
	 *
	 * @param connections how many
	 */
	record SentOn(int connections) implements CallResult {

	}

	/**
	 * The node is being drained.
	 *
	 * @param connections how many connections leave
	 * @param windowMs over how long, in milliseconds
	 */
	record Draining(int connections, long windowMs) implements CallResult {

	}

}
