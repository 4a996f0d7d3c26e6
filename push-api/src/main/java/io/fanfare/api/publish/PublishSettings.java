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
 * {@code fanfare.publish}: what one publish may ask for.
 *
 * @param users how many users one message may have. All are served by one script, which
 * Redis does not interrupt: some 10 microseconds each. 1000 unless told
 * @param batch how many messages a batch may have. 500 unless told
 * @param data how long the data of a message may be, as it travels. Each node renders it
 * once for all its streams. 64 KB unless told, 8 MB at most: Redis cuts a node off that
 * is behind by so much
 * @param ttl the longest time to live. More than the age of the history is of no use. 24
 * h unless told
 */
@Validated
@ConfigurationProperties("fanfare.publish")
record PublishSettings(@Min(1) @Max(5000) @DefaultValue("1000") int users,
		@Min(1) @Max(5000) @DefaultValue("500") int batch, @NotNull @DefaultValue("64KB") DataSize data,
		@NotNull @DurationMin(millis = 1) @DurationMax(days = 7) @DefaultValue("24h") Duration ttl) {

	/** Redis's soft limit of what waits for a pub/sub connection. */
	private static final long MAX_DATA = DataSize.ofMegabytes(8).toBytes();

	PublishSettings {
		if (data.toBytes() < 1 || data.toBytes() > MAX_DATA) {
			throw new InvalidSettingException("fanfare.publish.data", "must be from 1B to 8MB");
		}
	}

}
