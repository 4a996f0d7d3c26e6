package io.fanfare.api.revocation;

import java.time.Duration;

import io.fanfare.protocol.settings.InvalidSettingException;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.validation.annotation.Validated;

/**
 * {@code fanfare.revocations}: taking rights away.
 *
 * @param keep how long a revocation is kept: a token that lives longer would be accepted
 * again after it. As long as a stream token lives at most, and 30 s for clocks that
 * differ, unless given
 */
@Validated
@ConfigurationProperties("fanfare.revocations")
record RevocationSettings(@Nullable @DurationMin(seconds = 1) @DurationMax(days = 3650) Duration keep) {

	private static final String KEEP = "fanfare.revocations.keep";

	/** For clocks that differ. */
	private static final Duration SKEW = Duration.ofSeconds(30);

	/**
	 * How long a revocation is kept.
	 * @param longest how long a stream token lives at most
	 * @param setting the setting that says it
	 * @return the time
	 * @throws InvalidSettingException if it is too short
	 */
	Duration keep(Duration longest, String setting) {
		Duration least = longest.plus(SKEW);
		if (this.keep == null) {
			return least;
		}
		InvalidSettingException.require(this.keep.compareTo(least) >= 0, KEEP,
				"must be at least " + least.toSeconds() + "s, which is " + InvalidSettingException.named(setting)
						+ " and 30s: a token that outlives its revocation is accepted again");
		return this.keep;
	}

}
