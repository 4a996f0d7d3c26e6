package io.fanfare.node.catchup;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.history.History;

/**
 * {@link HistorySource} in Redis. Answers are handed over to a {@link Worker}: what is
 * made of them takes longer than the thread may be held up that receives messages and
 * proofs of leases.
 */
public final class RedisHistory implements HistorySource {

	private final History history;

	private final Worker worker;

	/**
	 * Makes it.
	 * @param history the history
	 * @param scheduler runs what is made of its answers
	 */
	public RedisHistory(History history, Scheduler scheduler) {
		this.history = history;
		this.worker = scheduler.createWorker("catch-up");
	}

	private <T> CompletableFuture<T> handedOver(CompletableFuture<T> answer) {
		return answer.whenCompleteAsync((value, failure) -> {
			// Only the thread matters.
		}, this.worker::execute);
	}

	@Override
	public CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes) {
		return handedOver(this.history.read(channel, position, count, bytes));
	}

	@Override
	public CompletableFuture<Long> findOldest(ChannelName channel) {
		return this.history.findOldest(channel);
	}

	@Override
	public CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
		return handedOver(this.history.walkBack(channel, below, count, bytes));
	}

	@Override
	public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
		return handedOver(this.history.lastIds(channels));
	}

}
