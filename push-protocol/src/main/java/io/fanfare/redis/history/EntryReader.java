package io.fanfare.redis.history;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.Reply;
import io.fanfare.redis.history.History.Entry;
import org.jspecify.annotations.Nullable;

/**
 * Reads entries from what a script returned. Those that are no messages of this version
 * are named and reported. Any thread may call.
 */
final class EntryReader {

	private final Consumer<RuntimeException> unreadable;

	/**
	 * Makes the reader.
	 * @param unreadable receives an error for each entry that cannot be read
	 */
	EntryReader(Consumer<RuntimeException> unreadable) {
		this.unreadable = unreadable;
	}

	/**
	 * Entries that follow each other in a channel.
	 *
	 * @param oldest the id of the first, {@link MessageId#ZERO} for none
	 * @param newest the id of the last
	 * @param size how many there are
	 * @param bytes how many bytes their envelopes have
	 * @param entries those that can be read
	 * @param unreadable the ids of the others
	 */
	record Piece(long oldest, long newest, int size, int bytes, List<Entry> entries, List<Long> unreadable) {

		boolean isEmpty() {
			return this.size == 0;
		}

	}

	/** Reads the ids and envelopes that are left in a reply. */
	Piece read(ChannelName channel, Reply reply) {
		int size = reply.remaining() / 2;
		List<Entry> entries = new ArrayList<>(size);
		List<Long> unreadable = List.of();
		long oldest = MessageId.ZERO;
		long newest = MessageId.ZERO;
		int bytes = 0;
		while (reply.hasNext()) {
			newest = entryId(reply.text());
			oldest = (oldest == MessageId.ZERO) ? newest : oldest;
			byte[] envelope = reply.bytes();
			bytes += envelope.length;
			Entry entry = decode(channel, newest, envelope);
			if (entry != null) {
				entries.add(entry);
			}
			else {
				unreadable = unreadable.isEmpty() ? new ArrayList<>() : unreadable;
				unreadable.add(newest);
			}
		}
		return new Piece(oldest, newest, size, bytes, entries, unreadable);
	}

	private @Nullable Entry decode(ChannelName channel, long id, byte[] envelope) {
		try {
			return new Entry(id, Envelope.decode(envelope, 0));
		}
		catch (IllegalArgumentException ex) {
			this.unreadable.accept(new IllegalArgumentException("Entry " + MessageId.format(id) + " of the history of "
					+ channel.value() + " cannot be read: " + ex.getMessage(), ex));
			return null;
		}
	}

	/**
	 * The id of an entry. One with a number that no message has was not written by
	 * Fanfare: it counts as the highest id of its millisecond.
	 */
	static long entryId(String text) {
		Long id = MessageId.tryParse(text);
		return (id != null) ? id : MessageId.of(Long.parseLong(text.substring(0, text.indexOf('-'))) + 1, 0) - 1;
	}

}
