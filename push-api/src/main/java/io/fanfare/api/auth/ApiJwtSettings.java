package io.fanfare.api.auth;

import io.fanfare.boot.jwt.JwtSettings;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.NestedConfigurationProperty;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * {@code fanfare.api.jwt}: which tokens call the API. None by default: calls are possible
 * by API key only then.
 *
 * @param jwt the keys, and what tokens must have
 */
@ConfigurationProperties("fanfare.api")
record ApiJwtSettings(@DefaultValue @NestedConfigurationProperty JwtSettings jwt) {

	static final String PREFIX = "fanfare.api.jwt";

}
