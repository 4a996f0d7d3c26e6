package io.fanfare.node.recorder;

import io.fanfare.protocol.settings.InvalidSettingException;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What a node remembers of messages and streams.
 *
 * @param bytes how much memory it takes; zero for none
 */
@Validated
@ConfigurationProperties("fanfare.recorder")
public record RecorderSettings(@DefaultValue("32MB") DataSize bytes) {

	private static final DataSize MOST = DataSize.ofGigabytes(1);

	private static final DataSize LEAST = DataSize.ofMegabytes(1);

	/**
	 * Fails where a size is out of range.
	 */
	public RecorderSettings {
		boolean fits = bytes.toBytes() == 0 || bytes.compareTo(LEAST) >= 0 && bytes.compareTo(MOST) <= 0;
		InvalidSettingException.require(fits, "fanfare.recorder.bytes", "must be 0, for none, or from 1MB to 1GB");
	}

}
