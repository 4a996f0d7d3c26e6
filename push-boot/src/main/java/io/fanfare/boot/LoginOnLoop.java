package io.fanfare.boot;

import io.lettuce.core.RedisCredentialsProvider;
import io.lettuce.core.StaticCredentialsProvider;
import org.jspecify.annotations.Nullable;

import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;
import org.springframework.util.StringUtils;

/**
 * Hands Lettuce credentials that are known at once, so that a connection logs in on its
 * own event loop. Lettuce does the login of any other provider, also of what it makes of
 * a user and a password itself, on the common pool of the virtual machine: on two
 * processors that has one thread, and what blocks it keeps links from being made.
 */
final class LoginOnLoop implements RedisCredentialsProviderFactory {

	private static final RedisPassword NO_PASSWORD = RedisPassword.none();

	@Override
	public RedisCredentialsProvider createCredentialsProvider(RedisConfiguration configuration) {
		return (configuration instanceof RedisConfiguration.WithAuthentication login)
				? known(login.getUsername(), login.getPassword()) : known(null, NO_PASSWORD);
	}

	@Override
	public RedisCredentialsProvider createSentinelCredentialsProvider(RedisSentinelConfiguration configuration) {
		return known(configuration.getSentinelUsername(), configuration.getSentinelPassword());
	}

	/** A user without a password has an empty one. */
	private static RedisCredentialsProvider known(@Nullable String user, RedisPassword password) {
		boolean named = StringUtils.hasText(user);
		char @Nullable [] text = password.isPresent() ? password.get() : named ? new char[0] : null;
		return new StaticCredentialsProvider(named ? user : null, text);
	}

}
