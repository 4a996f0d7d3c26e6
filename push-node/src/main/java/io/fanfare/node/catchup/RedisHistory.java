package io.fanfare.node.catchup;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.history.History;

/**
 * {@link HistorySource} in Redis. Answers are handed over to a thread of its own: what is
 * made of them takes longer than the thread may be held up that receives messages and
 * proofs of leases.
 */
public final class RedisHistory implements HistorySource {

	private static final Duration IDLE = Duration.ofSeconds(10);

	private final History history;

	private final ThreadPoolExecutor thread = new ThreadPoolExecutor(1, 1, IDLE.toMillis(), TimeUnit.MILLISECONDS,
			new LinkedBlockingQueue<>(), Thread.ofPlatform().daemon().name("fanfare-catch-up").factory());

	/**
	 * Makes it.
	 * @param history the history
	 */
	public RedisHistory(History history) {
		this.history = history;
		this.thread.allowCoreThreadTimeOut(true);
	}

	private <T> CompletableFuture<T> handedOver(CompletableFuture<T> answer) {
		return answer.whenCompleteAsync((value, failure) -> {
			// Only the thread matters.
		}, this.thread);
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
