package io.fanfare.node.ratelimit;

import java.util.List;

import jakarta.validation.constraints.Min;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * How much one network address, or one user, may ask for, over all nodes. An IPv6 address
 * counts with all of its /64.
 *
 * @param connectionsPerAddress how many streams an address may have at once, 0 for any
 * number. With this limit or the next one an open costs a call of Redis more
 * @param opensPerMinute how many streams an address may open within a minute, 0 for any
 * number
 * @param takeoversPerMinute how often within a minute another page may take a user's
 * stream over, 0 for any number; above it the present one stays
 * @param exempt addresses and CIDR blocks to which the limits of addresses do not apply
 */
@Validated
@ConfigurationProperties("fanfare.limits")
public record LimitSettings(@DefaultValue("50") @Min(0) int connectionsPerAddress,
		@DefaultValue("60") @Min(0) int opensPerMinute, @DefaultValue("10") @Min(0) int takeoversPerMinute,
		@DefaultValue( {
				"127.0.0.0/8", "::1" }) List<String> exempt){

	/**
	 * Fails where a block is none.
	 */
	public LimitSettings {
		AddressBlocks.parse("fanfare.limits.exempt", exempt);
	}

	/** Whether addresses are limited at all. */
	boolean limitsAddresses() {
		return this.connectionsPerAddress > 0 || this.opensPerMinute > 0;
	}

	AddressBlocks exemptBlocks() {
		return AddressBlocks.parse("fanfare.limits.exempt", this.exempt);
	}

}
