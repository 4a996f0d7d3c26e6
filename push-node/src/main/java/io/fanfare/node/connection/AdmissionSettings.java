package io.fanfare.node.connection;

import java.time.Duration;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What a full node does with newcomers.
 *
 * @param whenFull the policy
 * @param waitingRoom how many may wait at once; each costs a socket and some 3 KiB, and a
 * block every {@code noticeInterval} while its position changes
 * @param keepPlace how long the place of a waiting page that vanished is kept
 * @param noticeInterval how often a waiting client is told its position at most
 */
@ConfigurationProperties("fanfare.admission")
public record AdmissionSettings(@DefaultValue("wait") Policy whenFull,
		@DefaultValue("1000") @Min(0) @Max(1_000_000) int waitingRoom, @DefaultValue("30s") Duration keepPlace,
		@DefaultValue("2s") Duration noticeInterval) {

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
