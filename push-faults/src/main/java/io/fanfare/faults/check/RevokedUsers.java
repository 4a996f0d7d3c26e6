package io.fanfare.faults.check;

import java.time.Duration;
import java.util.List;

import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.RevokedUser;

/**
 * Holds what revoked users received against the promise that a right that was taken away
 * is gone: at once where every node answered, within a lease where one did not, and for
 * good.
 * <p>
 * Where Redis loses data the revocation is lost with it, until an API process writes it
 * back: then it is only held against what follows.
 */
public final class RevokedUsers {

	/** How long what was written before may be on its way. */
	private static final Duration ON_ITS_WAY = Duration.ofSeconds(1);

	private final Expectations expectations;

	private final Timing timing;

	private final Complaints complaints;

	/**
	 * Makes a check.
	 * @param expectations what may happen
	 * @param timing of the deployment
	 * @param complaints where what is not as expected goes
	 */
	public RevokedUsers(Expectations expectations, Timing timing, Complaints complaints) {
		this.expectations = expectations;
		this.timing = timing;
		this.complaints = complaints;
	}

	/**
	 * How long a stream that was open received messages after the revocation was
	 * answered.
	 * @param users the revoked users; if there are none, that is a complaint
	 * @return the longest time
	 */
	public Duration longest(List<RevokedUser> users) {
		if (users.isEmpty()) {
			this.complaints.add("no user was revoked");
		}
		long longest = 0;
		for (RevokedUser user : users) {
			for (RevokedUser.Attempt attempt : user.attempts()) {
				if (attempt.lastMessageAt() == null || isReturn(user, attempt)) {
					continue;
				}
				long late = attempt.lastMessageAt() - user.answeredAt();
				longest = Math.max(longest, late);
				if (late > atMost(user).toNanos() && !this.expectations.losesData()) {
					this.complaints
						.add("revoked, and received messages: " + user.user() + ", " + Duration.ofNanos(late));
				}
			}
		}
		return Duration.ofNanos(longest);
	}

	/**
	 * How many streams clients got that they asked for after the revocation was answered.
	 * @param users the revoked users
	 * @return the number
	 */
	public int returned(List<RevokedUser> users) {
		int all = 0;
		for (RevokedUser user : users) {
			int count = (int) user.attempts()
				.stream()
				.filter((attempt) -> attempt.admitted() && isReturn(user, attempt))
				.count();
			all += count;
			if (count > 0 && !this.expectations.losesData()) {
				this.complaints.add("revoked, and returned: " + user.user() + ", " + count + " streams");
			}
		}
		return all;
	}

	/**
	 * How much there was to check.
	 * @param users the revoked users
	 * @return a few words
	 */
	public static String extent(List<RevokedUser> users) {
		return "%d users revoked, %d of them while a node did not answer; %d attempts to return".formatted(users.size(),
				users.stream().filter((user) -> !user.everywhere()).count(),
				users.stream()
					.mapToLong((user) -> user.attempts().stream().filter((attempt) -> isReturn(user, attempt)).count())
					.sum());
	}

	private Duration atMost(RevokedUser user) {
		return (user.everywhere() && this.expectations.link()) ? ON_ITS_WAY : this.timing.lease().plus(ON_ITS_WAY);
	}

	private static boolean isReturn(RevokedUser user, RevokedUser.Attempt attempt) {
		return attempt.askedAt() - user.answeredAt() > 0;
	}

}
