package io.fanfare.api.auth;

import java.time.Duration;

import org.springframework.stereotype.Component;

/** How long a stream token lives at most. */
@Component
public final class StreamTokenLife {

	/** The setting that says it. */
	public static final String SETTING = StreamJwtSettings.PREFIX + ".max-life";

	private final Duration value;

	StreamTokenLife(StreamJwtSettings settings) {
		this.value = settings.jwt().maxLife();
	}

	/**
	 * How long one lives.
	 * @return the time
	 */
	public Duration value() {
		return this.value;
	}

}
