package io.fanfare.redis.event;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;

/**
 * Reads the stream of events for a webhook. What is taken is held by the process that
 * took it, as long as it goes on naming it, and is taken again by another one
 * {@link #IDLE} later. Any thread may call.
 */
public final class EventStream {

	/** After which what no process names may be taken again. */
	public static final Duration IDLE = Duration.ofSeconds(30);

	/** Where a search for events that no process names begins. */
	public static final String BEGIN = "0-0";

	/** The consumer group of Redis, whose only consumer has the same name. */
	static final String GROUP = "webhook";

	private static final byte[] GROUP_NAME = RedisKeys.bytes(GROUP);

	private final CommandLink link;

	private final RedisKeys keys;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 */
	public EventStream(CommandLink link, RedisKeys keys) {
		this.link = link;
		this.keys = keys;
	}

	/**
	 * An event.
	 *
	 * @param id the id of its entry
	 * @param user the user whom it concerns, or ""
	 * @param body what is said, JSON
	 */
	public record Event(String id, String user, String body) {

	}

	/**
	 * What was taken.
	 *
	 * @param cursor where to look on for events that no process names
	 * @param events the events, which may be none
	 */
	public record Taken(String cursor, List<Event> events) {

	}

	/**
	 * Takes events.
	 * @param most how many at most
	 * @param cursor where to look for events that no process names
	 * @param held the ids of those that the caller holds, at most a thousand
	 * @return what was taken
	 */
	public CompletableFuture<Taken> take(int most, String cursor, Collection<String> held) {
		List<byte[]> arguments = new ArrayList<>(5 + held.size());
		arguments
			.addAll(List.of(GROUP_NAME, GROUP_NAME, number(IDLE.toMillis()), number(most), RedisKeys.bytes(cursor)));
		held.forEach((id) -> arguments.add(RedisKeys.bytes(id)));
		byte[][] given = arguments.toArray(byte[][]::new);
		return this.link.<List<Object>>run(Script.TAKE_EVENTS, new byte[][] { this.keys.receipts() }, (run) -> given)
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				String next = reply.text();
				List<Event> events = new ArrayList<>(reply.remaining() / 3);
				while (reply.hasNext()) {
					events.add(new Event(reply.text(), reply.text(), reply.text()));
				}
				return new Taken(next, events);
			});
	}

	/**
	 * Settles an event: it is not taken again.
	 * @param id its id
	 * @return how many were settled
	 */
	public CompletableFuture<Long> settle(String id) {
		return this.link.call((commands) -> commands.xack(this.keys.receipts(), GROUP_NAME, id));
	}

	private static byte[] number(long value) {
		return RedisKeys.bytes(Long.toString(value));
	}

}
