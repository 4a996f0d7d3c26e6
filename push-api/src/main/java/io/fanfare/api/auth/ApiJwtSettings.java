package io.fanfare.api.auth;

import io.fanfare.boot.jwt.JwtSettings;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.api.jwt}: which tokens call the API. None by default: calls are possible
 * by API key only then.
 *
 * @param jwt the keys, and what tokens must have
 */
@Validated
@ConfigurationProperties("fanfare.api")
record ApiJwtSettings(@DefaultValue @NestedConfigurationProperty JwtSettings jwt) {

	static final String PREFIX = "fanfare.api.jwt";

	/** Fails where one is wrong. */
	ApiJwtSettings {
		jwt.check(PREFIX);
	}

}
