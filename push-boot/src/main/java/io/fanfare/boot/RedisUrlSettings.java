package io.fanfare.boot;

import java.util.Map;

import io.fanfare.redis.RedisUrl;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

/**
 * Puts what is set by itself, such as {@code spring.data.redis.password}, into the URL of
 * Redis: Boot ignores it beside one.
 */
final class RedisUrlSettings implements EnvironmentPostProcessor, Ordered {

	private static final String SOURCE = "fanfareRedisUrl";

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		if (!environment.getPropertySources().contains(SOURCE)) {
			String url = RedisUrl.merge(environment::getProperty);
			if (url != null) {
				environment.getPropertySources().addFirst(new MapPropertySource(SOURCE, Map.of(RedisUrl.BOOT, url)));
			}
		}
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

}
