package io.fanfare.api.publish;

import java.time.Duration;

import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.idempotency}: repeated publishes.
 *
 * @param retention how long a request may be repeated with its idempotency key. Redis
 * holds a record of each key so long: some 250 bytes, and 25 more for each recipient.
 * Default: 24 h
 */
@Validated
@ConfigurationProperties("fanfare.idempotency")
record IdempotencySettings(
		@NotNull @DurationMin(minutes = 1) @DurationMax(days = 7) @DefaultValue("24h") Duration retention) {

}
