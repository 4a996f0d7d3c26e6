package io.fanfare.node.catchup;

import java.util.Map;
import java.util.Set;

import io.fanfare.protocol.ChannelName;

/**
 * Where a connection stands when it reads what it missed.
 *
 * @param position everything of its channels up to it was written or announced, but for
 * what was hidden in its user's own channel
 * @param received up to here the user's own channel was received for sure; may lie below
 * the position
 * @param receivedAlso ids of the user's channel above that which were received as well
 * @param vouchedSince a data loss up to this id cost the connection nothing: it was live
 * all the while
 * @param starts channels of which nothing up to an id was promised, with that id
 */
public record Standing(long position, long received, Set<Long> receivedAlso, long vouchedSince,
		Map<ChannelName, Long> starts) {

	/** From where a channel is read: what lies below is not wanted, or known. */
	long readFrom(ChannelName channel) {
		long promised = promised(channel);
		return channel.isUser() ? Math.min(promised, this.received) : promised;
	}

	/** Up to where a channel was promised nothing, or it was written or announced. */
	long promised(ChannelName channel) {
		return Math.max(this.position, this.starts.getOrDefault(channel, this.position));
	}

}
