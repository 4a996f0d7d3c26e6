package io.fanfare.protocol.call;

import java.time.Duration;
import java.util.List;
import java.util.Map;
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

	/**
	 * What a node knows of a message on its way to a user.
	 *
	 * @param startedAt since when the node keeps what it would know, in milliseconds
	 * since the epoch
	 * @param streamsSince since when it knows of every stream that ended, in milliseconds
	 * since the epoch
	 * @param routesSince since when it knows of every message that it was handed, in
	 * milliseconds since the epoch
	 * @param route how it was handed the message; null if it was not, as far as it knows
	 * @param streams the streams of the user that it has, and those that ended
	 * @param departed nodes that it knew and that are listed no more, each with when it
	 * was listed last, in milliseconds since the epoch
	 */
	record Traced(long startedAt, long streamsSince, long routesSince, @Nullable Route route, List<StreamTrace> streams,
			Map<String, Long> departed) implements CallResult {

		/**
		 * For so long nodes remember which others departed: longer than history lasts.
		 */
		public static final Duration DEPARTED_FOR = Duration.ofHours(25);

		/**
		 * A node that was listed last so long before a message was published had ended by
		 * then.
		 */
		public static final Duration DEPARTED = Duration.ofSeconds(10);

		/** Checks and copies them. */
		public Traced {
			streams = List.copyOf(Objects.requireNonNull(streams, "streams is missing"));
			departed = Map.copyOf(Objects.requireNonNull(departed, "departed is missing"));
		}

	}

	/**
	 * What streams of nodes that ended did with a message.
	 *
	 * @param streams of each node whose records could be read the streams of the user
	 */
	record HandoverTraced(Map<String, List<StreamTrace>> streams) implements CallResult {

		/** Checks and copies them. */
		public HandoverTraced {
			streams = Map.copyOf(Objects.requireNonNull(streams, "streams is missing"));
		}

	}

	/**
	 * How a node was handed a message.
	 *
	 * @param at when, by its clock, in milliseconds since the epoch
	 * @param named whether presence named a connection of this node
	 * @param held whether the node had that connection; true where none was named
	 * @param ephemeral whether the message is not stored
	 */
	record Route(long at, boolean named, boolean held, boolean ephemeral) {

	}

	/**
	 * What one stream did with a message.
	 *
	 * @param connection the stream's id
	 * @param openedAt when it was opened, in milliseconds since the epoch
	 * @param endedAt when it ended, in milliseconds since the epoch; null while it is
	 * open
	 * @param ending why it ended, or null
	 * @param from the id above which it was to receive
	 * @param resumed whether its client gave that id
	 * @param step what it did with the message, by the name of a {@link TraceStep}
	 * @param reason more about that, or null
	 * @param at when it was written at the latest, in milliseconds since the epoch, or
	 * null
	 * @param acknowledgedAt when its client had said so at the latest, or null
	 */
	record StreamTrace(String connection, long openedAt, @Nullable Long endedAt, @Nullable String ending, String from,
			boolean resumed, String step, @Nullable String reason, @Nullable Long at, @Nullable Long acknowledgedAt) {

		/** Checks that nothing is missing. */
		public StreamTrace {
			Objects.requireNonNull(connection, "connection is missing");
			Objects.requireNonNull(from, "from is missing");
			Objects.requireNonNull(step, "step is missing");
		}

	}

}
