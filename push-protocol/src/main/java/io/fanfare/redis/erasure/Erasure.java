package io.fanfare.redis.erasure;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Retraction;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import org.jspecify.annotations.Nullable;

/**
 * Erases what was stored, and lets the streams know that received it.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time; the outcome is unknown then, and the call may be made
 * again.
 */
public final class Erasure {

	/** What the client of an erased user is given as the reason for the end. */
	public static final CloseReason REASON = CloseReason.LOGOUT;

	private final CommandLink link;

	private final RedisKeys keys;

	private final Settings settings;

	private final InstantSource clock;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param settings how long things are kept
	 * @param clock the wall clock
	 */
	public Erasure(CommandLink link, RedisKeys keys, Settings settings, InstantSource clock) {
		this.link = link;
		this.keys = keys;
		this.settings = settings;
		this.clock = clock;
	}

	/**
	 * How long things are kept.
	 *
	 * @param length how many messages a channel retains
	 * @param age how long a message is retained
	 * @param tombstone how long the client of an erased user is kept away
	 */
	public record Settings(int length, Duration age, Duration tombstone) {

	}

	/**
	 * What was kept of a user.
	 *
	 * @param messages messages of the user's channel
	 * @param tickets tickets that were not spent
	 * @param connection the connection that ends, or null if there was none
	 * @param others whether anything else was kept: counts, records of what streams may
	 * have missed, the state of the channel
	 */
	public record Erased(long messages, long tickets, @Nullable String connection, boolean others) {

	}

	/**
	 * Erases one message.
	 * @param channel its channel
	 * @param id its id
	 * @return the id of its retraction, or null if the history does not hold it
	 */
	public CompletableFuture<@Nullable Long> message(ChannelName channel, long id) {
		byte[][] scriptKeys = { this.keys.clock(), this.keys.since(), this.keys.last(), this.keys.presence(),
				this.keys.stream(channel), this.keys.erased(channel) };
		byte[] envelope = envelope(new Retraction(channel, id, false).data(), false);
		return this.link
			.<byte[]>run(Script.ERASE_MESSAGE, scriptKeys,
					(run) -> new byte[][] { seen(), this.keys.channelPrefix(), RedisKeys.bytes(channel.value()),
							RedisKeys.bytes(MessageId.format(id)), envelope, number(this.settings.length()),
							number(this.settings.age().toMillis()) })
			.<@Nullable Long>thenApply((value) -> {
				Long retraction = (value.length == 0) ? null
						: Long.valueOf(MessageId.parse(new String(value, StandardCharsets.US_ASCII)));
				if (retraction != null) {
					this.link.observe(retraction);
				}
				return retraction;
			});
	}

	/**
	 * Erases what is kept of a user, and ends the user's stream.
	 * @param user the user
	 * @return what was kept
	 */
	public CompletableFuture<Erased> user(String user) {
		ChannelName channel = ChannelName.user(user);
		byte[][] scriptKeys = { this.keys.clock(), this.keys.since(), this.keys.last(), this.keys.presence(),
				this.keys.stream(channel), this.keys.erased(channel), this.keys.hidden(user), this.keys.takeovers(user),
				this.keys.userOpens(user), this.keys.tickets(user) };
		byte[] envelope = envelope(Retraction.dataUpToId(channel), true);
		return this.link.<List<Object>>run(Script.ERASE_USER, scriptKeys,
				(run) -> new byte[][] { seen(), this.keys.keyPrefix(), this.keys.channelPrefix(), RedisKeys.bytes(user),
						RedisKeys.bytes(REASON.wireName()), number(this.settings.tombstone().toMillis()), envelope })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				long messages = reply.number();
				long tickets = reply.number();
				boolean others = reply.text().equals("1");
				String connection = reply.text();
				return new Erased(messages, tickets, connection.isEmpty() ? null : connection, others);
			});
	}

	private byte[] envelope(String data, boolean ephemeral) {
		return new Envelope(Retraction.EVENT, RedisKeys.bytes(data), this.clock.millis(), 0, ephemeral, null).encode();
	}

	private byte[] seen() {
		return RedisKeys.bytes(MessageId.format(this.link.seen()));
	}

	private static byte[] number(long number) {
		return RedisKeys.bytes(Long.toString(number));
	}

}
