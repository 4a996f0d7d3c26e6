package io.fanfare.redis.history;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.Reply;
import io.fanfare.redis.Script;
import io.fanfare.redis.history.EntryReader.Piece;
import io.fanfare.redis.history.History.Entry;
import io.fanfare.redis.history.History.Page;

/**
 * Reads one page of a channel's history in as many calls as it takes. Used by one of them
 * at a time.
 */
final class PageReader {

	/** Bytes of a page, but one entry at least. */
	private static final int PAGE_BYTES = 1024 * 1024;

	private final CommandLink link;

	private final RedisKeys keys;

	private final byte[] age;

	private final EntryReader reader;

	private final ChannelName channel;

	private final boolean forward;

	private String id;

	private int left;

	private int bytesLeft = PAGE_BYTES;

	private final List<Piece> pieces = new ArrayList<>();

	private long latest;

	PageReader(CommandLink link, RedisKeys keys, byte[] age, EntryReader reader, ChannelName channel, boolean forward,
			String id, int limit) {
		this.link = link;
		this.keys = keys;
		this.age = age;
		this.reader = reader;
		this.channel = channel;
		this.forward = forward;
		this.id = id;
		this.left = limit;
	}

	/** Reads the page; {@code floor} is the oldest id retained. */
	CompletableFuture<Page> read(long floor) {
		byte[][] scriptKeys = { this.keys.last(), this.keys.stream(this.channel), this.keys.erased(this.channel) };
		byte[] least = this.pieces.isEmpty() ? new byte[0] : History.number(this.bytesLeft);
		return this.link
			.<List<Object>>run(Script.READ_PAGE, scriptKeys,
					(run) -> new byte[][] { RedisKeys.bytes(this.channel.value()),
							RedisKeys.bytes(this.forward ? "after" : "before"), RedisKeys.bytes(this.id),
							History.number(Math.min(History.CALL_ENTRIES, this.left)),
							History.number(Math.min(History.CALL_BYTES, this.bytesLeft)), least, this.age })
			.thenCompose((values) -> {
				Reply reply = new Reply(values);
				this.latest = Math.max(this.latest, lastIdOrZero(reply.text()));
				boolean more = reply.text().equals("1");
				Predecessor predecessor = Predecessor.parse(reply.text(), MessageId.MAX);
				Piece piece = this.reader.read(this.channel, reply);
				boolean torn = this.forward && !this.pieces.isEmpty() && !piece.isEmpty()
						&& predecessor.id() > this.pieces.getLast().newest();
				if (piece.isEmpty() || torn) {
					return CompletableFuture.completedFuture(page(floor, more || torn));
				}
				this.pieces.add(piece);
				this.left -= piece.size();
				this.bytesLeft -= piece.bytes();
				this.id = MessageId.format(this.forward ? piece.newest() : piece.oldest());
				return (more && this.left > 0 && this.bytesLeft > 0) ? read(floor)
						: CompletableFuture.completedFuture(page(floor, more));
			});
	}

	private Page page(long floor, boolean more) {
		List<Entry> entries = new ArrayList<>();
		for (Piece piece : this.forward ? this.pieces : this.pieces.reversed()) {
			entries.addAll(piece.entries());
		}
		long end = this.pieces.isEmpty() ? MessageId.ZERO
				: this.forward ? this.pieces.getLast().newest() : this.pieces.getLast().oldest();
		return new Page(floor, this.latest, more, end, entries);
	}

	private static long lastIdOrZero(String text) {
		Long id = MessageId.tryParse(text);
		return (id != null) ? id : MessageId.ZERO;
	}

}
