package io.fanfare.api.redis;

import java.time.Duration;

import io.fanfare.boot.RedisLinkSettings;
import io.fanfare.protocol.settings.SharedDefaults;
import io.fanfare.redis.RedisKeys;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.redis}: how Redis is used. Where it is stands in
 * {@code fanfare.redis.url}, which {@code spring.data.redis.url} takes.
 *
 * @param prefix what begins all keys and pub/sub channels: the name of the installation
 * on a Redis that others use as well. {@code fanfare} by default
 * @param durable whether the store keeps all it acknowledged across a restart
 * ({@code appendfsync always}). Says so wrongly, and loss is not announced to streams.
 * False by default
 * @param commandTimeout how long a command may take. A longer one makes callers wait
 * longer for their 503, a shorter one gives up on large publishes. 1 s by default
 */
@Validated
@ConfigurationProperties("fanfare.redis")
record RedisSettings(
		@NotNull @Pattern(regexp = RedisKeys.PREFIX_PATTERN,
				message = "must be 1 to 32 of a-z, 0-9 and -") @DefaultValue(RedisKeys.DEFAULT_PREFIX) String prefix,
		@DefaultValue(SharedDefaults.REDIS_DURABLE) boolean durable,
		@NotNull @DurationMin(millis = SharedDefaults.MIN_COMMAND_TIMEOUT) @DurationMax(
				millis = SharedDefaults.MAX_COMMAND_TIMEOUT) @DefaultValue(SharedDefaults.COMMAND_TIMEOUT) Duration commandTimeout)
		implements
			RedisLinkSettings {

	private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

	/** What is left to the answer itself of the two seconds that callers are promised. */
	private static final Duration SLACK = Duration.ofMillis(400);

	@Override
	public Duration connectTimeout() {
		return CONNECT_TIMEOUT;
	}

	/** How long a request waits for what it asked Redis. */
	Duration patience() {
		return this.commandTimeout.plus(SLACK);
	}

}
