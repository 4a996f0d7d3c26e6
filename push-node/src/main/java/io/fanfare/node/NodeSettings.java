package io.fanfare.node;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import com.nimbusds.jose.jwk.JWK;
import io.fanfare.boot.RedisLinkSettings;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
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
import org.springframework.boot.context.properties.NestedConfigurationProperty;
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
	@Validated
	@ConfigurationProperties("fanfare")
	record Development(@DefaultValue("false") boolean development) {

	}

	/**
	 * Which stream tokens are accepted.
	 *
	 * @param jwt the keys and the rules
	 */
	@Validated
	@ConfigurationProperties("fanfare.stream")
	record StreamJwt(@DefaultValue @NestedConfigurationProperty JwtSettings jwt) {

		static final String PREFIX = "fanfare.stream.jwt";

		StreamJwt {
			jwt.check(PREFIX);
		}

	}

	/**
	 * How stream tokens are signed: the short form of one key of HS256 without an id.
	 *
	 * @param secret the secret shared with the issuer of tokens, HS256; 32 bytes at least
	 * @param clockSkew how far the clock of the issuer of tokens may run ahead;
	 * {@code exp} is exact
	 */
	@Validated
	@ConfigurationProperties("fanfare.jwt")
	record Jwt(@DefaultValue("") String secret, @DefaultValue(SharedDefaults.CLOCK_SKEW) Duration clockSkew) {

		private static final Duration MOST = Duration.ofMinutes(SharedDefaults.MAX_CLOCK_SKEW_MINUTES);

		Jwt {
			if (!secret.isEmpty()) {
				SigningSecret.check(secret);
			}
			InvalidSettingException.require(!clockSkew.isNegative() && clockSkew.compareTo(MOST) <= 0,
					"fanfare.jwt.clock-skew", "must be from 0 to 10m, is " + clockSkew);
		}

		/** All keys of stream tokens. */
		List<JWK> keys(JwtSettings settings) {
			InvalidSettingException.require(!this.secret.isEmpty() || !settings.isEmpty(), SigningSecret.PROPERTY,
					"is not set, and neither is fanfare.stream.jwt.keys or fanfare.stream.jwt.jwks-uri:"
							+ " a node does not start without a key that verifies tokens");
			List<JWK> keys = new ArrayList<>(settings.jwks(StreamJwt.PREFIX));
			if (!this.secret.isEmpty()) {
				keys.add(JwtKeys.shortForm(this.secret));
			}
			return keys;
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
	@Validated
	@ConfigurationProperties("fanfare.jwt")
	record Tiers(@DefaultValue("normal") Tier defaultTier) {

	}

	/**
	 * What is retained. The API must have the same.
	 *
	 * @param length messages per channel
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
	@Validated
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
