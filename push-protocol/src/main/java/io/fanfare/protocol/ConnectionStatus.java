package io.fanfare.protocol;

import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * What a node tells of one of its connections when it is asked. Times are in milliseconds
 * since the epoch, 0 for never.
 *
 * @param connection its id
 * @param node the node's identity
 * @param user the user
 * @param client the page
 * @param tier its tier
 * @param address where the client is, an IP address
 * @param state a {@link ConnectionState}, by its wire name
 * @param createdAt when it asked for a stream
 * @param lastActivityAt when it last had a message or acknowledged, at first when it
 * began
 * @param lastAcknowledgedAt when it last acknowledged
 * @param acknowledged everything up to this id was received, as its client says; null
 * where it never said so
 * @param acknowledgedAbove how many messages above that it acknowledged singly; null for
 * none
 * @param roundTripMicros from its last probe that was answered to that answer; 0 for none
 * @param messagesSent messages written to it
 * @param bytesSent bytes of blocks written to it, before compression; its last block is
 * not counted
 * @param errors missed acknowledgements, unanswered probes and stalls, since it began
 * @param durationMs how long it is open, or was
 * @param reason why it ended: a close reason or {@code client}, {@code replaced},
 * {@code broken}, {@code lapsed}; null while it is open
 */
public record ConnectionStatus(String connection, String node, String user, String client, String tier, String address,
		String state, long createdAt, long lastActivityAt, long lastAcknowledgedAt, @Nullable String acknowledged,
		@Nullable Integer acknowledgedAbove, long roundTripMicros, long messagesSent, long bytesSent, int errors,
		long durationMs, @Nullable String reason) {

	/** Checks that nothing is missing. */
	public ConnectionStatus {
		Objects.requireNonNull(connection, "connection is missing");
		Objects.requireNonNull(node, "node is missing");
		Objects.requireNonNull(user, "user is missing");
		Objects.requireNonNull(client, "client is missing");
		Objects.requireNonNull(tier, "tier is missing");
		Objects.requireNonNull(address, "address is missing");
		Objects.requireNonNull(state, "state is missing");
	}

}
