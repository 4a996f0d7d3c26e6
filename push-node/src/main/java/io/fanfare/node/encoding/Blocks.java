package io.fanfare.node.encoding;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.sse.SseBlock;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * The platform's own blocks. Each carries the connection's cursor as its id, so that none
 * wipes what a native client would send when it comes back.
 */
public final class Blocks {

	/**
	 * What keeps a quiet stream open: a comment, without a blank line, so that it
	 * dispatches nothing.
	 */
	public static final byte[] HEARTBEAT = ":\n".getBytes(StandardCharsets.US_ASCII);

	private Blocks() {
	}

	/**
	 * Whose stream a connection is, and where.
	 *
	 * @param connection the id of the connection
	 * @param key its key, which only its client knows
	 * @param client the id of its client
	 * @param node the node that holds it
	 * @param user its user
	 */
	public record Identity(String connection, String key, String client, String node, String user) {

		/**
		 * The same for those who may not act for its client.
		 * @return the identity with an empty key
		 */
		public Identity withoutKey() {
			return new Identity(this.connection, "", this.client, this.node, this.user);
		}

	}

	/**
	 * The first block of a stream.
	 * @param identity whose stream it is
	 * @param cursor where it begins
	 * @param resumed whether the client had a cursor
	 * @param replayed whether messages of the past follow
	 * @param heartbeat how often the stream shows that it lives
	 * @param retry when to come back if it breaks
	 * @return the block
	 */
	public static byte[] connected(Identity identity, String cursor, boolean resumed, boolean replayed,
			Duration heartbeat, Duration retry) {
		StringBuilder json = new StringBuilder(320).append("{\"connection\":");
		quote(identity.connection(), json);
		quote(identity.key(), json.append(",\"key\":"));
		quote(identity.client(), json.append(",\"client\":"));
		quote(identity.node(), json.append(",\"node\":"));
		quote(identity.user(), json.append(",\"user\":"));
		json.append(",\"resumed\":").append(resumed).append(",\"replayed\":").append(replayed);
		json.append(",\"heartbeatMs\":").append(heartbeat.toMillis()).append('}');
		return SseBlock.platform("push.connected", cursor, json.toString(), retry.toMillis());
	}

	/**
	 * Gaps of several channels that differ in nothing else.
	 * @param channels the channels
	 * @param from above this id something may be missing
	 * @param to up to this id something may be missing
	 * @param reason why, by its wire name
	 * @param cursor the cursor of the stream
	 * @param retry when to ask for the state anew
	 * @return the block
	 */
	public static byte[] gap(List<ChannelName> channels, long from, long to, String reason, String cursor,
			Duration retry) {
		String names = channels.stream().map((channel) -> json(channel.value())).collect(Collectors.joining(","));
		return SseBlock.platform("push.gap", cursor,
				"{\"channels\":[" + names + "],\"from\":\"" + MessageId.format(from) + "\",\"to\":\""
						+ MessageId.format(to) + "\",\"reason\":\"" + reason + "\",\"retryMs\":" + retry.toMillis()
						+ "}",
				0);
	}

	/**
	 * Tells the client to stop.
	 * @param reason why
	 * @param generation the generation that did it
	 * @param cursor the cursor of the stream
	 * @param atMs when, in milliseconds since the epoch
	 * @param delay how long after this block the stream is closed
	 * @param message what the client is given besides, or null
	 * @return the block
	 */
	public static byte[] kicked(CloseReason reason, long generation, String cursor, long atMs, Duration delay,
			@Nullable String message) {
		return SseBlock.platform("push.kicked", "k." + MessageId.format(generation),
				"{\"reason\":\"" + reason.wireName() + "\",\"cursor\":\"" + cursor + "\",\"at\":" + atMs
						+ (delay.isZero() ? "" : ",\"delayMs\":" + delay.toMillis()) + message(message) + "}",
				0);
	}

	private static String message(@Nullable String message) {
		return (message != null) ? ",\"message\":" + json(message) : "";
	}

	/**
	 * A topic was taken from the stream, which goes on without it.
	 * @param channel the topic
	 * @param reason why, in words of the caller who did it
	 * @param cursor the cursor of the stream
	 * @return the block
	 */
	public static byte[] unsubscribed(ChannelName channel, String reason, String cursor) {
		return SseBlock.platform("push.unsubscribed", cursor,
				"{\"channel\":" + json(channel.value()) + ",\"reason\":" + json(reason) + "}", 0);
	}

