package io.fanfare.redis.event;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;

/**
 * Keeps the events of presence going. The scripts that claim and give up users add them
 * to the stream while the settings stand in Redis, where {@link #sweep()} writes them. It
 * also reports who counts as offline. Any thread may call; several processes may.
 */
public final class PresenceEvents {

	/** Users a call: some two milliseconds of Redis. */
	static final int PER_CALL = 200;

	/** For how long events are added that no process sweeps. */
	static final Duration LIFE = Duration.ofHours(1);

	private final CommandLink link;

	private final byte[][] scriptKeys;

	private final byte[][] arguments;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param settings how events are added
	 */
	public PresenceEvents(CommandLink link, RedisKeys keys, Settings settings) {
		this.link = link;
		this.scriptKeys = new byte[][] { keys.clock(), keys.since(), keys.presence(), keys.events(), keys.offline(),
				keys.eventsWalk(), keys.receipts() };
		this.arguments = new byte[][] { keys.keyPrefix(),
				RedisKeys.bytes(Long.toString(settings.offlineDelay().toMillis())),
				RedisKeys.bytes(Integer.toString(settings.length())),
				RedisKeys.bytes(settings.streamClosed() ? "1" : "0"), RedisKeys.bytes(Long.toString(LIFE.toMillis())),
				RedisKeys.bytes(Integer.toString(PER_CALL)) };
	}

	/**
	 * How events are added.
	 *
	 * @param offlineDelay how long after a user's last stream the user counts as offline
	 * @param length about how many entries the stream keeps
	 * @param streamClosed whether each stream that ends is reported
	 */
	public record Settings(Duration offlineDelay, int length, boolean streamClosed) {

	}

	/**
	 * What a sweep did.
	 *
	 * @param offline how many users it reported as offline
	 * @param online how many users it reported as online, anew
	 * @param more whether there is more to do now
	 */
	public record Swept(long offline, long online, boolean more) {

	}

	/**
	 * Reports users as offline whose time has come.
	 * @return what it did
	 */
	public CompletableFuture<Swept> sweep() {
		return this.link.<List<Object>>run(Script.SWEEP_EVENTS, this.scriptKeys, (run) -> this.arguments)
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				return new Swept(reply.number(), reply.number(), reply.number() != 0);
			});
	}

}
