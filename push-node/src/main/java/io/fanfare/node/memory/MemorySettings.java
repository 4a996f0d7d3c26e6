package io.fanfare.node.memory;

import java.time.Duration;

import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.validation.annotation.Validated;
import io.fanfare.protocol.settings.InvalidSettingException;

/**
 * When a node is short of memory.
 *
 * @param interval how often it looks; a look costs some 20 us. Zero for never
 * @param heap the share of the largest heap that may be in use after a collection
 * @param direct the share of the largest direct memory that may be in use
 * @param process the share of {@code processLimit} that may be resident
 * @param processLimit how much the process may have; zero for the limit of its container,
 * and where that has none, no limit
 * @param step the share of its streams that it sends away at each look while it stays
 * short
 * @param owed how much of the heap messages may take that are owed to clients, as a
 * percentage of the largest heap or a size; above it the largest backlogs are dropped and
 * read from history later, which costs Redis a read for each
 */
@Validated
@ConfigurationProperties("fanfare.memory")
public record MemorySettings(@DefaultValue("10s") @DurationMin @DurationMax(hours = 1) Duration interval,
		@DefaultValue("0.85") @DecimalMin("0.1") @DecimalMax("1") double heap,
		@DefaultValue("0.85") @DecimalMin("0.1") @DecimalMax("1") double direct,
		@DefaultValue("0.95") @DecimalMin("0.1") @DecimalMax("1") double process,
		@DefaultValue("0") DataSize processLimit,
		@DefaultValue("0.01") @DecimalMin("0.001") @DecimalMax("1") double step, @DefaultValue("25%") HeapShare owed) {

	/**
	 * Fails where a size is negative.
	 */
	public MemorySettings {
		InvalidSettingException.require(!processLimit.isNegative(), "fanfare.memory.process-limit",
				"must be 0B or more");
	}

}
