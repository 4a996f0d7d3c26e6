package io.fanfare.api.auth;

import java.util.List;

import com.nimbusds.jose.jwk.JWK;
import io.fanfare.boot.jwt.JwtKeys;
import io.fanfare.boot.jwt.JwtSettings;
import io.fanfare.protocol.guard.Scheduler;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The keys of API tokens. They have none in common with those of stream tokens. */
@Configuration(proxyBeanMethods = false)
class TokenKeyConfiguration {

	@Bean(initMethod = "start")
	JwtKeys apiTokenKeys(ApiJwtSettings api, StreamJwtSettings stream, StreamSecretSettings shortForm,
			Scheduler scheduler, MeterRegistry registry) {
		JwtSettings settings = api.jwt();
		List<JWK> keys = settings.jwks(ApiJwtSettings.PREFIX);
		List<JWK> streamKeys = stream.keys(shortForm);
		JwtKeys.requireDistinct(streamKeys, stream.settings(), keys, settings);
		return JwtKeys.of("api", keys, settings, streamKeys, scheduler, registry);
	}

}
