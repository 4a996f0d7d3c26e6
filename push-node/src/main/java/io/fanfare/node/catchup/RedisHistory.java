package io.fanfare.node.catchup;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.History;

/** {@link HistorySource} in Redis. */
public final class RedisHistory implements HistorySource {

	private final History history;

	/**
	 * Makes it.
	 * @param history the history
	 */
	public RedisHistory(History history) {
		this.history = history;
	}

	@Override
	public CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes) {
		return this.history.read(channel, position, count, bytes);
	}

	@Override
	public CompletableFuture<Long> findOldest(ChannelName channel) {
		return this.history.findOldest(channel);
	}

	@Override
	public CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes) {
		return this.history.walkBack(channel, below, count, bytes);
	}

	@Override
	public CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels) {
		return this.history.lastIds(channels);
	}

}
