package io.fanfare.api.auth;

import java.util.List;

import io.fanfare.protocol.ChannelPattern;
import io.fanfare.protocol.Tier;
import org.jspecify.annotations.Nullable;

/**
 * The most that stream tokens and tickets of a caller may allow.
 *
 * @param maxTier the highest tier, or null for any
 * @param channels what covers all of their topics, or null for any
 */
record TokenCeiling(@Nullable Tier maxTier, @Nullable List<ChannelPattern> channels) {

	/** No ceiling. */
	static final TokenCeiling NONE = new TokenCeiling(null, null);

	/**
	 * Reads a ceiling.
	 * @param maxTier the highest tier, or null for any
	 * @param channels patterns of topics, or null for any
	 * @return the ceiling
	 * @throws IllegalArgumentException if one of the patterns is none
	 */
	static TokenCeiling of(@Nullable Tier maxTier, @Nullable List<String> channels) {
		return new TokenCeiling(maxTier,
				(channels != null) ? channels.stream().map(TokenCeiling::pattern).toList() : null);
	}

	private static ChannelPattern pattern(String text) {
		if (!ChannelPattern.isOfTopics(text)) {
			throw new IllegalArgumentException("'" + text + "' is no topic, no prefix:* and not *");
		}
		return new ChannelPattern(text);
	}

	boolean allows(Tier tier) {
		return this.maxTier == null || tier.compareTo(this.maxTier) >= 0;
	}

	/** Whether a token may have a topic, a prefix or {@code *}. */
	boolean allows(String topics) {
		return this.channels == null
				|| this.channels.stream().anyMatch((pattern) -> pattern.covers(new ChannelPattern(topics)));
	}

}
