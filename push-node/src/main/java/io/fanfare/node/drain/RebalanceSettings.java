package io.fanfare.node.drain;

import java.time.Duration;

import jakarta.validation.constraints.DecimalMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.validation.annotation.Validated;
import jakarta.validation.constraints.DecimalMax;

/**
 * Whether a node that has more than its share of the cluster's streams sends some on by
 * itself.
 *
 * @param automatic whether it does
 * @param skew how much more than its share it may have
 * @param interval how often it looks; each look reads what all nodes reported
 * @param window over how long the surplus leaves; each costs an open elsewhere
 */
@Validated
@ConfigurationProperties("fanfare.rebalance")
public record RebalanceSettings(@DefaultValue("false") boolean automatic,
		@DefaultValue("0.3") @DecimalMin("0.01") @DecimalMax("100") double skew,
		@DefaultValue("30s") @DurationMin(seconds = 1) @DurationMax(hours = 1) Duration interval,
		@DefaultValue("60s") @DurationMin(seconds = 1) @DurationMax(hours = 24) Duration window) {

}
