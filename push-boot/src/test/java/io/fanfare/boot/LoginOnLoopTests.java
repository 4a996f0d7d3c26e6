package io.fanfare.boot;

import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.data.redis.connection.RedisPassword;
import org.springframework.data.redis.connection.RedisSentinelConfiguration;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

class LoginOnLoopTests {

	private final LoginOnLoop login = new LoginOnLoop();

	@Test
	void aUserAndAPasswordAreWhatTheSettingsSay() {
		RedisStandaloneConfiguration settings = new RedisStandaloneConfiguration();
		assertLogin(this.login.createCredentialsProvider(settings), null, null);
		settings.setPassword("secret");
		assertLogin(this.login.createCredentialsProvider(settings), null, "secret");
		settings.setUsername("alice");
		assertLogin(this.login.createCredentialsProvider(settings), "alice", "secret");
		settings.setPassword(RedisPassword.none());
		assertLogin(this.login.createCredentialsProvider(settings), "alice", "");
	}

	@Test
	void sentinelsHaveAUserAndAPasswordOfTheirOwn() {
		RedisSentinelConfiguration settings = new RedisSentinelConfiguration();
		assertLogin(this.login.createSentinelCredentialsProvider(settings), null, null);
		settings.setUsername("alice");
		settings.setPassword("secret");
		settings.setSentinelUsername("bob");
		settings.setSentinelPassword("other");
		assertLogin(this.login.createCredentialsProvider(settings), "alice", "secret");
		assertLogin(this.login.createSentinelCredentialsProvider(settings), "bob", "other");
	}

	private static void assertLogin(RedisCredentialsProvider provider, @Nullable String user,
			@Nullable String password) {
		assertThat(provider).isInstanceOf(RedisCredentialsProvider.ImmediateRedisCredentialsProvider.class);
		RedisCredentials known = ((RedisCredentialsProvider.ImmediateRedisCredentialsProvider) provider)
			.resolveCredentialsNow();
		assertThat(known.getUsername()).isEqualTo(user);
		assertThat(known.getPassword()).isEqualTo((password != null) ? password.toCharArray() : null);
	}

}
