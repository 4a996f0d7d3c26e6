package io.fanfare.protocol.settings;

/** The defaults of settings that more than one place needs. */
public final class SharedDefaults {

	/** {@code fanfare.history.length}. */
	public static final String HISTORY_LENGTH = "1000";

	/** The most that {@code fanfare.history.length} may be. */
	public static final int MAX_HISTORY_LENGTH = 1_000_000;

	/** {@code fanfare.history.age}. */
	public static final String HISTORY_AGE = "24h";

	/**
	 * The most days of {@code fanfare.history.age}: the last ids of silent channels are
	 * forgotten then.
	 */
	public static final int MAX_HISTORY_DAYS = 7;

	/** {@code fanfare.redis.durable}. */
	public static final String REDIS_DURABLE = "false";

	/** {@code fanfare.redis.command-timeout}. */
	public static final String COMMAND_TIMEOUT = "1s";

	/** The least milliseconds of {@code fanfare.redis.command-timeout}. */
	public static final int MIN_COMMAND_TIMEOUT = 10;

	/** The most milliseconds of {@code fanfare.redis.command-timeout}. */
	public static final int MAX_COMMAND_TIMEOUT = 1500;

	/** {@code fanfare.redis.lease}. */
	public static final String LEASE = "15s";

	/** {@code fanfare.redis.renew-interval}. */
	public static final String RENEW_INTERVAL = "5s";

	/** {@code fanfare.jwt.clock-skew}. */
	public static final String CLOCK_SKEW = "30s";

	/**
	 * The most minutes of {@code fanfare.jwt.clock-skew}: more lets tokens in long before
	 * they are valid.
	 */
	public static final int MAX_CLOCK_SKEW_MINUTES = 10;

	private SharedDefaults() {
	}

}
