package io.fanfare.node.catchup;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.history.History;

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
	 * Finds where all that a channel retained begins.
	 * @param channel the channel
	 * @return the id of the oldest message, 0 if nothing is retained
	 */
	CompletableFuture<Long> findOldest(ChannelName channel);

	/**
	 * Walks a bounded piece of the way back over the last messages of a channel.
	 * @param channel the channel
	 * @param below where it begins: the first id of the piece before, or
	 * {@link io.fanfare.protocol.MessageId#MAX}
	 * @param count how many messages are wanted from here on, 1 at least
	 * @param bytes how many bytes they may have
	 * @return the piece
	 */
	CompletableFuture<History.Walked> walkBack(ChannelName channel, long below, int count, int bytes);

	/**
	 * Tells the last ids of many channels at once.
	 * @param channels the channels
	 * @return their last ids
	 */
	CompletableFuture<History.LastIds> lastIds(List<ChannelName> channels);

}
