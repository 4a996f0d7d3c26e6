package io.fanfare.node;

import java.time.Duration;

import io.fanfare.protocol.Tier;
import io.fanfare.protocol.redis.RedisKeys;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/** Settings of the node that belong to no one feature. */
final class NodeSettings {

	private NodeSettings() {
	}

	/**
	 * Who the node is.
	 *
	 * @param name its name; the identity adds eight random characters to it at each start
	 */
	@ConfigurationProperties("fanfare.node")
	record Name(@DefaultValue("node") @NotBlank String name) {

	}

	/**
	 * How stream tokens are signed.
	 *
	 * @param secret the secret shared with whoever makes tokens, HS256; 32 bytes at least
	 * @param clockSkew how far the clock of whoever makes tokens may run ahead;
	 * {@code exp} is exact
	 */
	@ConfigurationProperties("fanfare.jwt")
	record Jwt(@DefaultValue("") String secret, @DefaultValue("30s") Duration clockSkew) {

		/** More would let tokens in long before they are valid. */
		private static final Duration MOST = Duration.ofMinutes(10);

		Jwt {
			if (clockSkew.isNegative() || clockSkew.compareTo(MOST) > 0) {
				throw new IllegalArgumentException(
						"fanfare.jwt.clock-skew (FANFARE_JWT_CLOCKSKEW) must be from 0 to 10m, not " + clockSkew);
			}
		}

	}

	/**
	 * What tokens that do not say so are.
	 *
	 * @param defaultTier the tier of a token without the claim {@code tier}
	 */
	@ConfigurationProperties("fanfare.jwt")
	record Tiers(@DefaultValue("normal") Tier defaultTier) {

	}

	/**
	 * What is retained. The API must be told the same.
	 *
	 * @param length messages a channel
	 * @param age how long a message is retained; a week at most, for the last ids of
	 * silent channels are forgotten then
	 */
	@Validated
	@ConfigurationProperties("fanfare.history")
	record Retention(@DefaultValue("1000") @Min(1) @Max(1_000_000) int length,
			@DefaultValue("24h") @NotNull @DurationMin(seconds = 1) @DurationMax(days = 7) Duration age) {

	}

	/**
	 * How Redis is used. Where it is, is Boot's own {@code spring.data.redis.*}.
	 *
	 * @param prefix what begins all keys and pub/sub channels: the name of the
	 * installation on a Redis that others use as well
	 * @param durable whether it keeps all it acknowledged across a restart; then a
	 * restart alone is no data loss
	 * @param commandTimeout how long a command may take, 10 ms to 1500 ms: a proxy waits
	 * 2 s for an answer of the node. What waits for a command waits no longer
	 * @param connectTimeout how long a connection attempt may take
	 * @param lease after how long without a renewal a node is taken for dead: the longest
	 * time for which its users are shown online, and for which a cut-off node may go on
	 * writing
	 * @param renewInterval how often leases are renewed; a third of the lease leaves room
	 * for two failures
	 */
	@ConfigurationProperties("fanfare.redis")
	record Redis(@DefaultValue(RedisKeys.DEFAULT_PREFIX) String prefix, @DefaultValue("false") boolean durable,
			@DefaultValue("1s") Duration commandTimeout, @DefaultValue("1s") Duration connectTimeout,
			@DefaultValue("15s") Duration lease, @DefaultValue("5s") Duration renewInterval) {

		private static final Duration SHORTEST_COMMAND_TIMEOUT = Duration.ofMillis(10);

		private static final Duration LONGEST_COMMAND_TIMEOUT = Duration.ofMillis(1500);

		/** Scripts take presence for complete a minute after a data loss. */
		private static final Duration LONGEST_LEASE = Duration.ofSeconds(50);

		Redis {
			if (!prefix.matches(RedisKeys.PREFIX_PATTERN)) {
				throw new IllegalArgumentException("fanfare.redis.prefix must be 1 to 32 of a-z, 0-9 and -");
			}
			if (commandTimeout.compareTo(SHORTEST_COMMAND_TIMEOUT) < 0
					|| commandTimeout.compareTo(LONGEST_COMMAND_TIMEOUT) > 0) {
				throw new IllegalArgumentException("fanfare.redis.command-timeout (FANFARE_REDIS_COMMANDTIMEOUT)"
						+ " must be from 10ms to 1500ms, not " + commandTimeout);
			}
			if (!lease.isPositive() || lease.compareTo(LONGEST_LEASE) > 0) {
				throw new IllegalArgumentException("fanfare.redis.lease must be above 0 and at most 50s, not " + lease);
			}
			if (!renewInterval.isPositive() || renewInterval.compareTo(lease) >= 0) {
				throw new IllegalArgumentException(
						"fanfare.redis.renew-interval must be above 0 and below the lease, not " + renewInterval);
			}
		}

	}

}
