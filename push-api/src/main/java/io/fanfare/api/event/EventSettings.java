package io.fanfare.api.event;

import java.time.Duration;

import io.fanfare.redis.event.PresenceEvents;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.events}: what backends learn of streams.
 *
 * @param presence whether events say which user came and left. Each costs Redis two
 * writes. False by default
 * @param streamClosed whether an event says of each stream that it ended, and why; only
 * with {@code presence}. One more write per stream. False by default
 * @param offlineDelay how long after a user's last stream the user counts as offline. A
 * client that reconnects within it makes no event. 15 s by default: a drain tells clients
 * to come back after up to {@code fanfare.connections.max-spread}, 10 s
 * @param length about how many events Redis keeps, some 300 bytes each. 100 000 by
 * default
 */
@Validated
@ConfigurationProperties("fanfare.events")
record EventSettings(@DefaultValue("false") boolean presence, @DefaultValue("false") boolean streamClosed,
		@NotNull @DurationMin @DurationMax(minutes = 10) @DefaultValue("15s") Duration offlineDelay,
		@Min(1_000) @Max(10_000_000) @DefaultValue("100000") int length) {

	PresenceEvents.Settings settings() {
		return new PresenceEvents.Settings(this.offlineDelay, this.length, this.streamClosed);
	}

}
