package io.fanfare.api.settings;

import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.EnvironmentPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.core.Ordered;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * Looks at the settings that Boot's own stand on, before Boot fails on them in its own
 * words. It runs in every application that has the API on its class path, and changes
 * nothing.
 */
final class EarlySettings implements EnvironmentPostProcessor, Ordered {

	private static final List<String> PORTS = List.of("fanfare.api.port", "fanfare.control.port");

	private static final String ADDRESS = "fanfare.control.address";

	private static final String REDIS = "fanfare.redis.url";

	private static final List<String> REDIS_SCHEMES = List.of("redis", "rediss");

	@Override
	public void postProcessEnvironment(ConfigurableEnvironment environment, SpringApplication application) {
		PORTS.forEach((property) -> checkPort(property, environment.getProperty(property)));
		checkAddress(environment.getProperty(ADDRESS));
		checkRedis(environment.getProperty(REDIS));
	}

	@Override
	public int getOrder() {
		return LOWEST_PRECEDENCE;
	}

	private static void checkPort(String property, @Nullable String text) {
		if (text != null && (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > 65_535)) {
			throw new InvalidSettingException(property, "must be a port from 0 to 65535");
		}
	}

	private static void checkAddress(@Nullable String text) {
		try {
			if (text != null) {
				InetAddress.getByName(text);
			}
		}
		catch (UnknownHostException ex) {
			throw new InvalidSettingException(ADDRESS, "must be an address of this machine");
		}
	}

	/** The URL may hold a password, so it is not repeated. */
	private static void checkRedis(@Nullable String text) {
		try {
			if (text != null) {
				URI uri = new URI(text);
				if (uri.getHost() == null || !REDIS_SCHEMES.contains(uri.getScheme())) {
					throw new InvalidSettingException(REDIS, "must be a URL such as redis://localhost:6379");
				}
			}
		}
		catch (URISyntaxException ex) {
			throw new InvalidSettingException(REDIS, "is no URL: " + ex.getReason());
		}
	}

}
