package io.fanfare.node.admission;

import java.time.Duration;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.validation.annotation.Validated;

/**
 * What a full node does with newcomers.
 *
 * @param whenFull the policy
 * @param waitingRoom how many may wait at once; each costs a socket and some 3 KiB, and a
 * block every {@code noticeInterval} while its position changes
 * @param keepPlace how long the place of a waiting page that vanished is kept
 * @param noticeInterval how often a waiting client is notified of its position at most
 */
@Validated
@ConfigurationProperties("fanfare.admission")
public record AdmissionSettings(@DefaultValue("wait") Policy whenFull,
		@DefaultValue("1000") @Min(0) @Max(1_000_000) int waitingRoom,
		@DefaultValue("30s") @DurationMin @DurationMax(hours = 1) Duration keepPlace,
		@DefaultValue("2s") @DurationMin(millis = 100) @DurationMax(hours = 1) Duration noticeInterval) {

	/** What is done with a newcomer when all places are taken. */
	public enum Policy {

		/** It is sent away. */
		REJECT,
		/** It waits; if its tier is high, the idlest stream of tier low goes. */
		WAIT,
		/**
		 * If its tier is high, the idlest stream of tier low goes; else it is sent away.
		 */
		EVICT

	}

}
