package io.fanfare.node.ratelimit;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How many credentials that are not right an address may show.
 *
 * @param refusalsPerMinute how many within the window of the limits, on one node; 0 for
 * any number, 100 000 at most
 */
@Validated
@ConfigurationProperties("fanfare.limits")
public record RefusalSettings(@DefaultValue("100") @Min(0) @Max(100_000) int refusalsPerMinute) {

}
