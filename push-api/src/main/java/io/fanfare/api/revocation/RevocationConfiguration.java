package io.fanfare.api.revocation;

import io.fanfare.api.auth.StreamTokenLife;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisKeys;
import io.fanfare.redis.revocation.Revocations;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Where revocations are stored. */
@Configuration(proxyBeanMethods = false)
class RevocationConfiguration {

	@Bean
	Revocations revocations(CommandLink link, RedisKeys keys, RevocationSettings settings, StreamTokenLife longest) {
		return new Revocations(link, keys, settings.keep(longest.value(), StreamTokenLife.SETTING));
	}

}
