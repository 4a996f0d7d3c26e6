package io.fanfare.api.publish;

import java.time.Duration;

import io.fanfare.protocol.settings.InvalidSettingException;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;
import org.hibernate.validator.constraints.time.DurationMax;

/**
 * {@code fanfare.publish}: the limits of a publish.
 *
 * @param users how many users one message may have. Redis serves them in pieces, some 15
 * microseconds each and 4 for each KiB of data. Default: 1000
 * @param batch how many messages a batch may have. Default: 500
 * @param data how long the data of a message may be, as it travels. Each node renders it
 * once for all its streams. At most 1 MB: Redis serves no other call for some 5 ms while
 * it takes so much. Default: 64 KB
 * @param ttl the longest time to live. More than the age of the history is of no use.
 * Default: 24 h
 */
@Validated
@ConfigurationProperties("fanfare.publish")
record PublishSettings(@Min(1) @Max(5000) @DefaultValue("1000") int users,
		@Min(1) @Max(5000) @DefaultValue("500") int batch, @NotNull @DefaultValue("64KB") DataSize data,
		@NotNull @DurationMin(millis = 1) @DurationMax(days = 7) @DefaultValue("24h") Duration ttl) {

	/** What a single call of Redis appends in some 5 ms. */
	private static final long MAX_DATA = DataSize.ofMegabytes(1).toBytes();

	PublishSettings {
		if (data.toBytes() < 1 || data.toBytes() > MAX_DATA) {
			throw new InvalidSettingException("fanfare.publish.data", "must be from 1B to 1MB");
		}
	}

}
