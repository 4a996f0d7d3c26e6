package io.fanfare.node.connection;

import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.revocation.IssuedToken;
import org.jspecify.annotations.Nullable;

/**
 * A request for a stream that may be granted.
 *
 * @param user whose stream it is
 * @param client the id of the client, or null where it gave none
 * @param document the id of the client's document, or null where it gave none
 * @param tier how much it counts
 * @param topics what it is subscribed to besides the user's own channel and {@code all}
 * @param start where it begins
 * @param heartbeatEvents whether heartbeats are events that the client can see
 * @param acknowledges whether the client promised to acknowledge what it is asked
 * @param tokenRenewal from when on the client should have a new token
 * @param tokenExpires when the right to it ends
 * @param address where the client is
 * @param elsewhere whether a proxy tries another node where this one refuses
 * @param token the token that grants it, or what a ticket keeps of it
 * @param ticket the ticket by which it comes, or null for a token
 */
public record StreamRequest(String user, @Nullable String client, @Nullable String document, Tier tier,
		List<ChannelName> topics, Start start, boolean heartbeatEvents, boolean acknowledges, Instant tokenRenewal,
		Instant tokenExpires, InetAddress address, boolean elsewhere, IssuedToken token,
		Claim.@Nullable Ticket ticket) {

	/**
	 * A request that comes by a token.
	 * @param user whose stream it is
	 * @param client the id of the client, or null where it gave none
	 * @param document the id of the client's document, or null where it gave none
	 * @param tier how much it counts
	 * @param topics what it is subscribed to besides
	 * @param start where it begins
	 * @param heartbeatEvents whether heartbeats are events that the client can see
	 * @param acknowledges whether the client promised to acknowledge what it is asked
	 * @param tokenRenewal from when on the client should have a new token
	 * @param tokenExpires when the right to it ends
	 * @param address where the client is
	 * @param elsewhere whether a proxy tries another node where this one refuses
	 * @param token the token that grants it
	 */
	public StreamRequest(String user, @Nullable String client, @Nullable String document, Tier tier,
			List<ChannelName> topics, Start start, boolean heartbeatEvents, boolean acknowledges, Instant tokenRenewal,
			Instant tokenExpires, InetAddress address, boolean elsewhere, IssuedToken token) {
		this(user, client, document, tier, topics, start, heartbeatEvents, acknowledges, tokenRenewal, tokenExpires,
				address, elsewhere, token, null);
	}

	/** The same, by a ticket. */
	public StreamRequest by(Claim.Ticket one) {
		return new StreamRequest(this.user, this.client, this.document, this.tier, this.topics, this.start,
				this.heartbeatEvents, this.acknowledges, this.tokenRenewal, this.tokenExpires, this.address,
				this.elsewhere, this.token, one);
	}

	/** Where a stream begins. */
	public sealed interface Start {

		/** With what is published from now on. */
		record Now() implements Start {

		}

		/**
		 * After what the client already has.
		 *
		 * @param cursor the id of the last block it saw
		 */
		record After(long cursor) implements Start {

		}

		/**
		 * With the last messages of each channel.
		 *
		 * @param count how many, or 0 for all that is retained
		 */
		record Latest(int count) implements Start {

		}

		/**
		 * After a cursor that is no id: what the client has is not known, which is
		 * announced.
		 *
		 * @param history how many of the last messages of each channel follow, or 0 for
		 * none
		 */
		record Unknown(int history) implements Start {

		}

	}

	/** What it is subscribed to: the user's own channel first. */
	List<ChannelName> channels() {
		List<ChannelName> channels = new ArrayList<>(this.topics.size() + 2);
		channels.add(ChannelName.user(this.user));
		channels.add(ChannelName.ALL);
		channels.addAll(this.topics);
		return channels;
	}

	/**
	 * The client's cursor, as it travels.
	 * @return the cursor, or null if it has none that is an id
	 */
	@Nullable String cursorText() {
		return (this.start instanceof Start.After after) ? MessageId.format(after.cursor()) : null;
	}

	/**
	 * The client's cursor.
	 * @return the cursor, or null if it has none that is an id
	 */
	public @Nullable Long cursor() {
		return (this.start instanceof Start.After after) ? Long.valueOf(after.cursor()) : null;
	}

}
