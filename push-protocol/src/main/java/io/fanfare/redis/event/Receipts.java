package io.fanfare.redis.event;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.MessageId;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;

/**
 * The verdicts of messages that were published with a deadline: each is either delivered,
 * because its user's client acknowledged it, or undelivered, because the time was over.
 * There is one verdict per message and user. Any thread may call.
 */
public final class Receipts {

	/** Verdicts per call: some two milliseconds of Redis. */
	public static final int PER_CALL = 200;

	/**
	 * How long after its deadline a message counts as undelivered: what was acknowledged
	 * in time is on its way from the node.
	 */
	static final Duration GRACE = Duration.ofSeconds(1);

	private final CommandLink link;

	private final RedisKeys keys;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 */
	public Receipts(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	/**
	 * A message that the client of a user acknowledged.
	 *
	 * @param user the user
	 * @param id the message
	 */
	public record Acknowledged(String user, long id) {

	}

	/**
	 * What a sweep did.
	 *
	 * @param offline how many verdicts it gave of users who were offline
	 * @param unacknowledged how many it gave of users who had a stream
	 * @param more whether there are more to give now
	 * @param clock the clock of Redis, ms since the epoch
	 */
	public record Swept(long offline, long unacknowledged, boolean more, long clock) {

	}

	/**
	 * Gives the verdicts of what was acknowledged, where they are awaited. May be
	 * repeated.
	 * @param acknowledged which messages, {@link #PER_CALL} at most
	 * @return how many verdicts there were
	 */
	public CompletableFuture<Long> settle(List<Acknowledged> acknowledged) {
		byte[][] arguments = new byte[1 + acknowledged.size()][];
		arguments[0] = this.keys.keyPrefix();
		for (int i = 0; i < acknowledged.size(); i++) {
			Acknowledged one = acknowledged.get(i);
			arguments[i + 1] = RedisKeys.bytes(MessageId.format(one.id()) + " " + one.user());
		}
		return this.link.run(Script.SETTLE_RECEIPTS, new byte[][] { this.keys.awaited() }, (run) -> arguments);
	}

	/**
	 * Gives the verdicts that are due, and trims the stream of events.
	 * @param length about how many entries the stream keeps
	 * @param sentAt the clock of Redis as this is sent: nothing that comes due while the
	 * call waits has its verdict by it; 0 for no verdicts
	 * @return what it did
	 */
	public CompletableFuture<Swept> sweep(int length, long sentAt) {
		byte[][] scriptKeys = { this.keys.awaited(), this.keys.presence(), this.keys.receipts() };
		byte[][] arguments = { this.keys.keyPrefix(), number(length), number(PER_CALL), number(GRACE.toMillis()),
				number(sentAt) };
		return this.link.<List<Object>>run(Script.SWEEP_RECEIPTS, scriptKeys, (run) -> arguments)
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				return new Swept(reply.number(), reply.number(), reply.number() != 0, reply.number());
			});
	}

	private static byte[] number(long value) {
		return RedisKeys.bytes(Long.toString(value));
	}

}
