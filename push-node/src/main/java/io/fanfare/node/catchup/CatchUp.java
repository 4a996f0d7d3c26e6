package io.fanfare.node.catchup;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

import io.fanfare.node.broker.Message;
import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.history.History;

/**
 * Reads what connections missed. A round reads a bounded batch of each channel from one
 * position and merges them by id: it is complete up to the lowest id that any of the
 * reads reached, and what lies above that is left for the next round. A drop between two
 * channels' messages would otherwise lose the older one, for the client's cursor is past
 * it.
 * <p>
 * Any thread may call; nothing blocks.
 */
public final class CatchUp {

	/**
	 * Calls that walk back over history and are on their way at once: Redis serves no
	 * other call while it works through what one connection sent.
	 */
	private static final int MAX_WALKS = 2;

	private final HistorySource source;

	private final SharedReads shared;

	private final InstantSource clock;

	private final long historyBytes;

	private final Turns walks = new Turns(MAX_WALKS);

	/**
	 * Makes it.
	 * @param source where history is read from
	 * @param clock the wall clock, for messages with a time to live
	 */
	public CatchUp(HistorySource source, InstantSource clock) {
		this(source, clock, Long.MAX_VALUE, HistorySettings.DEFAULT_BYTES);
	}

	/**
	 * Makes it.
	 * @param source where history is read from
	 * @param clock the wall clock, for messages with a time to live
	 * @param keptBytes how many bytes of history are kept for others who read the same
	 * @param historyBytes bytes that the last messages of all channels may have with
	 * which a stream begins
	 */
	public CatchUp(HistorySource source, InstantSource clock, long keptBytes, long historyBytes) {
		this.source = source;
		this.shared = new SharedReads(source, clock, keptBytes);
		this.clock = clock;
		this.historyBytes = historyBytes;
	}

	/**
	 * Reads one round.
	 * @param channels the channels
	 * @param standing where the connection stands
	 * @return the round; fails where Redis does not answer
	 */
	public CompletableFuture<Round> round(List<ChannelName> channels, Standing standing) {
		List<CompletableFuture<ChannelBatch>> reads = new ArrayList<>(channels.size());
		for (ChannelName channel : channels) {
			reads.add(this.shared.read(channel, standing.readFrom(channel)));
		}
		return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
			.thenApply((done) -> merge(channels, reads.stream().map(CompletableFuture::resultNow).toList(), standing));
	}

	private Round merge(List<ChannelName> channels, List<ChannelBatch> batches, Standing standing) {
		long upTo = Long.MAX_VALUE;
		long since = 0;
		boolean complete = true;
		for (ChannelBatch batch : batches) {
			upTo = Math.min(upTo, batch.upTo());
			since = Math.max(since, batch.since());
			complete &= batch.complete();
		}
		long now = this.clock.millis();
		List<Message> messages = new ArrayList<>();
		List<Gap> gaps = new ArrayList<>();
		for (int i = 0; i < batches.size(); i++) {
			ChannelBatch batch = batches.get(i);
			ChannelName channel = channels.get(i);
			long from = standing.promised(channel);
			Gap gap = (channel.isUser() && standing.received() < from) ? batch.hidden(channel, standing, now)
					: batch.gapAbove(channel, from, standing.vouchedSince(), now);
			if (gap != null) {
				gaps.add(gap);
			}
			Gap unreadable = batch.unreadable(channel, from, upTo);
			if (unreadable != null && (gap == null || gap.to() < unreadable.to())) {
				gaps.add(unreadable);
			}
			for (Message message : batch.messages()) {
				if (message.id() > from && message.id() <= upTo && !message.isExpired(this.clock)) {
					messages.add(message);
				}
			}
		}
		messages.sort(Comparator.comparingLong(Message::id));
		return new Round(upTo, since, complete, messages, gaps);
	}

	/**
	 * Finds whether a stretch of a user's channel holds, or lost, a message.
	 * @param channel the channel
	 * @param from the stretch begins above it
	 * @param to the stretch ends with it
	 * @param but ids that do not count
	 * @return whether there was, or may have been, anything that is not past its own time
	 * to live
	 */
	public CompletableFuture<Boolean> isAnyWithin(ChannelName channel, long from, long to, Set<Long> but) {
		return this.source.read(channel, from, SharedReads.COUNT, SharedReads.BYTES).thenApply((batch) -> {
			long now = this.clock.millis();
			return batch.predecessor().isAbove(from, now) || batch.upTo() < to
					|| batch.unreadable().stream().anyMatch((id) -> id <= to)
					|| batch.entries()
						.stream()
						.anyMatch((entry) -> entry.id() <= to && !but.contains(entry.id())
								&& !entry.envelope().isExpired(now));
		});
	}

	/**
	 * Finds where a stream begins that wants some of the past.
	 * @param channels the channels
	 * @param count how many messages of each, or 0 for all that is retained
	 * @param wanted whether the stream is still there; calls that wait for their turn are
	 * not made once it is not, and a {@link CancellationException} ends the search
	 * @return for each channel the id just below the first message it wants; channels
	 * without any are left out
	 */
	public CompletableFuture<Map<ChannelName, Long>> starts(List<ChannelName> channels, int count,
			BooleanSupplier wanted) {
		if (count > 0) {
			return new LastMessages(new Wanted(this.source, wanted), this.walks, channels, count, this.historyBytes)
				.find();
		}
		List<CompletableFuture<Long>> finds = channels.stream().map(this.source::findOldest).toList();
		return CompletableFuture.allOf(finds.toArray(CompletableFuture[]::new)).thenApply((done) -> {
			Map<ChannelName, Long> starts = new HashMap<>();
			for (int i = 0; i < finds.size(); i++) {
				long first = finds.get(i).resultNow();
				if (first != 0) {
					starts.put(channels.get(i), first - 1);
				}
			}
			return starts;
		});
	}

	/**
	 * Tells the last ids of many channels at once.
	 * @param channels the channels
	 * @return their last ids
	 */
	public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
		return this.source.lastIds(channels);
	}

	/** Drops what was read: it was another server's. */
	public void forget() {
		this.shared.forget();
	}

	/**
	 * Drops what was read of a channel: some of it was erased.
	 * @param channel the channel
	 */
	public void forget(ChannelName channel) {
		this.shared.forget(channel);
	}

	/** Drops what no stream asks for any more. To be called from time to time. */
	public void sweep() {
		this.shared.sweep();
	}

	/** A source that is not asked any more once no stream wants the answer. */
	private record Wanted(HistorySource source, BooleanSupplier wanted) implements HistorySource {

		@Override
		public CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes) {
			return this.source.read(channel, position, count, bytes);
		}

		@Override
		public CompletableFuture<Long> findOldest(ChannelName channel) {
			return this.source.findOldest(channel);
		}

		@Override
		public CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
			return this.wanted.getAsBoolean() ? this.source.walkBack(channel, below, count, bytes)
					: CompletableFuture.failedFuture(new CancellationException("The stream is gone"));
		}

		@Override
		public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
			return this.source.lastIds(channels);
		}

	}

}
