package io.fanfare.api.json;

import io.fanfare.protocol.settings.InvalidSettingException;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.body}: what a request may carry.
 *
 * @param max the longest body; of a longer one no more than that is read. Each request
 * may hold up to 60 times as much memory while it is read, within a third of the heap for
 * all. At most 64 MB. Default: 1 MB
 */
@Validated
@ConfigurationProperties("fanfare.body")
record BodySettings(@DefaultValue("1MB") DataSize max) {

	private static final long LIMIT = DataSize.ofMegabytes(64).toBytes();

	BodySettings {
		if (max.toBytes() < 1 || max.toBytes() > LIMIT) {
			throw new InvalidSettingException("fanfare.body.max", "must be from 1B to 64MB");
		}
	}

}
