package io.fanfare.node.catchup;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of what streams replay.
 *
 * @param historyBytes how many bytes a stream that begins with {@code history} replays at
 * most, over all its channels, 64 KB to 64 MB. Redis and the node read as much for each
 * such stream
 */
@Validated
@ConfigurationProperties("fanfare.stream")
public record HistorySettings(@DefaultValue("4MB") DataSize historyBytes) {

	static final long DEFAULT_BYTES = DataSize.ofMegabytes(4).toBytes();

	private static final DataSize LEAST = DataSize.ofKilobytes(64);

	private static final DataSize MOST = DataSize.ofMegabytes(64);

	/**
	 * Fails where the size is out of its bounds.
	 */
	public HistorySettings {
		if (historyBytes.compareTo(LEAST) < 0 || historyBytes.compareTo(MOST) > 0) {
			throw new IllegalArgumentException("fanfare.stream.history-bytes (FANFARE_STREAM_HISTORYBYTES) must be from"
					+ " 64KB to 64MB, not " + historyBytes);
		}
	}

}
