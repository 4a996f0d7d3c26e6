package io.fanfare.node.catchup;

import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import org.jspecify.annotations.Nullable;

/**
 * Reads of one range of a channel, done once for all who miss it: after a restart
 * thousands of clients ask for the same. Batches of topics and of {@code all} are kept
 * for a moment and answer every read from within them; a user's own channel is read by
 * its one connection alone.
 * <p>
 * What is kept is bounded by its age, by its number per channel, and in all by its bytes:
 * the oldest goes first. A read that is on its way takes no bytes yet; those are bounded
 * where rounds are.
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

	private final HistorySource source;

	private final InstantSource clock;

	private final long limit;

	/** Guards all that follows. Nothing that takes long is done under it. */
	private final Object lock = new Object();

	/** The reads of each channel that were begun lately, newest first. */
	private final Map<ChannelName, Deque<Read>> channels = new HashMap<>();

	/** All reads, the oldest first. */
	private final Set<Read> oldestFirst = new LinkedHashSet<>();

	private long bytes;

	private long since;

	/**
	 * Creates it.
	 * @param source where history is read from
	 * @param clock the wall clock
	 * @param limit how many bytes are kept in all
	 */
	SharedReads(HistorySource source, InstantSource clock, long limit) {
		this.source = source;
		this.clock = clock;
		this.limit = limit;
	}

	/** A read that was begun, and what it brought. Guarded by the lock. */
	private static final class Read {

		private final ChannelName channel;

		private final long position;

		private final long begunAt;

		private final CompletableFuture<ChannelBatch> result = new CompletableFuture<>();

		/** Null while it is on its way. */
		private @Nullable ChannelBatch batch;

		private Read(ChannelName channel, long position, long begunAt) {
			this.channel = channel;
			this.position = position;
			this.begunAt = begunAt;
		}

		private boolean answers(long wanted, long since) {
			return (this.batch == null) ? this.position == wanted
					: this.batch.covers(wanted) && this.batch.since() == since;
		}

	}

	CompletableFuture<ChannelBatch> read(ChannelName channel, long position) {
		if (channel.isUser()) {
			return fetch(channel, position);
		}
		Read mine = new Read(channel, position, this.clock.millis());
		synchronized (this.lock) {
			expire(mine.begunAt);
			Deque<Read> recent = this.channels.computeIfAbsent(channel, (name) -> new ArrayDeque<>());
			for (Read read : recent) {
				if (read.answers(position, this.since)) {
					return read.result;
				}
			}
			if (recent.size() >= KEPT_BATCHES) {
				drop(recent.getLast());
			}
			this.channels.computeIfAbsent(channel, (name) -> new ArrayDeque<>()).addFirst(mine);
			this.oldestFirst.add(mine);
		}
		fetch(channel, position).whenComplete((batch, failure) -> {
			try {
				if (batch != null) {
					keep(mine, batch);
				}
				else {
					synchronized (this.lock) {
						drop(mine);
					}
				}
			}
			finally {
				if (batch != null) {
					mine.result.complete(batch);
				}
				else {
					mine.result
						.completeExceptionally((failure != null) ? failure : new IllegalStateException("No batch"));
				}
			}
		});
		return mine.result;
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

	private void keep(Read read, ChannelBatch batch) {
		synchronized (this.lock) {
			this.since = Math.max(this.since, batch.since());
			if (!this.oldestFirst.contains(read)) {
				return;
			}
			read.batch = batch;
			this.bytes += batch.bytes();
			Iterator<Read> oldest = this.oldestFirst.iterator();
			while (this.bytes > this.limit && oldest.hasNext()) {
				Read next = oldest.next();
				if (next.batch != null) {
					oldest.remove();
					forget(next);
				}
			}
		}
	}

	private void expire(long now) {
		Iterator<Read> oldest = this.oldestFirst.iterator();
		while (oldest.hasNext()) {
			Read next = oldest.next();
			if (now - next.begunAt < KEPT_MS) {
				return;
			}
			oldest.remove();
			forget(next);
		}
	}

	private void drop(Read read) {
		if (this.oldestFirst.remove(read)) {
			forget(read);
		}
	}

	private void forget(Read read) {
		if (read.batch != null) {
			this.bytes -= read.batch.bytes();
		}
		Deque<Read> recent = this.channels.get(read.channel);
		if (recent != null) {
			recent.remove(read);
			if (recent.isEmpty()) {
				this.channels.remove(read.channel);
			}
		}
	}

	/** How many bytes are kept. */
	long bytes() {
		synchronized (this.lock) {
			return this.bytes;
		}
	}

	/** Drops all that was read, or is on its way. */
	void forget() {
		synchronized (this.lock) {
			this.channels.clear();
			this.oldestFirst.clear();
			this.bytes = 0;
		}
	}

	/** Drops all that was read of a channel, or is on its way. */
	void forget(ChannelName channel) {
		synchronized (this.lock) {
			Deque<Read> reads = this.channels.remove(channel);
			for (Read read : (reads != null) ? reads : new ArrayDeque<Read>()) {
				drop(read);
			}
		}
	}

	/** Drops what no stream asks for any more. Called from time to time. */
	void sweep() {
		synchronized (this.lock) {
			expire(this.clock.millis());
		}
	}

}
