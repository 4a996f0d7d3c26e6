package io.fanfare.node.auth;

import java.time.Instant;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ChannelPattern;
import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

/**
 * Whose stream it is, and what it may receive.
 *
 * @param user the user
 * @param id the id of the token ({@code jti}), or null where it has none
 * @param issued when it was issued ({@code iat})
 * @param renewal from when on its client should have a new one: the last minute of its
 * life, or the last quarter where that is shorter
 * @param expires when the right ends
 * @param tier how much the stream counts
 * @param channels the topics it may receive: exact names, {@code prefix:*}, or {@code *}
 */
public record StreamToken(String user, @Nullable String id, Instant issued, Instant renewal, Instant expires, Tier tier,
		List<String> channels) {

	/**
	 * Returns whether it covers a topic.
	 * @param topic the topic
	 * @return whether the stream may receive it
	 */
	public boolean covers(ChannelName topic) {
		for (String granted : this.channels) {
			if (ChannelPattern.covers(granted, topic)) {
				return true;
			}
		}
		return false;
	}

}
