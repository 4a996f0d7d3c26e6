package io.fanfare.api.ratelimit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.fanfare.redis.history.PublishQuota;

/**
 * The fields of draft-ietf-httpapi-ratelimit-headers-10.
 *
 * @param policy {@code RateLimit-Policy}: how much may be published within how long
 * @param limit {@code RateLimit}: how much is left, and when it is whole again
 */
record RateLimitFields(String policy, String limit) {

	static final String POLICY = "RateLimit-Policy";

	static final String LIMIT = "RateLimit";

	static RateLimitFields of(PublishQuota quota, PublishQuota.Used used) {
		List<String> policies = new ArrayList<>();
		List<String> limits = new ArrayList<>();
		if (quota.bytesPerSecond() > 0) {
			add(policies, limits, PublishQuota.BYTES, quota.bytes(), quota.bytesWindow(), "content-bytes",
					used.bytes());
		}
		if (quota.channelsPerMinute() > 0) {
			add(policies, limits, PublishQuota.NEW_CHANNELS, quota.channelsPerMinute(), PublishQuota.channelsWindow(),
					"channels", used.channels());
		}
		return new RateLimitFields(String.join(", ", policies), String.join(", ", limits));
	}

	private static void add(List<String> policies, List<String> limits, String name, long quota, Duration window,
			String unit, Duration used) {
		policies.add("\"" + name + "\";q=" + quota + ";w=" + seconds(window) + ";qu=\"" + unit + "\"");
		long left = (long) (quota * Math.max(0, 1 - (double) used.toMillis() / window.toMillis()));
		limits.add("\"" + name + "\";r=" + left + ";t=" + seconds(used));
	}

	/** Rounded up. */
	static long seconds(Duration duration) {
		return Math.ceilDiv(duration.toMillis(), 1_000L);
	}

}
