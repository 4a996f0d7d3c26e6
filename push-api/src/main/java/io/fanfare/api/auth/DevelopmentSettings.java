package io.fanfare.api.auth;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.development}: whether this is a machine for development.
 *
 * @param development whether secrets may be short, or known to everyone. False by default
 */
@Validated
@ConfigurationProperties("fanfare")
record DevelopmentSettings(@DefaultValue("false") boolean development) {

}
