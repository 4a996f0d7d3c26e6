package io.fanfare.node.presence;

import java.time.Duration;

import io.fanfare.redis.presence.Presence.Twins;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What distinguishes two clients that share a {@code client} by mistake from one that
 * reconnects: the older one is asked to stop then. They cost nothing where none is
 * shared.
 *
 * @param replacements how many replacements in a row, where one of the two pages has no
 * {@code page}. Fewer take a page whose connection breaks again and again for two
 * @param within how long after the one before each of them comes at most; twice
 * {@code fanfare.connections.max-retry} where that is longer
 * @param returns how often a {@code page} comes back that another one displaced; Redis
 * keeps the time of each with the user's presence
 * @param window within how long it does
 */
@Validated
@ConfigurationProperties("fanfare.twins")
public record TwinSettings(@DefaultValue("10") @Min(2) @Max(1000) int replacements,
		@DefaultValue("30s") @DurationMin(millis = 1) @DurationMax(hours = 24) Duration within,
		@DefaultValue("3") @Min(1) @Max(10) int returns,
		@DefaultValue("5m") @DurationMin(millis = 1) @DurationMax(hours = 24) Duration window) {

	/**
	 * What presence needs of them.
	 * @param maxRetry the most that a client is asked to wait after an ordinary end
	 * @return the numbers
	 */
	public Twins twins(Duration maxRetry) {
		Duration twice = maxRetry.multipliedBy(2);
		return new Twins(this.replacements, (twice.compareTo(this.within) > 0) ? twice : this.within, this.returns,
				this.window);
	}

}
