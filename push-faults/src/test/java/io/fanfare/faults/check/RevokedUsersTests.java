package io.fanfare.faults.check;

import java.time.Duration;
import java.util.List;

import io.fanfare.faults.deployment.Timing;
import io.fanfare.faults.traffic.RevokedUser;
import io.fanfare.faults.traffic.RevokedUser.Attempt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A check that finds nothing proves nothing. */
class RevokedUsersTests {

	private static final long ANSWERED = ms(10_000);

	private static final long LEASE = Timing.SHORT.lease().toMillis();

	private final Complaints complaints = new Complaints();

	@Test
	void streamThatEndsWithTheAnswerIsFine() {
		assertThat(longest(Expectations.ORDINARY, true, 9_990)).isZero();
		assertThat(longest(Expectations.ORDINARY, true, 10_300)).isEqualTo(300);
		assertThat(found()).isEmpty();
	}

	@Test
	void streamThatGoesOnIsAComplaint() {
		assertThat(longest(Expectations.ORDINARY, true, 11_200)).isEqualTo(1_200);
		assertThat(found()).singleElement().asString().contains("anna", "PT1.2S");
	}

	@Test
	void streamOnANodeThatDidNotAnswerMayGoOnForALease() {
		assertThat(longest(Expectations.ORDINARY, false, 11_200)).isEqualTo(1_200);
		assertThat(longest(Expectations.ORDINARY.unlinked(), true, 11_200)).isEqualTo(1_200);
		assertThat(longest(Expectations.ORDINARY, false, 10_900 + LEASE)).isEqualTo(900 + LEASE);
		assertThat(found()).isEmpty();
		longest(Expectations.ORDINARY, false, 11_100 + LEASE);
		longest(Expectations.ORDINARY.unlinked(), true, 11_100 + LEASE);
		assertThat(found()).hasSize(2);
	}

	@Test
	void streamThatIsAskedForAfterTheAnswerIsAReturn() {
		List<RevokedUser> users = List.of(
				user(true, attempt(0, true, ms(9_000)), attempt(ms(10_100), false, null),
						attempt(ms(12_000), true, ms(20_000))),
				user(true, attempt(ms(9_900), true, ms(10_200)), attempt(ms(10_500), false, null)));
		RevokedUsers check = check(Expectations.ORDINARY);
		assertThat(check.longest(users)).hasMillis(200);
		assertThat(found()).isEmpty();
		assertThat(check.returned(users)).isOne();
		assertThat(found()).singleElement().asString().contains("returned: anna, 1 ");
	}

	@Test
	void afterADataLossNeitherIsAComplaintButBothAreCounted() {
		List<RevokedUser> users = List
			.of(user(true, attempt(0, true, ms(30_000)), attempt(ms(12_000), true, ms(13_000))));
		RevokedUsers check = check(Expectations.ORDINARY.dataLost());
		assertThat(check.longest(users)).hasSeconds(20);
		assertThat(check.returned(users)).isOne();
		assertThat(found()).isEmpty();
	}

	@Test
	void extentCountsUsersAndTheirAttemptsAfterTheAnswer() {
		assertThat(RevokedUsers.extent(List.of(
				user(true, attempt(0, true, null), attempt(ms(10_100), false, null), attempt(ms(10_200), true, null)),
				user(false, attempt(0, true, null), attempt(ms(10_100), false, null)))))
			.isEqualTo("2 users revoked, 1 of them while a node did not answer; 3 attempts to return");
	}

	@Test
	void nobodyRevokedIsAComplaint() {
		check(Expectations.ORDINARY).longest(List.of());
		assertThat(found()).hasSize(1);
	}

	private long longest(Expectations expectations, boolean everywhere, long lastMessage) {
		return check(expectations).longest(List.of(user(everywhere, attempt(0, true, ms(lastMessage))))).toMillis();
	}

	private RevokedUsers check(Expectations expectations) {
		return new RevokedUsers(expectations, Timing.SHORT, this.complaints);
	}

	/** All complaints so far, by way of a score that has none. */
	private List<String> found() {
		Score none = new Checker(Expectations.ORDINARY, List.of(), 0, null).check(List.of(), List.of(), List.of(),
				Timing.SHORT);
		return this.complaints.in(none).complaints();
	}

	private static RevokedUser user(boolean everywhere, Attempt... attempts) {
		return new RevokedUser("anna", ANSWERED, everywhere, List.of(attempts));
	}

	private static Attempt attempt(long askedAt, boolean admitted, @Nullable Long lastMessageAt) {
		return new Attempt(askedAt, admitted, lastMessageAt);
	}

	private static long ms(long value) {
		return Duration.ofMillis(value).toNanos();
	}

}
