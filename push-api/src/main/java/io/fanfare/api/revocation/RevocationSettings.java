package io.fanfare.api.revocation;

import java.time.Duration;

import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.revocations}: taking rights away.
 *
 * @param keep how long a revocation is kept. A token that lives longer is accepted again
 * after it: at least the longest life of a stream token and 30 s for clocks that differ.
 * 24 h and 30 s by default
 */
@Validated
@ConfigurationProperties("fanfare.revocations")
record RevocationSettings(
		@NotNull @DurationMin(seconds = 1) @DurationMax(days = 3650) @DefaultValue("86430s") Duration keep) {

}
