package io.fanfare.api.redis;

import java.time.Duration;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;
import io.fanfare.protocol.settings.SharedDefaults;

/**
 * {@code fanfare.history}: what a channel retains, so that streams can resume. Nodes read
 * by the same settings.
 *
 * @param length how many messages. Redis holds them all in memory, some 100 bytes more
 * than their data each. 1000 by default
 * @param age how long. 24 h by default; a week at most, for the last ids of silent
 * channels are forgotten then
 */
@Validated
@ConfigurationProperties("fanfare.history")
record HistorySettings(
		@Min(1) @Max(SharedDefaults.MAX_HISTORY_LENGTH) @DefaultValue(SharedDefaults.HISTORY_LENGTH) int length,
		@NotNull @DurationMin(seconds = 1) @DurationMax(
				days = SharedDefaults.MAX_HISTORY_DAYS) @DefaultValue(SharedDefaults.HISTORY_AGE) Duration age) {

}
