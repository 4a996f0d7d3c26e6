package io.fanfare.node.catchup;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.History;

/**
 * Finds where the last messages of some channels begin: so many of each, at most 1 MiB of
 * each, and so many bytes of all together.
 * <p>
 * These are shared out in rounds. In each round every channel that wants more may take an
 * equal share of what is left; what one does not need is shared out in the next. So a
 * channel gets all that it wants where that is no more than its equal share, and the
 * outcome depends on what the channels hold alone, not on the order of answers. It ends
 * when no channel wants more, or in none the next message fits its share; then channels
 * that have nothing yet get their newest message where that fits what is left. Where that
 * is so for none, the first one that holds anything gets its newest message, however
 * large: a stream that asks for the past gets one message at least.
 * <p>
 * Channels are walked backwards in bounded pieces, each of which begins below the last
 * one. What is published meanwhile lies above, what is trimmed meanwhile below: neither
 * makes a hole between two pieces.
 */
final class LastMessages {

	/** Bytes of one channel. */
	static final int CHANNEL_BYTES = 1024 * 1024;

	private final HistorySource source;

	private final Turns turns;

	private final int count;

	private final List<Way> ways = new ArrayList<>();

	private long left;

	LastMessages(HistorySource source, Turns turns, List<ChannelName> channels, int count, long bytes) {
		this.source = source;
		this.turns = turns;
		this.count = count;
		this.left = bytes;
		channels.forEach((channel) -> this.ways.add(new Way(channel)));
	}

	/** How far one channel was walked. Changed by one call at a time. */
	private static final class Way {

		private final ChannelName channel;

		private long first = MessageId.MAX;

		private int taken;

		private int bytes;

		private boolean ended;

		/** How many bytes the next message has, where that did not fit; else 0. */
		private int next;

		private Way(ChannelName channel) {
			this.channel = channel;
		}

	}

	/**
	 * Begins.
	 * @return for each channel the id just below the first message; channels without any
	 * are left out
	 */
	CompletableFuture<Map<ChannelName, Long>> find() {
		List<Way> wanting = this.ways.stream().filter((way) -> !way.ended).toList();
		if (wanting.isEmpty()) {
			return CompletableFuture.completedFuture(found());
		}
		long share = this.left / wanting.size();
		List<CompletableFuture<Integer>> walks = new ArrayList<>(wanting.size());
		for (Way way : wanting) {
			int bytes = (int) Math.min(share, CHANNEL_BYTES - way.bytes);
			if (way.next <= bytes) {
				walks.add(walk(way, bytes, 0));
			}
		}
		return CompletableFuture.allOf(walks.toArray(CompletableFuture[]::new)).thenCompose((done) -> {
			long bytes = walks.stream().mapToLong(CompletableFuture::resultNow).sum();
			this.left -= bytes;
			return (bytes > 0) ? find() : findLargest();
		});
	}

	/**
	 * No share is enough any more: channels that have nothing get their newest message,
	 * in the order in which they were named, where what is left is enough.
	 */
	private CompletableFuture<Map<ChannelName, Long>> findLargest() {
		Way first = null;
		for (Way way : this.ways) {
			if (way.taken == 0 && way.next > 0) {
				if (way.next <= this.left) {
					return takeNewest(way).thenCompose((done) -> findLargest());
				}
				first = (first != null) ? first : way;
			}
		}
		if (first == null || this.ways.stream().anyMatch((way) -> way.taken > 0)) {
			return CompletableFuture.completedFuture(found());
		}
		return takeNewest(first).thenApply((done) -> found());
	}

	private CompletableFuture<?> takeNewest(Way way) {
		int bytes = way.next;
		way.next = 0;
		return this.turns.take(() -> this.source.walkBack(way.channel, way.first, 1, bytes)).thenAccept((piece) -> {
			if (piece.count() > 0) {
				way.first = piece.first();
			}
			way.taken += piece.count();
			this.left -= piece.bytes();
		});
	}

	/** Walks one channel for as long as its share lasts; returns the bytes taken. */
	private CompletableFuture<Integer> walk(Way way, int share, int before) {
		return this.turns.take(() -> this.source.walkBack(way.channel, way.first, this.count - way.taken, share))
			.thenCompose((piece) -> {
				if (piece.count() > 0) {
					way.first = piece.first();
				}
				way.taken += piece.count();
				way.bytes += piece.bytes();
				way.next = piece.next();
				way.ended = way.taken >= this.count || piece.end() == History.Walked.End.END
						|| way.bytes + way.next > CHANNEL_BYTES;
				int taken = before + piece.bytes();
				return (way.ended || piece.end() == History.Walked.End.FULL) ? CompletableFuture.completedFuture(taken)
						: walk(way, share - piece.bytes(), taken);
			});
	}

	private Map<ChannelName, Long> found() {
		Map<ChannelName, Long> starts = new HashMap<>();
		for (Way way : this.ways) {
			if (way.taken > 0) {
				starts.put(way.channel, way.first - 1);
			}
		}
		return starts;
	}

}
