package io.fanfare.redis.event;

import java.util.ArrayList;
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

	/** Verdicts a call: some two milliseconds of Redis. */
	static final int PER_CALL = 200;

	/** Users a call. */
	static final int MAX_USERS = 250;

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] length;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param length about how many entries the stream of events keeps
	 */
	public Receipts(CommandLink link, RedisKeys keys, int length) {
		this.link = link;
		this.keys = keys;
		this.length = RedisKeys.bytes(Integer.toString(length));
	}

	/**
	 * What the client of a user acknowledged.
	 *
	 * @param user the user
	 * @param cursor up to where it received everything, {@link MessageId#ZERO} for none
	 * @param ids single messages above it that it received
	 */
	public record Acknowledged(String user, long cursor, List<Long> ids) {

	}

	/**
	 * What a sweep did.
	 *
	 * @param verdicts how many it gave
	 * @param more whether there are more to give now
	 */
	public record Swept(long verdicts, boolean more) {

	}

	/**
	 * Gives the verdicts of what was acknowledged.
	 * @param acknowledged by which users
	 * @return how many verdicts there were
	 */
	public CompletableFuture<Long> settle(List<Acknowledged> acknowledged) {
		if (acknowledged.isEmpty()) {
			return CompletableFuture.completedFuture(0L);
		}
		List<Acknowledged> first = acknowledged.subList(0, Math.min(acknowledged.size(), MAX_USERS));
		return this.link
			.<List<Object>>run(Script.SETTLE_RECEIPTS, new byte[][] { this.keys.awaited() }, (run) -> arguments(first))
			.thenCompose((values) -> {
				Reply reply = new Reply(values);
				long verdicts = reply.number();
				int done = (int) reply.number();
				return (done >= acknowledged.size()) ? CompletableFuture.completedFuture(verdicts)
						: settle(acknowledged.subList(done, acknowledged.size()))
							.thenApply((others) -> verdicts + others);
			});
	}

	private byte[][] arguments(List<Acknowledged> acknowledged) {
		List<byte[]> arguments = new ArrayList<>(3 + acknowledged.size() * 3);
		arguments.add(this.keys.keyPrefix());
		arguments.add(this.length);
		arguments.add(RedisKeys.bytes(Integer.toString(PER_CALL)));
		for (Acknowledged one : acknowledged) {
			arguments.add(RedisKeys.bytes(one.user()));
			arguments.add(RedisKeys.bytes(MessageId.format(one.cursor())));
			arguments.add(RedisKeys.bytes(String.join(" ", one.ids().stream().map(MessageId::format).toList())));
		}
		return arguments.toArray(byte[][]::new);
	}

	/**
	 * Gives the verdicts that are due.
	 * @return what it did
	 */
	public CompletableFuture<Swept> sweep() {
		return this.link.<List<Object>>run(Script.SWEEP_RECEIPTS,
				new byte[][] { this.keys.awaited(), this.keys.presence() }, (run) -> new byte[][] {
						this.keys.keyPrefix(), this.length, RedisKeys.bytes(Integer.toString(PER_CALL)) })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				return new Swept(reply.number(), reply.number() != 0);
			});
	}

}
