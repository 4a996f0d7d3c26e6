package io.fanfare.node.presence;

import java.time.Duration;

import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.redis.presence.Presence.Twins;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What distinguishes two clients that share a {@code client} by mistake from one that
 * reconnects: the older one is asked to stop then. They cost nothing where none is
 * shared.
 *
 * @param replacements how many replacements in a row, where one of the two pages has no
 * {@code page}. Fewer take a page whose connection breaks again and again for two
 * @param within how long after the one before each of them comes at most; twice
 * {@code fanfare.connections.max-retry} where that is longer
 * @param returns how often a {@code page} comes back that another one displaced
 * @param window within how long it does
 */
@ConfigurationProperties("fanfare.twins")
public record TwinSettings(@DefaultValue("10") int replacements, @DefaultValue("30s") Duration within,
		@DefaultValue("3") int returns, @DefaultValue("5m") Duration window) {

	private static final int MOST_REPLACEMENTS = 1000;

	/** Redis keeps the time of each return with the user's presence. */
	private static final int MOST_RETURNS = 10;

	private static final Duration SHORTEST = Duration.ofMillis(1);

	private static final Duration LONGEST = Duration.ofDays(1);

	/**
	 * Fails where a number is out of its bounds.
	 */
	public TwinSettings {
		require("replacements", replacements, 2, MOST_REPLACEMENTS);
		require("returns", returns, 1, MOST_RETURNS);
		require("within", within);
		require("window", window);
	}

	private static void require(String name, int value, int least, int most) {
		InvalidSettingException.require(value >= least && value <= most, "fanfare.twins." + name,
				"must be from " + least + " to " + most + ", is " + value);
	}

	private static void require(String name, Duration value) {
		InvalidSettingException.require(value.compareTo(SHORTEST) >= 0 && value.compareTo(LONGEST) <= 0,
				"fanfare.twins." + name, "must be from 1ms to " + LONGEST.toHours() + "h, is " + value);
	}

	/**
	 * What presence needs of them.
	 * @param maxRetry the most that a client is asked to wait after an ordinary end
	 * @return the numbers
	 */
	public Twins twins(Duration maxRetry) {
		Duration twice = maxRetry.multipliedBy(2);
		return new Twins(this.replacements, (twice.compareTo(this.within) > 0) ? twice : this.within, this.returns,
				this.window);
	}

}
