package io.fanfare.node.catchup;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;

import io.fanfare.protocol.ChannelName;

/**
 * Reads of one range of a channel, done once for all who miss it: after a restart
 * thousands of clients ask for the same. Batches of topics and of {@code all} are kept
 * for a moment and answer every read from within them; a user's own channel is read by
 * its one connection alone.
 * <p>
 * A batch may be older than the request that it answers, so it may end below what the
 * loop has dispatched by now; the connection sees that by its floor and reads on.
 */
final class SharedReads {

	/** Messages in one batch. */
	static final int COUNT = 256;

	/** Bytes in one batch. */
	static final int BYTES = 256 * 1024;

	private static final long KEPT_MS = 2_000;

	private static final int KEPT_BATCHES = 32;

	private static final long KEPT_BYTES = 4L * 1024 * 1024;

	private final HistorySource source;

	private final InstantSource clock;

	private final ConcurrentHashMap<String, Recent> channels = new ConcurrentHashMap<>();

	private volatile long since;

	SharedReads(HistorySource source, InstantSource clock) {
		this.source = source;
		this.clock = clock;
	}

	/**
	 * The reads of one channel that were begun lately, newest first. Guarded by itself.
	 */
	private static final class Recent {

		private final Deque<Read> reads = new ArrayDeque<>();

		private long bytes;

	}

	private record Read(long position, long begunAt, CompletableFuture<ChannelBatch> result) {

		boolean answers(long wanted, long since) {
			if (this.position == wanted && !this.result.isDone()) {
				return true;
			}
			return this.result.state() == Future.State.SUCCESS && this.result.resultNow().covers(wanted)
					&& this.result.resultNow().since() == since;
		}

	}

	CompletableFuture<ChannelBatch> read(ChannelName channel, long position) {
		if (channel.isUser()) {
			return fetch(channel, position);
		}
		long now = this.clock.millis();
		CompletableFuture<ChannelBatch> mine = new CompletableFuture<>();
		Recent recent = this.channels.computeIfAbsent(channel.value(), (name) -> new Recent());
		synchronized (recent) {
			expire(recent, now);
			for (Read read : recent.reads) {
				if (read.answers(position, this.since)) {
					return read.result();
				}
			}
			recent.reads.addFirst(new Read(position, now, mine));
		}
		fetch(channel, position).whenComplete((batch, failure) -> {
			if (failure != null) {
				forget(channel, recent, mine);
				mine.completeExceptionally(failure);
			}
			else {
				this.since = Math.max(this.since, batch.since());
				synchronized (recent) {
					if (recent.reads.stream().anyMatch((read) -> read.result() == mine)) {
						recent.bytes += batch.bytes();
					}
				}
				mine.complete(batch);
			}
		});
		return mine;
	}

	private CompletableFuture<ChannelBatch> fetch(ChannelName channel, long position) {
		try {
			return this.source.read(channel, position, COUNT, BYTES)
				.thenApply((batch) -> ChannelBatch.render(channel, position, batch));
		}
		catch (RuntimeException | Error ex) {
			// A read that was never sent must not be waited for.
			return CompletableFuture.failedFuture(ex);
		}
	}

	private void expire(Recent recent, long now) {
		Iterator<Read> oldestFirst = recent.reads.descendingIterator();
		while (oldestFirst.hasNext()) {
			Read read = oldestFirst.next();
			boolean tooMany = recent.reads.size() > KEPT_BATCHES || recent.bytes > KEPT_BYTES;
			if (!tooMany && now - read.begunAt() < KEPT_MS) {
				return;
			}
			oldestFirst.remove();
			if (read.result().state() == Future.State.SUCCESS) {
				recent.bytes -= read.result().resultNow().bytes();
			}
		}
	}

	private void forget(ChannelName channel, Recent recent, CompletableFuture<ChannelBatch> failed) {
		synchronized (recent) {
			recent.reads.removeIf((read) -> read.result() == failed);
		}
	}

	/** Drops all that was read, or is on its way. */
	void forget() {
		this.channels.clear();
	}

	/** Drops what nobody asks for any more. Called from time to time. */
	void sweep() {
		long now = this.clock.millis();
		this.channels.forEach((name, recent) -> {
			synchronized (recent) {
				expire(recent, now);
				if (recent.reads.isEmpty()) {
					this.channels.remove(name, recent);
				}
			}
		});
	}

}
