package io.fanfare.node.ratelimit;

import java.time.Duration;
import java.util.List;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How much one network address, or one user, may ask for. An IPv6 address counts with all
 * of its /64. Behind one address there may be an office or a mobile carrier, so the
 * limits of addresses are wide; those of users are not.
 *
 * @param connectionsPerAddress how many streams an address may have at once, over all
 * nodes, and how many connections to one node; 0 for any number, 1 000 000 at most. With
 * this limit or the next one an open costs a call of Redis more
 * @param opensPerMinute how many streams an address may open within the window, over all
 * nodes; 0 for any number, 1 000 000 at most
 * @param opensPerUser how many streams a user may open within the window, over all nodes;
 * 0 for any number, 100 000 at most. Costs a key of Redis for the window
 * @param takeoversPerMinute how often within the window another page may take a user's
 * stream over, 0 for any number, 100 000 at most; above it the present one stays
 * @param window how long opens and takeovers are counted for, from the first of them on;
 * 1 s to 1 h
 * @param exempt addresses and CIDR blocks to which the limits of addresses do not apply
 */
@Validated
@ConfigurationProperties("fanfare.limits")
public record LimitSettings(@DefaultValue("1000") @Min(0) @Max(1_000_000) int connectionsPerAddress,
		@DefaultValue("1200") @Min(0) @Max(1_000_000) int opensPerMinute,
		@DefaultValue("30") @Min(0) @Max(100_000) int opensPerUser,
		@DefaultValue("10") @Min(0) @Max(100_000) int takeoversPerMinute, @DefaultValue("1m") Duration window,
		@DefaultValue( {
				"127.0.0.0/8", "::1" }) List<String> exempt){

	private static final Duration SHORTEST_WINDOW = Duration.ofSeconds(1);

	private static final Duration LONGEST_WINDOW = Duration.ofHours(1);

	/**
	 * Fails where a block is none, or the window out of its bounds.
	 */
	public LimitSettings {
		AddressBlocks.parse("fanfare.limits.exempt", exempt);
		if (window.compareTo(SHORTEST_WINDOW) < 0 || window.compareTo(LONGEST_WINDOW) > 0) {
			throw new IllegalArgumentException(
					"fanfare.limits.window (FANFARE_LIMITS_WINDOW) must be from 1s to 1h, not " + window);
		}
	}

	/** Whether addresses are limited at all. */
	boolean limitsAddresses() {
		return this.connectionsPerAddress > 0 || this.opensPerMinute > 0;
	}

	AddressBlocks exemptBlocks() {
		return AddressBlocks.parse("fanfare.limits.exempt", this.exempt);
	}

}
