package io.fanfare.node.stream;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

import io.fanfare.node.catchup.HistorySource;
import io.fanfare.node.presence.Ownership;
import io.fanfare.node.subscription.Topics;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Predecessor;
import io.fanfare.redis.history.History;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Claim;
import io.fanfare.redis.presence.Presence.ClaimResult;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Held;
import io.fanfare.redis.presence.Presence.Renewal;

/**
 * What stands for Redis while the JVM warms up: everybody owns whom they ask for, history
 * is empty, and ids come from here. A claim asks Redis all the same, for the way there
 * and back is to be warm as well, but by a script that does nothing. Any thread may call.
 */
final class Rehearsal implements Ownership, HistorySource, Topics.Upstream {

	private final Presence presence;

	private final String node;

	private final AtomicLong lastId = new AtomicLong(MessageId.of(System.currentTimeMillis(), 0));

	/**
	 * Up to it history is complete, and empty: what is broadcast has a higher id, or
	 * streams that read history would take it for read.
	 */
	private final AtomicLong clock = new AtomicLong(this.lastId.get());

	private final Queue<LongConsumer> subscribed = new ConcurrentLinkedQueue<>();

	Rehearsal(Presence presence, String node) {
		this.presence = presence;
		this.node = node;
	}

	/** Where a stream that resumes may have stopped. */
	long cursor() {
		return this.clock.get();
	}

	long nextId() {
		return this.lastId.incrementAndGet();
	}

	/** Confirms what was subscribed, which is {@code all}. */
	void confirm(long link) {
		this.subscribed.forEach((confirmed) -> confirmed.accept(link));
	}

	@Override
	public CompletableFuture<ClaimResult> claim(Claim claim) {
		return this.presence.rehearse(this.node, claim).handle((result, failure) -> {
			long id = nextId();
			this.clock.accumulateAndGet(id, Math::max);
			return new ClaimResult.Owner(id, id, MessageId.ZERO);
		});
	}

	@Override
	public CompletableFuture<Renewal> renew(List<Held> held) {
		return CompletableFuture.completedFuture(new Renewal(this.clock.get(), MessageId.ZERO, List.of()));
	}

	@Override
	public CompletableFuture<Long> release(List<Field> fields) {
		return CompletableFuture.completedFuture(0L);
	}

	@Override
	public boolean isAvailable() {
		return true;
	}

	@Override
	public CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes) {
		return CompletableFuture.completedFuture(new History.Batch(this.clock.get(), MessageId.ZERO, true,
				new Predecessor(MessageId.ZERO, MessageId.ZERO, 0), List.of()));
	}

	@Override
	public CompletableFuture<Long> findOldest(ChannelName channel) {
		return CompletableFuture.completedFuture(MessageId.ZERO);
	}

	@Override
	public CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
		return CompletableFuture.completedFuture(new History.Walked(MessageId.ZERO, 0, 0, History.Walked.End.END, 0));
	}

	@Override
	public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
		return CompletableFuture.completedFuture(new History.LastIds(this.clock.get(), MessageId.ZERO,
				channels.stream().map((channel) -> MessageId.ZERO).toList()));
	}

	@Override
	public void subscribe(ChannelName topic, LongConsumer confirmed) {
		this.subscribed.add(confirmed);
	}

	@Override
	public void unsubscribe(ChannelName topic, LongConsumer confirmed) {
		this.subscribed.remove(confirmed);
	}

}
