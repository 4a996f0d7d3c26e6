package io.fanfare.api;

import java.time.Duration;

import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.api}: the connections of callers.
 *
 * @param idleTimeout how long a connection is kept between two requests; longer than any
 * proxy or client keeps it, or a request is sent into one that is just being closed. 80 s
 * by default
 */
@Validated
@ConfigurationProperties("fanfare.api")
record ServerSettings(
		@NotNull @DurationMin(seconds = 1) @DurationMax(hours = 1) @DefaultValue("80s") Duration idleTimeout) {

}
