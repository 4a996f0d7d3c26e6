package io.fanfare.redis.history;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;

/**
 * Trims the histories of channels, also of those to which nothing is published any more.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time.
 */
public final class HistoryTrim {

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] age;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param age how long a message is retained
	 */
	public HistoryTrim(CommandLink link, RedisKeys keys, Duration age) {
		this.link = link;
		this.keys = keys;
		this.age = RedisKeys.bytes(Long.toString(age.toMillis()));
	}

	/**
	 * What a slice came to.
	 *
	 * @param cursor where the next slice begins; "0" at the end
	 * @param removed how many messages were removed
	 */
	public record Slice(String cursor, long removed) {

	}

	/**
	 * Trims a slice of the channels. One that holds much that is to go is trimmed by
	 * several calls: the cursor stays where it was.
	 * @param cursor where to begin, "0" at first
	 * @param count about how many channels to look at
	 * @return what it came to
	 */
	public CompletableFuture<Slice> slice(String cursor, int count) {
		return this.link.<List<Object>>run(Script.TRIM_HISTORY, new byte[][] { this.keys.last() },
				(run) -> new byte[][] { this.keys.keyPrefix(), RedisKeys.bytes(cursor),
						RedisKeys.bytes(Integer.toString(count)), this.age })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				return new Slice(reply.text(), reply.number());
			});
	}

}
