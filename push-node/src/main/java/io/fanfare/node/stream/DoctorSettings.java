package io.fanfare.node.stream;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of the streams by which a doctor finds out what lies between a client and the
 * node. They need no credential.
 *
 * @param enabled whether the node has them
 * @param perAddress how many an address may have at once on a node, 1 to 1 000
 * @param max how many a node has at once, 1 to 10 000; each may cost 24 KiB of memory for
 * half a minute, and sends 72 KiB at most
 */
@Validated
@ConfigurationProperties("fanfare.doctor")
public record DoctorSettings(@DefaultValue("true") boolean enabled,
		@DefaultValue("8") @Min(1) @Max(1000) int perAddress, @DefaultValue("64") @Min(1) @Max(10_000) int max) {

}
