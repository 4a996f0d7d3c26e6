package io.fanfare.faults.check;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;

import io.fanfare.faults.deployment.Timing;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** A scenario in which all is well but one thing fails by that thing alone. */
class ComplaintsTests {

	private static final Duration SHORT = Duration.ofMillis(50);

	private final Complaints complaints = new Complaints();

	/** Of a scenario that the checker has no complaint about. */
	private final Score clean = new Checker(Expectations.ORDINARY, List.of(), 0, null).check(List.of(), List.of(),
			List.of(), Timing.SHORT);

	private List<String> complaints() {
		return this.complaints.in(this.clean).complaints();
	}

	@Test
	void whatHoldsIsNoComplaint() {
		this.complaints.check("a", true, 1);
		Iterator<Boolean> answers = List.of(false, true).iterator();
		this.complaints.expect("b", Duration.ofSeconds(10), answers::next);
		assertThat(complaints()).isEmpty();
	}

	@Test
	void checkThatFailsAloneIsAComplaint() {
		this.complaints.check("the node is ready", false, "down");
		assertThat(complaints()).containsExactly("Not so: the node is ready: down");
	}

	@Test
	void whatIsNotSoWithinItsTimeAloneIsAComplaint() {
		this.complaints.expect("all are back", SHORT, () -> false);
		assertThat(complaints()).containsExactly("Not within 50 ms: all are back");
	}

	@Test
	void whatThrowsForAllOfItsTimeIsAComplaint() {
		this.complaints.expect("all are back", SHORT, () -> {
			throw new IllegalStateException("test");
		});
		assertThat(complaints()).containsExactly("Not within 50 ms: all are back");
	}

	@Test
	void complaintsOfTheCheckerRemain() {
		this.complaints.check("a", false, 1);
		assertThat(this.complaints.in(this.clean.with(List.of("lost"))).complaints()).containsExactly("Not so: a: 1",
				"lost");
	}

}
