package io.fanfare.protocol.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;

/**
 * What channels retained, and whether it is all there.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time.
 */
public final class History {

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] age;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param age how long a message is retained
	 */
	public History(CommandLink link, RedisKeys keys, Duration age) {
		this.link = link;
		this.keys = keys;
		this.age = RedisKeys.bytes(Long.toString(age.toMillis()));
	}

	/**
	 * A retained message.
	 *
	 * @param id its id
	 * @param envelope the message
	 */
	public record Entry(long id, Envelope envelope) {

	}

	/**
	 * What came before an entry in its channel.
	 *
	 * @param id the last id
	 * @param durable the last id of a message that had no time to live of its own
	 * @param expiresAt when the last of those that had one expires, in milliseconds since
	 * the epoch
	 */
	public record Predecessor(long id, long durable, long expiresAt) {

		static Predecessor parse(String value) {
			int first = value.indexOf(' ');
			if (first < 0) {
				long id = MessageId.parse(value);
				return new Predecessor(id, id, 0);
			}
			int second = value.indexOf(' ', first + 1);
			return new Predecessor(MessageId.parse(value.substring(0, first)),
					MessageId.parse(value.substring(first + 1, second)), Long.parseLong(value.substring(second + 1)));
		}

		/**
		 * Tells whether something that a client with this position was promised is gone.
		 * A message past its own time to live is no loss.
		 * @param position everything up to it was written
		 * @param now milliseconds since the epoch
		 * @return whether there is a hole, up to {@link #id()}
		 */
		public boolean isAbove(long position, long now) {
			return this.durable > position || this.id > position && this.expiresAt > now;
		}

	}

	/**
	 * A batch of one channel's history.
	 *
	 * @param upTo the id up to which it is complete: the clock at the read, or its last
	 * entry where there is more
	 * @param since the id below which the store may have lost something
	 * @param complete whether nothing more is retained above it
	 * @param predecessor what came before the first entry; without entries, the channel's
	 * last id
	 * @param entries the messages, in id order
	 */
	public record Batch(long upTo, long since, boolean complete, Predecessor predecessor, List<Entry> entries) {

	}

	/**
	 * The last ids of some channels.
	 *
	 * @param clock the clock at the read
	 * @param since the id below which the store may have lost something
	 * @param ids the last ids in the order asked for; {@link MessageId#ZERO} where none
	 * is known
	 */
	public record LastIds(long clock, long since, List<Long> ids) {

	}

	/**
	 * A page of a channel's history.
	 *
	 * @param floor the oldest id retained, {@link MessageId#ZERO} without any
	 * @param latest the last id of the channel, {@link MessageId#ZERO} if it never had a
	 * message
	 * @param more whether there is more in the direction asked for
	 * @param entries the messages, oldest first
	 */
	public record Page(long floor, long latest, boolean more, List<Entry> entries) {

	}

	/**
	 * Reads what a channel retained above a position.
	 * @param channel the channel
	 * @param position the position
	 * @param count at most so many messages
	 * @param bytes at most so many bytes, but one message at least
	 * @return the batch
	 */
	public CompletableFuture<Batch> read(ChannelName channel, long position, int count, int bytes) {
		byte[][] scriptKeys = { this.keys.clock(), this.keys.run(), this.keys.since(), this.keys.last(),
				this.keys.stream(channel) };
		return this.link
			.<List<Object>>run(Script.READ_HISTORY, scriptKeys,
					(run) -> new byte[][] { run, seen(), this.link.durable(), RedisKeys.bytes(channel.value()),
							RedisKeys.bytes(MessageId.format(position)), number(count), number(bytes), this.age })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				long clock = reply.id();
				long since = reply.id();
				boolean complete = reply.text().equals("1");
				Predecessor predecessor = Predecessor.parse(reply.text());
				List<Entry> entries = entries(reply);
				this.link.observe(clock);
				return new Batch(complete ? clock : entries.getLast().id(), since, complete, predecessor, entries);
			});
	}

	/**
	 * Finds where the last messages of a channel begin.
	 * @param channel the channel
	 * @param count how many, or 0 for all that is retained
	 * @return the id of the first of them, {@link MessageId#ZERO} if nothing is retained
	 */
	public CompletableFuture<Long> findStart(ChannelName channel, int count) {
		return this.link
			.<byte[]>run(Script.FIND_START, new byte[][] { this.keys.stream(channel) },
					(run) -> new byte[][] { number(count), this.age })
			.thenApply((id) -> new Reply(List.of(id)).idOrZero());
	}

	/**
	 * Tells the last ids of many channels at once.
	 * @param channels the channels
	 * @return their last ids
	 */
	public CompletableFuture<LastIds> lastIds(List<ChannelName> channels) {
		byte[][] scriptKeys = { this.keys.clock(), this.keys.run(), this.keys.since(), this.keys.last() };
		return this.link.<List<Object>>run(Script.CHECK_CHANNELS, scriptKeys, (run) -> {
			List<byte[]> arguments = new ArrayList<>(3 + channels.size());
			arguments.addAll(List.of(run, seen(), this.link.durable()));
			channels.forEach((channel) -> arguments.add(RedisKeys.bytes(channel.value())));
			return arguments.toArray(byte[][]::new);
		}).thenApply((values) -> {
			Reply reply = new Reply(values);
			long clock = reply.id();
			long since = reply.id();
			List<Long> ids = new ArrayList<>(channels.size());
			while (reply.hasNext()) {
				ids.add(reply.idOrZero());
			}
			this.link.observe(clock);
			return new LastIds(clock, since, ids);
		});
	}

	/**
	 * Reads the page after an id.
	 * @param channel the channel
	 * @param after the id, {@link MessageId#ZERO} for the oldest page
	 * @param limit at most so many messages
	 * @return the page
	 */
	public CompletableFuture<Page> pageAfter(ChannelName channel, long after, int limit) {
		return page(channel, "after", (after == MessageId.ZERO) ? "" : MessageId.format(after), limit);
	}

	/**
	 * Reads the page before an id.
	 * @param channel the channel
	 * @param before the id, {@link MessageId#MAX} for the newest page
	 * @param limit at most so many messages
	 * @return the page
	 */
	public CompletableFuture<Page> pageBefore(ChannelName channel, long before, int limit) {
		return page(channel, "before", (before == MessageId.MAX) ? "" : MessageId.format(before), limit);
	}

	private CompletableFuture<Page> page(ChannelName channel, String direction, String id, int limit) {
		return this.link
			.<List<Object>>run(Script.READ_PAGE, new byte[][] { this.keys.last(), this.keys.stream(channel) },
					(run) -> new byte[][] { RedisKeys.bytes(channel.value()), RedisKeys.bytes(direction),
							RedisKeys.bytes(id), number(limit), this.age })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				long floor = reply.idOrZero();
				long latest = reply.idOrZero();
				boolean more = reply.text().equals("1");
				return new Page(floor, latest, more, entries(reply));
			});
	}

	/**
	 * Reads the clock: a cursor that comes after all that was published, and before all
	 * that will be.
	 * @return the clock
	 */
	public CompletableFuture<Long> clock() {
		return this.link.call((commands) -> commands.get(this.keys.clock()))
			.thenApply((value) -> (value != null) ? new Reply(List.of(value)).id() : MessageId.ZERO);
	}

	/**
	 * Walks a slice of the last ids and forgets channels that were silent for long.
	 * @param cursor where to begin, "0" at first
	 * @param count about how many channels to look at
	 * @param silence after which a channel is forgotten
	 * @return where the next slice begins; "0" at the end
	 */
	public CompletableFuture<String> forget(String cursor, int count, Duration silence) {
		return this.link
			.<List<Object>>run(Script.FORGET_CHANNELS, new byte[][] { this.keys.last() },
					(run) -> new byte[][] { RedisKeys.bytes(cursor), number(count), number(silence.toMillis()) })
			.thenApply((values) -> new Reply(values).text());
	}

	private static List<Entry> entries(Reply reply) {
		List<Entry> entries = new ArrayList<>(reply.remaining() / 2);
		while (reply.hasNext()) {
			entries.add(new Entry(reply.id(), Envelope.decode(reply.bytes(), 0)));
		}
		return entries;
	}

	private byte[] seen() {
		return RedisKeys.bytes(MessageId.format(this.link.seen()));
	}

	private static byte[] number(long number) {
		return RedisKeys.bytes(Long.toString(number));
	}

}
