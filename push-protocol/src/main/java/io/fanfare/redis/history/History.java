package io.fanfare.redis.history;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.history.EntryReader.Piece;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What channels retained, and whether it is all there.
 * <p>
 * Each call is bounded, whatever the history holds: it looks at {@link #CALL_BYTES} and
 * one entry, {@link #CALL_ENTRIES} entries or {@link CommandLink#CALL_FIELDS} fields at
 * most. What takes more is done in several calls, one after the other.
 * <p>
 * Any thread may call. Every future fails with a {@link RedisUnavailableException} where
 * Redis does not answer in time.
 */
public final class History {

	/** Bytes of history that one call takes, but one entry at least. */
	public static final int CALL_BYTES = 256 * 1024;

	/** Entries that one call takes. */
	public static final int CALL_ENTRIES = 250;

	/** One field more says what was forgotten. */
	private static final int CHECKED_CHANNELS = CommandLink.CALL_FIELDS - 1;

	private static final Logger log = LoggerFactory.getLogger(History.class);

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] age;

	private final EntryReader entries;

	/**
	 * Makes the access.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param age how long a message is retained
	 * @param errors counts and logs entries that cannot be read
	 */
	public History(CommandLink link, RedisKeys keys, Duration age, Errors errors) {
		this(link, keys, age, (error) -> errors.note("history", error));
	}

	/**
	 * Makes the access for who only logs entries that cannot be read.
	 * @param link the link
	 * @param keys the partition's keys
	 * @param age how long a message is retained
	 */
	public History(CommandLink link, RedisKeys keys, Duration age) {
		this(link, keys, age, (error) -> log.warn("history=unreadable reason=\"{}\"", error.getMessage()));
	}

	private History(CommandLink link, RedisKeys keys, Duration age, Consumer<RuntimeException> unreadable) {
		this.link = link;
		this.keys = keys;
		this.age = RedisKeys.bytes(Long.toString(age.toMillis()));
		this.entries = new EntryReader(unreadable);
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
	 * A batch of one channel's history.
	 *
	 * @param upTo the id up to which it is complete: the head id at the read, or its last
	 * entry where there is more
	 * @param dataLossFloor the id below which the store may have lost something
	 * @param complete whether nothing more is retained above it
	 * @param predecessor what came before the first entry; without entries, the channel's
	 * last id
	 * @param entries the messages, in id order
	 * @param unreadable the ids of entries that are no messages of this version: damaged,
	 * or not written by Fanfare
	 */
	public record Batch(long upTo, long dataLossFloor, boolean complete, Predecessor predecessor, List<Entry> entries,
			List<Long> unreadable) {

		/**
		 * A batch of which everything can be read.
		 * @param upTo the id up to which it is complete
		 * @param dataLossFloor the id below which the store may have lost something
		 * @param complete whether nothing more is retained above it
		 * @param predecessor what came before the first entry
		 * @param entries the messages, in id order
		 */
		public Batch(long upTo, long dataLossFloor, boolean complete, Predecessor predecessor, List<Entry> entries) {
			this(upTo, dataLossFloor, complete, predecessor, entries, List.of());
		}

	}

	/**
	 * A piece of the way back over the last messages of a channel.
	 *
	 * @param first the id of the oldest message that was counted, {@link MessageId#ZERO}
	 * where none was
	 * @param count how many were counted
	 * @param bytes how many bytes these have
	 * @param end why it ended
	 * @param next where it ended for want of bytes, how many the next message has
	 */
	public record Walked(long first, int count, int bytes, End end, int next) {

		/** Why a piece ended. */
		public enum End {

			/** Nothing older is retained. */
			END,
			/** The next message does not fit the bytes. */
			FULL,
			/** The piece is as long as one may be, or has as many as were asked for. */
			MORE

		}

	}

	/**
	 * The last ids of some channels.
	 *
	 * @param headId the head id at the read, or at the first of several: no channel has
	 * anything above its last id up to there
	 * @param dataLossFloor the id below which the store may have lost something
	 * @param ids the last ids in the order asked for; {@link MessageId#ZERO} where none
	 * is known
	 */
	public record LastIds(long headId, long dataLossFloor, List<Long> ids) {

	}

	/**
	 * A page of a channel's history.
	 *
	 * @param floor the oldest id retained, {@link MessageId#ZERO} without any
	 * @param latest the last id of the channel, {@link MessageId#ZERO} if it never had a
	 * message
	 * @param more whether there is more in the direction asked for
	 * @param end the id at the far end of the page in that direction, where the next one
	 * goes on; {@link MessageId#ZERO} for an empty page
	 * @param entries the messages, oldest first, without what cannot be read
	 */
	public record Page(long floor, long latest, boolean more, long end, List<Entry> entries) {

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
				this.keys.stream(channel), this.keys.erased(channel) };
		return this.link
			.<List<Object>>run(Script.READ_HISTORY, scriptKeys,
					(run) -> new byte[][] { run, seen(), this.link.durable(), RedisKeys.bytes(channel.value()),
							RedisKeys.bytes(MessageId.format(position)), number(count), number(bytes), this.age })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				long headId = reply.id();
				long dataLossFloor = reply.id();
				boolean complete = reply.text().equals("1");
				String before = reply.text();
				Piece piece = this.entries.read(channel, reply);
				this.link.observe(headId);
				Predecessor predecessor = Predecessor.parse(before, piece.isEmpty() ? headId : piece.oldest() - 1);
				return new Batch(complete ? headId : piece.newest(), dataLossFloor, complete, predecessor,
						piece.entries(), piece.unreadable());
			});
	}

	/**
	 * Finds where all that a channel retained begins.
	 * @param channel the channel
	 * @return the id of the oldest message, {@link MessageId#ZERO} if nothing is retained
	 */
	public CompletableFuture<Long> findOldest(ChannelName channel) {
		return findStart(channel, "", 0, 0).thenApply(Walked::first);
	}

	/**
	 * Walks a piece of the way back over the last messages of a channel.
	 * @param channel the channel
	 * @param below where it begins: the first id of the piece before,
	 * {@link MessageId#MAX} for the newest message
	 * @param count how many messages are wanted from here on, 1 at least
	 * @param bytes how many bytes they may have
	 * @return the piece
	 */
	public CompletableFuture<Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
		return findStart(channel, (below == MessageId.MAX) ? "" : MessageId.format(below), count, bytes);
	}

	private CompletableFuture<Walked> findStart(ChannelName channel, String below, int count, int bytes) {
		return this.link.<List<Object>>run(Script.FIND_START, new byte[][] { this.keys.stream(channel) },
				(run) -> new byte[][] { number(count), this.age, RedisKeys.bytes(below), number(bytes),
						number(CALL_ENTRIES), number(CALL_BYTES) })
			.thenApply((values) -> {
				Reply reply = new Reply(values);
				String first = reply.text();
				return new Walked(first.isEmpty() ? MessageId.ZERO : EntryReader.entryId(first),
						Integer.parseInt(reply.text()), Integer.parseInt(reply.text()),
						Walked.End.valueOf(reply.text().toUpperCase(Locale.ROOT)), Integer.parseInt(reply.text()));
			});
	}

	/**
	 * Finds the last ids of many channels, up to {@link CommandLink#CALL_FIELDS} fields
	 * per call.
	 * @param channels the channels
	 * @return their last ids
	 */
	public CompletableFuture<LastIds> lastIds(List<ChannelName> channels) {
		List<ChannelName> first = channels.subList(0, Math.min(channels.size(), CHECKED_CHANNELS));
		byte[][] scriptKeys = { this.keys.clock(), this.keys.run(), this.keys.since(), this.keys.last() };
		CompletableFuture<LastIds> found = this.link.<List<Object>>run(Script.CHECK_CHANNELS, scriptKeys, (run) -> {
			List<byte[]> arguments = new ArrayList<>(3 + first.size());
			arguments.addAll(List.of(run, seen(), this.link.durable()));
			first.forEach((channel) -> arguments.add(RedisKeys.bytes(channel.value())));
			return arguments.toArray(byte[][]::new);
		}).thenApply((values) -> {
			Reply reply = new Reply(values);
			long headId = reply.id();
			long dataLossFloor = reply.id();
			List<Long> ids = new ArrayList<>(channels.size());
			while (reply.hasNext()) {
				ids.add(lastId(reply.text()));
			}
			this.link.observe(headId);
			return new LastIds(headId, dataLossFloor, ids);
		});
		if (first.size() == channels.size()) {
			return found;
		}
		return found.thenCompose((one) -> lastIds(channels.subList(first.size(), channels.size())).thenApply((rest) -> {
			one.ids().addAll(rest.ids());
			return new LastIds(one.headId(), Math.max(one.dataLossFloor(), rest.dataLossFloor()), one.ids());
		}));
	}

	/** What is no id is taken for one above all others, so that its channel is read. */
	private static long lastId(String text) {
		Long id = text.isEmpty() ? Long.valueOf(MessageId.ZERO) : MessageId.tryParse(text);
		return (id != null) ? id : MessageId.MAX;
	}

	/**
	 * Reads the page after an id. It ends at a limit, at 1 MiB, and where messages were
	 * trimmed between two of its calls.
	 * @param channel the channel
	 * @param after the id, {@link MessageId#ZERO} for the oldest page
	 * @param limit at most so many messages
	 * @return the page
	 */
	public CompletableFuture<Page> pageAfter(ChannelName channel, long after, int limit) {
		PageReader reader = pages(channel, true, (after == MessageId.ZERO) ? "" : MessageId.format(after), limit);
		// What is trimmed from now on leaves the messages above the floor that is
		// reported.
		return findOldest(channel).thenCompose(reader::read);
	}

	/**
	 * Reads the page before an id. It ends at a limit and at 1 MiB.
	 * @param channel the channel
	 * @param before the id, {@link MessageId#MAX} for the newest page
	 * @param limit at most so many messages
	 * @return the page
	 */
	public CompletableFuture<Page> pageBefore(ChannelName channel, long before, int limit) {
		PageReader reader = pages(channel, false, (before == MessageId.MAX) ? "" : MessageId.format(before), limit);
		return reader.read(MessageId.ZERO)
			.thenCompose((page) -> findOldest(channel)
				.thenApply((floor) -> new Page(floor, page.latest(), page.more(), page.end(), page.entries())));
	}

	private PageReader pages(ChannelName channel, boolean forward, String id, int limit) {
		return new PageReader(this.link, this.keys, this.age, this.entries, channel, forward, id, limit);
	}

	/**
	 * Reads the head id: a cursor that comes after all that was published, and before all
	 * that will be.
	 * @return the head id
	 */
	public CompletableFuture<Long> headId() {
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

	private byte[] seen() {
		return RedisKeys.bytes(MessageId.format(this.link.seen()));
	}

	static byte[] number(long number) {
		return RedisKeys.bytes(Long.toString(number));
	}

}
