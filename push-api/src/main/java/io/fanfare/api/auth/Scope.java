package io.fanfare.api.auth;

import java.util.Locale;

import io.fanfare.protocol.ChannelPattern;
import org.jspecify.annotations.Nullable;

/** What a call needs. */
public enum Scope {

	/** Publish, to some channels or to all. */
	PUBLISH("<channel pattern>", ""),
	/** Look at users and channels, some or all, and at nodes. */
	READ("<channel pattern>", ""),
	/** Make tokens for streams, of some users or of all. */
	TOKENS("<user pattern>", "user:"),
	/** End the streams of users and of channels. */
	DISCONNECT(null, ""),
	/** Operate the cluster; this includes {@link #DISCONNECT}. */
	ADMIN(null, "");

	private final @Nullable String pattern;

	private final String prefix;

	/**
	 * Makes a scope.
	 * @param pattern the pattern that may limit it, for people; null for none
	 * @param prefix makes a pattern of channels of that pattern
	 */
	Scope(@Nullable String pattern, String prefix) {
		this.pattern = pattern;
		this.prefix = prefix;
	}

	/**
	 * The name in API keys and tokens.
	 * @return the name
	 */
	public String wireName() {
		return name().toLowerCase(Locale.ROOT);
	}

	/**
	 * The name with a pattern, for people.
	 * @return the name, or null if no pattern may limit the scope
	 */
	public @Nullable String limitedName() {
		return (this.pattern != null) ? wireName() + ":" + this.pattern : null;
	}

	/**
	 * Reads the pattern that limits the scope.
	 * @param text the pattern
	 * @return the channels that it covers; for {@link #TOKENS} those of its users
	 * @throws IllegalArgumentException if it is none
	 */
	ChannelPattern limit(String text) {
		if (this.pattern == null) {
			throw new IllegalArgumentException("No pattern limits " + wireName());
		}
		return new ChannelPattern(this.prefix + text);
	}

	/** Writes a pattern that limits the scope, as it is read. */
	String text(ChannelPattern limit) {
		return limit.value().substring(this.prefix.length());
	}

	/**
	 * Finds a scope by its name.
	 * @throws IllegalArgumentException if there is none of that name
	 */
	static Scope find(String wireName) {
		for (Scope scope : values()) {
			if (scope.wireName().equals(wireName)) {
				return scope;
			}
		}
		throw new IllegalArgumentException("'" + wireName + "' is no scope");
	}

}
