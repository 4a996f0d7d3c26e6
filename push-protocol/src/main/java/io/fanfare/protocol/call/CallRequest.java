package io.fanfare.protocol.call;

import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.ConnectionState;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

/**
 * What a node is asked with. A component that is null is left out of the JSON; one that
 * is not nullable has to be there. The constructors throw {@link NullPointerException} or
 * {@link IllegalArgumentException} where a value does not do.
 *
 * @param <R> what the node answers with
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface CallRequest<R extends CallResult> {

	/**
	 * Which call it is.
	 * @return its name
	 */
	CallName call();

	/**
	 * What the node answers with.
	 * @return the type
	 */
	Class<R> result();

	/**
	 * For a page of the connections of a node. Of the conditions all that are given
	 * apply.
	 *
	 * @param state only those in this state; {@code closed} for the last that ended
	 * @param user only those of this user
	 * @param tier only those of this tier
	 * @param address only those from this IP address
	 * @param limit at most so many; null for as many as a page can hold
	 * @param after where the page begins, by the page before; null for the first page
	 */
	record ListConnections(@Nullable ConnectionState state, @Nullable String user, @Nullable Tier tier,
			@Nullable String address, @Nullable Integer limit,
			@Nullable String after) implements CallRequest<CallResult.Listing> {

		/** The most connections on a page. */
		public static final int MAX_LIMIT = 1000;

		/** Checks the limit. */
		public ListConnections {
			check(limit == null || limit >= 1 && limit <= MAX_LIMIT, "limit is not from 1 to " + MAX_LIMIT);
		}

		@Override
		public CallName call() {
			return CallName.LIST_CONNECTIONS;
		}

		@Override
		public Class<CallResult.Listing> result() {
			return CallResult.Listing.class;
		}

	}

	/**
	 * For one connection that is open.
	 *
	 * @param connection its id
	 */
	record ShowConnection(String connection) implements CallRequest<CallResult.Shown> {

		/** Checks that there is an id. */
		public ShowConnection {
			Objects.requireNonNull(connection, "connection is missing");
		}

		@Override
		public CallName call() {
			return CallName.SHOW_CONNECTION;
		}

		@Override
		public Class<CallResult.Shown> result() {
			return CallResult.Shown.class;
		}

	}

	/**
	 * For how many streams are subscribed to a channel.
	 *
	 * @param channel the channel
	 */
	record CountSubscribers(String channel) implements CallRequest<CallResult.Subscribers> {

		/** Checks that it is a channel. */
		public CountSubscribers {
			check(ChannelName.isValid(Objects.requireNonNull(channel, "channel is missing")), "channel is none");
		}

		@Override
		public CallName call() {
			return CallName.COUNT_SUBSCRIBERS;
		}

		@Override
		public Class<CallResult.Subscribers> result() {
			return CallResult.Subscribers.class;
		}

	}

	/**
	 * To end connections: those to which all conditions apply that are given, and all
	 * where none is.
	 *
	 * @param users only those of these users; not empty
	 * @param channel only those subscribed to this channel
	 * @param tier only those of this tier
	 * @param reason the reason that the clients are given
	 * @param graceMs how long after the notice a stream is closed, in milliseconds
	 * @param message what the clients are given besides, or null
	 */
	record Disconnect(@Nullable List<String> users, @Nullable String channel, @Nullable Tier tier, CloseReason reason,
			long graceMs, @Nullable String message) implements CallRequest<CallResult.Disconnected> {

		/** Checks them and copies the users. */
		public Disconnect {
			Objects.requireNonNull(reason, "reason is missing");
			check(graceMs >= 0, "graceMs is negative");
			check(users == null || !users.isEmpty(), "users is empty");
			users = (users != null) ? List.copyOf(users) : null;
		}

		@Override
		public CallName call() {
			return CallName.DISCONNECT;
		}

		@Override
		public Class<CallResult.Disconnected> result() {
			return CallResult.Disconnected.class;
		}

	}

	/**
	 * To end the streams of a user or of a token, or to take a topic from those of a
	 * user.
	 *
	 * @param user the user, or null for a token
	 * @param channel the topic, or null for all that the user's tokens grant
	 * @param token the SHA-256 of the token's id in hex, or null for a user
	 * @param issuedBeforeMs only streams whose token was issued in this second or before,
	 * in milliseconds since the epoch
	 * @param id the id of the revocation
	 * @param reason the reason that the clients are given, in words of the caller
	 */
	record Revoke(@Nullable String user, @Nullable String channel, @Nullable String token, long issuedBeforeMs,
			String id, @Nullable String reason) implements CallRequest<CallResult.Disconnected> {

		/** Checks that it is one of them. */
		public Revoke {
			Objects.requireNonNull(id, "id is missing");
			check((user == null) != (token == null), "needs either user or token");
			check(channel == null || user != null, "channel needs user");
		}

		@Override
		public CallName call() {
			return CallName.REVOKE;
		}

		@Override
		public Class<CallResult.Disconnected> result() {
			return CallResult.Disconnected.class;
		}

	}

	/**
	 * To copy what a user is sent to a process, for a while: the streams of the user that
	 * begin meanwhile, and one that is open. Sent again, it goes on for longer.
	 *
	 * @param user the user
	 * @param to the process that receives the copies, which names the channel of its
	 * answers
	 * @param tail what the copies are distinguished from others by, of the choice of the
	 * process
	 * @param connection the connection that has the user now, wherever it is; null for
	 * none
	 * @param lifeMs for how long, in milliseconds; 0 ends it
	 */
	record Tail(String user, String to, String tail, @Nullable String connection,
			long lifeMs) implements CallRequest<CallResult.Tailed> {

		/** The longest life of a tail that is not renewed, in milliseconds. */
		public static final long MAX_LIFE_MS = 60_000;

		private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");

		/** Checks them. */
		public Tail {
			Objects.requireNonNull(user, "user is missing");
			check(NAME.matcher(Objects.requireNonNull(to, "to is missing")).matches(), "to is no name");
			check(NAME.matcher(Objects.requireNonNull(tail, "tail is missing")).matches(), "tail is no name");
			check(lifeMs >= 0 && lifeMs <= MAX_LIFE_MS, "lifeMs is not from 0 to " + MAX_LIFE_MS);
		}

		@Override
		public CallName call() {
			return CallName.TAIL;
		}

		@Override
		public Class<CallResult.Tailed> result() {
			return CallResult.Tailed.class;
		}

	}

	/**
	 * To send some connections on to other nodes.
	 *
	 * @param count how many
	 * @param windowMs over how long, in milliseconds
	 */
	record SendOn(int count, long windowMs) implements CallRequest<CallResult.SentOn> {

		/** Checks that nothing is negative. */
		public SendOn {
			check(count >= 0, "count is negative");
			check(windowMs >= 0, "windowMs is negative");
		}

		@Override
		public CallName call() {
			return CallName.SEND_ON;
		}

		@Override
		public Class<CallResult.SentOn> result() {
			return CallResult.SentOn.class;
		}

	}

	/**
	 * To send all connections on and to end the node. The window or the rate says how
	 * fast; without either the node does as it is set up.
	 *
	 * @param windowMs over how long, in milliseconds
	 * @param rate how many connections per second
	 */
	record Drain(@Nullable Long windowMs, @Nullable Integer rate) implements CallRequest<CallResult.Draining> {

		/** As the node is set up. */
		public static final Drain AS_CONFIGURED = new Drain(null, null);

		/** Checks that at most one is given. */
		public Drain {
			check(windowMs == null || rate == null, "windowMs and rate exclude each other");
			check(windowMs == null || windowMs >= 0, "windowMs is negative");
			check(rate == null || rate >= 1, "rate is less than 1");
		}

		@Override
		public CallName call() {
			return CallName.DRAIN;
		}

		@Override
		public Class<CallResult.Draining> result() {
			return CallResult.Draining.class;
		}

	}

	/**
	 * For what became of a message on its way to a user: what the node was handed, and
	 * each stream of the user that it had.
	 *
	 * @param user the user
	 * @param channel the channel of the message
	 * @param id the id of the message
	 * @param stored what the history of the channel says of it
	 * @param expiresAt when it was of no use any more, in milliseconds since the epoch; 0
	 * for never, or where that is not known
	 */
	record Trace(String user, String channel, String id, Stored stored,
			long expiresAt) implements CallRequest<CallResult.Traced> {

		/** What a history says of a message. */
		public enum Stored {

			/** It holds it. */
			@JsonProperty("stored")
			STORED,
			/** It begins above it. */
			@JsonProperty("trimmed")
			TRIMMED,
			/** It reaches back to it, and does not hold it. */
			@JsonProperty("absent")
			ABSENT

		}

		/** Checks them. */
		public Trace {
			check(ChannelName.isUser(Objects.requireNonNull(user, "user is missing")), "user is none");
			ChannelName.parse(Objects.requireNonNull(channel, "channel is missing"));
			MessageId.parse(Objects.requireNonNull(id, "id is missing"));
			Objects.requireNonNull(stored, "stored is missing");
			check(expiresAt >= 0, "expiresAt is negative");
		}

		@Override
		public CallName call() {
			return CallName.TRACE;
		}

		@Override
		public Class<CallResult.Traced> result() {
			return CallResult.Traced.class;
		}

	}

	/**
	 * Asks what became of a message on streams of nodes that ended in order, by the
	 * records that they left in Redis.
	 *
	 * @param message what is asked
	 * @param nodes the identities of those nodes
	 */
	record TraceHandover(Trace message, List<String> nodes) implements CallRequest<CallResult.HandoverTraced> {

		/** So many nodes may be named. */
		public static final int MAX_NODES = 100;

		/** Checks and copies them. */
		public TraceHandover {
			Objects.requireNonNull(message, "message is missing");
			nodes = List.copyOf(Objects.requireNonNull(nodes, "nodes is missing"));
			check(!nodes.isEmpty() && nodes.size() <= MAX_NODES, "nodes are none or too many");
		}

		@Override
		public CallName call() {
			return CallName.TRACE_HANDOVER;
		}

		@Override
		public Class<CallResult.HandoverTraced> result() {
			return CallResult.HandoverTraced.class;
		}

	}

	private static void check(boolean condition, String otherwise) {
		if (!condition) {
			throw new IllegalArgumentException(otherwise);
		}
	}

}
