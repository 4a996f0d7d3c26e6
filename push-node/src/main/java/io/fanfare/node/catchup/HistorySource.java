package io.fanfare.node.catchup;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.redis.History;

/** Where history is read from. Futures may complete on any thread. */
public interface HistorySource {

	/**
	 * Reads what a channel retained above a position.
	 * @param channel the channel
	 * @param position the position
	 * @param count at most so many messages
	 * @param bytes at most so many bytes, but one message at least
	 * @return the batch
	 */
	CompletableFuture<History.Batch> read(ChannelName channel, long position, int count, int bytes);

	/**
	 * Finds where the last messages of a channel begin.
	 * @param channel the channel
	 * @param count how many, or 0 for all that is retained
	 * @return the id of the first of them, 0 if nothing is retained
	 */
	CompletableFuture<Long> findStart(ChannelName channel, int count);

	/**
	 * Tells the last ids of many channels at once.
	 * @param channels the channels
	 * @return their last ids
	 */
	CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels);

}
