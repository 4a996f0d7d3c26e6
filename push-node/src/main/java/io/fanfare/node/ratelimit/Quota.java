package io.fanfare.node.ratelimit;

import java.time.Duration;

import io.fanfare.protocol.audit.RefusalReason;
import org.jspecify.annotations.Nullable;

/**
 * A quota that was used up (draft-ietf-httpapi-ratelimit-headers-10).
 *
 * @param policy the name of its policy
 * @param limit how much it allows
 * @param window within how long, or null where it is a number at once
 * @param reset how long until it is counted anew, or null where it is unknown
 */
public record Quota(String policy, int limit, @Nullable Duration window, @Nullable Duration reset) {

	/** The policy of wrong credentials. */
	static final String REFUSALS = "refusals";

	static Quota connections(int limit) {
		return new Quota("connections", limit, null, null);
	}

	static Quota opens(int limit, Duration window, Duration reset) {
		return new Quota("opens", limit, window, reset);
	}

	/**
	 * The opens of a user.
	 * @param limit how many may be
	 * @param window within how long
	 * @param reset how long until they are counted anew
	 * @return the quota
	 */
	public static Quota userOpens(int limit, Duration window, Duration reset) {
		return new Quota("user-opens", limit, window, reset);
	}

	/**
	 * The takeovers of a user.
	 * @param limit how many may be
	 * @param window within how long
	 * @param reset how long until they are counted anew
	 * @return the quota
	 */
	public static Quota takeovers(int limit, Duration window, Duration reset) {
		return new Quota("takeovers", limit, window, reset);
	}

	/**
	 * As what a client is counted that is refused because of it.
	 * @return the reason
	 */
	public RefusalReason refusal() {
		return this.policy.equals(REFUSALS) ? RefusalReason.THROTTLED : RefusalReason.QUOTA;
	}

}
