package io.fanfare.node;

import java.time.Duration;

import io.fanfare.boot.RedisLinkSettings;
import io.fanfare.node.cluster.NodeIdentity;
import io.fanfare.protocol.Tier;
import io.fanfare.protocol.settings.InvalidSettingException;
import io.fanfare.protocol.settings.SharedDefaults;
import io.fanfare.protocol.settings.SigningSecret;
import io.fanfare.redis.RedisKeys;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
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
	@Validated
	@ConfigurationProperties("fanfare.node")
	record Name(@DefaultValue("node") @NotNull @Pattern(regexp = NodeIdentity.NAME_PATTERN,
			message = "must be 1 to 40 letters, digits, _ or -") String name) {

	}

	/**
	 * Whether this is a machine for development. Looked at before settings are bound.
	 *
	 * @param development whether a secret that everyone knows may sign tokens
	 */
	@ConfigurationProperties("fanfare")
	record Development(@DefaultValue("false") boolean development) {

	}

	/**
	 * How stream tokens are signed.
	 *
	 * @param secret the secret shared with the issuer of tokens, HS256; 32 bytes at least
	 * @param clockSkew how far the clock of the issuer of tokens may run ahead;
	 * {@code exp} is exact
	 */
	@ConfigurationProperties("fanfare.jwt")
	record Jwt(@DefaultValue("") String secret, @DefaultValue(SharedDefaults.CLOCK_SKEW) Duration clockSkew) {

		private static final Duration MOST = Duration.ofMinutes(SharedDefaults.MAX_CLOCK_SKEW_MINUTES);

		Jwt {
			InvalidSettingException.require(!secret.isEmpty(), SigningSecret.PROPERTY,
					"is not set: a node does not start without the secret by which tokens are signed");
			SigningSecret.check(secret);
			InvalidSettingException.require(!clockSkew.isNegative() && clockSkew.compareTo(MOST) <= 0,
					"fanfare.jwt.clock-skew", "must be from 0 to 10m, is " + clockSkew);
		}

		@Override
		public String toString() {
			return "Jwt[clockSkew=" + this.clockSkew + "]";
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
	 * What is retained. The API must have the same.
	 *
	 * @param length messages a channel
	 * @param age how long a message is retained; a week at most, for the last ids of
	 * silent channels are forgotten then
	 */
	@Validated
	@ConfigurationProperties("fanfare.history")
	record Retention(
			@DefaultValue(SharedDefaults.HISTORY_LENGTH) @Min(1) @Max(SharedDefaults.MAX_HISTORY_LENGTH) int length,
			@DefaultValue(SharedDefaults.HISTORY_AGE) @NotNull @DurationMin(seconds = 1) @DurationMax(
					days = SharedDefaults.MAX_HISTORY_DAYS) Duration age) {

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
	record Redis(@DefaultValue(RedisKeys.DEFAULT_PREFIX) String prefix,
			@DefaultValue(SharedDefaults.REDIS_DURABLE) boolean durable,
			@DefaultValue(SharedDefaults.COMMAND_TIMEOUT) Duration commandTimeout,
			@DefaultValue("1s") Duration connectTimeout, @DefaultValue(SharedDefaults.LEASE) Duration lease,
			@DefaultValue(SharedDefaults.RENEW_INTERVAL) Duration renewInterval) implements RedisLinkSettings {

		private static final Duration SHORTEST_TIMEOUT = Duration.ofMillis(SharedDefaults.MIN_COMMAND_TIMEOUT);

		private static final Duration LONGEST_COMMAND_TIMEOUT = Duration.ofMillis(SharedDefaults.MAX_COMMAND_TIMEOUT);

		private static final Duration LONGEST_CONNECT_TIMEOUT = Duration.ofSeconds(30);

		private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);

		/** Scripts take presence for complete a minute after a data loss. */
		private static final Duration LONGEST_LEASE = Duration.ofSeconds(50);

		Redis {
			require(prefix.matches(RedisKeys.PREFIX_PATTERN), "prefix", "must be 1 to 32 of a-z, 0-9 and -");
			require(isWithin(commandTimeout, SHORTEST_TIMEOUT, LONGEST_COMMAND_TIMEOUT), "command-timeout",
					"must be from 10ms to 1500ms, is " + commandTimeout);
			require(isWithin(connectTimeout, SHORTEST_TIMEOUT, LONGEST_CONNECT_TIMEOUT), "connect-timeout",
					"must be from 10ms to 30s, is " + connectTimeout);
			require(isWithin(lease, SHORTEST_INTERVAL, LONGEST_LEASE), "lease",
					"must be from 100ms to 50s, is " + lease);
			require(renewInterval.compareTo(SHORTEST_INTERVAL) >= 0 && renewInterval.compareTo(lease) < 0,
					"renew-interval", "must be at least 100ms and below fanfare.redis.lease, is " + renewInterval);
		}

		private static boolean isWithin(Duration value, Duration least, Duration most) {
			return value.compareTo(least) >= 0 && value.compareTo(most) <= 0;
		}

		private static void require(boolean fits, String name, String reason) {
			InvalidSettingException.require(fits, "fanfare.redis." + name, reason);
		}

	}

}
