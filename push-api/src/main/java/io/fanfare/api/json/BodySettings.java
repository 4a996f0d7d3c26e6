package io.fanfare.api.json;

import jakarta.validation.constraints.NotNull;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.body}: what a request may carry.
 *
 * @param max the longest body; a longer one is refused before it is read. Each request
 * may hold some four times as much memory while it is read. 1 MB unless told
 */
@Validated
@ConfigurationProperties("fanfare.body")
record BodySettings(@NotNull @DefaultValue("1MB") DataSize max) {

}
