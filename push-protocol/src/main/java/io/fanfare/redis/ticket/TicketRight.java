package io.fanfare.redis.ticket;

import java.time.Instant;
import java.util.List;

import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ChannelPattern;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.TokenLimits;
import org.jspecify.annotations.Nullable;

/**
 * What a ticket grants: what a token would whose claims are these.
 *
 * @param user the user
 * @param channels the topics that the stream may ask for
 * @param tier how much the stream counts, or null for the tier of a token that names none
 * @param id the id of the token that it stands for ({@code jti}), or null for none
 * @param issued when that was issued ({@code iat}), of which whole seconds count
 * @param expires when the right ends ({@code exp}), of which whole seconds count
 */
public record TicketRight(String user, List<String> channels, @Nullable Tier tier, @Nullable String id, Instant issued,
		Instant expires) {

	/** The longest id of a token, in characters. */
	public static final int MAX_ID_LENGTH = 256;

	/**
	 * Says why it is too large to be kept.
	 * @return the reason, or null where it is not
	 */
	public @Nullable String excess() {
		if (!ChannelName.isUser(this.user)) {
			return "the user is none";
		}
		if (this.channels.size() > TokenLimits.MAX_CHANNELS) {
			return "it has more than " + TokenLimits.MAX_CHANNELS + " channels";
		}
		if (this.channels.stream().anyMatch((one) -> one.length() > ChannelPattern.MAX_TOPICS_LENGTH)) {
			return "one of its channels has more than " + ChannelPattern.MAX_TOPICS_LENGTH + " characters";
		}
		if (this.id != null && this.id.length() > MAX_ID_LENGTH) {
			return "its jti has more than " + MAX_ID_LENGTH + " characters";
		}
		return null;
	}

}
