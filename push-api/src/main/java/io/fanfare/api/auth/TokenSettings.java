package io.fanfare.api.auth;

import java.time.Duration;

import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;
import org.hibernate.validator.constraints.time.DurationMax;

/**
 * {@code fanfare.tokens}: making tokens for streams.
 *
 * @param enabled whether the API makes them. A key with that scope can then receive as
 * any user. False by default
 * @param ttl how long a token is valid for which nothing else was asked, {@code maxTtl}
 * at most. 1 h by default
 * @param maxTtl the longest that may be asked for. A token cannot be called back. 24 h by
 * default
 */
@Validated
@ConfigurationProperties("fanfare.tokens")
record TokenSettings(@DefaultValue("false") boolean enabled,
		@NotNull @DurationMin(seconds = 1) @DurationMax(days = 3650) @DefaultValue("1h") Duration ttl,
		@NotNull @DurationMin(seconds = 1) @DurationMax(days = 3650) @DefaultValue("24h") Duration maxTtl) {

	/** The life of a token for which nothing was asked. */
	Duration defaultTtl() {
		return (this.ttl.compareTo(this.maxTtl) < 0) ? this.ttl : this.maxTtl;
	}

}