	/**
	 * The position in the queue of the waiting room.
	 * @param position how many are admitted before this client, and itself
	 * @param total how many wait
	 * @param estimateMillis how long it will take, or null while that is not known
	 * @param cursor the request's cursor, or null if it had none
	 * @param heartbeat how often the stream shows that it lives
	 * @param retry when to come back if it breaks, or null if that was said before
	 * @return the block
	 */
	public static byte[] waiting(int position, int total, @Nullable Long estimateMillis, @Nullable String cursor,
			Duration heartbeat, @Nullable Duration retry) {
		return SseBlock.platform(
				"push.waiting", cursor, "{\"position\":" + position + ",\"total\":" + total + ",\"estimateMs\":"
						+ estimateMillis + ",\"heartbeatMs\":" + heartbeat.toMillis() + "}",
				(retry != null) ? retry.toMillis() : 0);
	}

	/**
	 * Asks the client to reconnect.
	 * @param reason why
	 * @param cursor the cursor of the stream, or null if it has none
	 * @param retry after how long
	 * @param message what the client is given besides, or null
	 * @return the block
	 */
	public static byte[] goaway(CloseReason reason, @Nullable String cursor, Duration retry, @Nullable String message) {
		return SseBlock.platform("push.goaway", cursor,
				"{\"reason\":\"" + reason.wireName() + "\",\"afterMs\":" + retry.toMillis() + message(message) + "}",
				retry.toMillis());
	}

	/**
	 * Announces an end.
	 * @param cursor the cursor of the stream
	 * @param atMs when it ends, in milliseconds since the epoch
	 * @param reason what ends
	 * @return the block
	 */
	public static byte[] expiring(String cursor, long atMs, Expiry reason) {
		return SseBlock.platform("push.expiring", cursor,
				"{\"atMs\":" + atMs + ",\"reason\":\"" + reason.name().toLowerCase(Locale.ROOT) + "\"}", 0);
	}

	/** What ends soon. */
	public enum Expiry {

		/** The right to the stream. */
		TOKEN,
		/** The time that a stream lives. */
		LIFETIME,
		/** The time that a stream may be without a message. */
		IDLE

	}

	/**
	 * Asks the client to acknowledge.
	 * @param cursor the cursor of the stream
	 * @param nonce what it is to send back
	 * @return the block
	 */
	public static byte[] probe(String cursor, String nonce) {
		return SseBlock.platform("push.probe", cursor, "{\"nonce\":" + json(nonce) + "}", 0);
	}

	/**
	 * A heartbeat that the client can see.
	 * @param cursor the cursor of the stream, or null if it has none
	 * @param atMs the time, in milliseconds since the epoch
	 * @param connections how many connections the node has, negative where that is not
	 * said
	 * @return the block
	 */
	public static byte[] heartbeat(@Nullable String cursor, long atMs, int connections) {
		return SseBlock.platform("push.heartbeat", cursor,
				"{\"time\":" + atMs + ((connections >= 0) ? ",\"activeConnections\":" + connections : "") + "}", 0);
	}

	/**
	 * Says that there is no stream now.
	 * @param reason why
	 * @param cursor the request's cursor, or null if it had none
	 * @param retry when to come back
	 * @return the block
	 */
	public static byte[] busy(CloseReason reason, @Nullable String cursor, Duration retry) {
		return SseBlock.platform("push.busy", cursor,
				"{\"reason\":\"" + reason.wireName() + "\",\"retryMs\":" + retry.toMillis() + "}", retry.toMillis());
	}

	/**
	 * Says that there will be no stream for this request, and why.
	 * @param status the status that a client would get which did not ask for a block
	 * @param type the type of the problem, a URI
	 * @param detail what is wrong
	 * @param cursor the request's cursor, or null if it had none
	 * @return the block, whose id keeps a native client from coming back
	 */
	public static byte[] refused(int status, String type, String detail, @Nullable String cursor) {
		return SseBlock.platform("push.refused", "k.0", "{\"status\":" + status + ",\"type\":" + json(type)
				+ ",\"detail\":" + json(detail) + ",\"cursor\":" + ((cursor != null) ? json(cursor) : "null") + "}", 0);
	}

	/**
	 * Spreads what many clients are asked to wait.
	 * @param random the randomness
	 * @param least the least
	 * @param most the most
	 * @return something between
	 */
	public static Duration spread(RandomGenerator random, Duration least, Duration most) {
		return least.plusMillis(random.nextLong(Math.max(1, most.minus(least).toMillis() + 1)));
	}

	private static String json(String text) {
		StringBuilder quoted = new StringBuilder(text.length() + 2);
		quote(text, quoted);
		return quoted.toString();
	}

	private static void quote(String text, StringBuilder json) {
		json.append('"');
		JsonStringEncoder.getInstance().quoteAsString(text, json);
		json.append('"');
	}

}
