package io.fanfare.node.stream;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

import io.fanfare.node.ratelimit.Quota;
import io.fanfare.node.ratelimit.QuotaUse;

/** The fields of draft-ietf-httpapi-ratelimit-headers-10. */
final class RateLimitFields {

	static final String POLICY = "RateLimit-Policy";

	static final String LIMIT = "RateLimit";

	private RateLimitFields() {
	}

	/** Both fields, as lines of a head; empty where no quota applies. */
	static String lines(List<QuotaUse> left) {
		if (left.isEmpty()) {
			return "";
		}
		return POLICY + ": " + left.stream().map((use) -> policy(use.quota())).collect(Collectors.joining(", "))
				+ "\r\n" + LIMIT + ": "
				+ left.stream().map((use) -> limit(use.quota(), use.remaining())).collect(Collectors.joining(", "))
				+ "\r\n";
	}

	/** What a quota allows. */
	static String policy(Quota quota) {
		Duration window = quota.window();
		return name(quota) + ";q=" + quota.limit()
				+ ((window != null) ? ";w=" + seconds(window) : ";qu=\"concurrent-requests\"");
	}

	/** What is left of a quota. */
	static String limit(Quota quota, int remaining) {
		Duration reset = quota.reset();
		return name(quota) + ";r=" + remaining + ((reset != null) ? ";t=" + seconds(reset) : "");
	}

	private static String name(Quota quota) {
		return "\"" + quota.policy() + "\"";
	}

	/** Whole seconds, none too few. */
	static String seconds(Duration duration) {
		return Long.toString(Math.ceilDiv(duration.toMillis(), 1000L));
	}

}
