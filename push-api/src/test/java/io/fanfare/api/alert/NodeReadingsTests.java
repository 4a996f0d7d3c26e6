package io.fanfare.api.alert;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.fanfare.api.alert.NodeReadings.Heard;
import io.fanfare.api.alert.Reading.Verdict;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.NodeStatus.Bucket;
import io.fanfare.protocol.NodeStatus.Delivery;
import io.fanfare.protocol.NodeStatus.Drained;
import io.fanfare.protocol.NodeStatus.Memory;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.cluster.Nodes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

/** The rules, over reports that the test writes. */
class NodeReadingsTests {

	private static final long START = 1_000_000_000;

	private final List<String> noted = new ArrayList<>();

	private final NodeReadings readings = new NodeReadings(Settings.defaults(),
			new Errors(() -> 0, this.noted::add, (fatal) -> {
			}), this::nanoTime);

	/** By Redis's clock. */
	private long now = START - Nodes.REWRITTEN.toMillis();

	/** How far Redis's clock was set forward. */
	private Duration stepped = Duration.ZERO;

	@BeforeEach
	void lookForAWhile() {
		this.readings.look(this.now, List.of(), List.of());
		pass(Nodes.REWRITTEN);
	}

	private long nanoTime() {
		return Duration.ofMillis(this.now).minus(this.stepped).toNanos();
	}

	@Test
	void aNodeThatIsNearlyFullIsOver() {
		assertThat(look(node(81, 0, 0, null, null), AlertRule.CONNECTIONS).verdict()).isEqualTo(Verdict.OVER);
		assertThat(look(node(80, 0, 0, null, null), AlertRule.CONNECTIONS).verdict()).isEqualTo(Verdict.NEAR);
		Reading well = look(node(76, 0, 0, null, null), AlertRule.CONNECTIONS);
		assertThat(well.verdict()).isEqualTo(Verdict.WELL);
		assertThat(well.text()).isEqualTo("n1 has 76 of the 100 streams that it takes (76.0 %)");
	}

	@Test
	void theKindOfMemoryThatIsFullestCounts() {
		Reading heap = look(node(0, 0, 0, new Memory("ok", 0.9, 0.2, 0, false), null), AlertRule.MEMORY);
		assertThat(heap.verdict()).isEqualTo(Verdict.OVER);
		assertThat(heap.text()).isEqualTo("n1 takes 90.0 % of the limit of its heap");
		assertThat(look(node(0, 0, 0, new Memory("ok", 0.1, 0.2, 0.86, false), null), AlertRule.MEMORY).verdict())
			.isEqualTo(Verdict.OVER);
		assertThat(look(node(0, 0, 0, new Memory("ok", 0.1, 0.8, 0.1, false), null), AlertRule.MEMORY).verdict())
			.isEqualTo(Verdict.WELL);
	}

	@Test
	void whatANodeOfAnotherVersionDoesNotReportIsNotKnown() {
		NodeStatus bare = node(0, 0, 0, null, null);
		assertThat(look(bare, AlertRule.MEMORY).verdict()).isEqualTo(Verdict.UNKNOWN);
		assertThat(look(bare, AlertRule.RESPONSE_TIME).verdict()).isEqualTo(Verdict.UNKNOWN);
		pass(Duration.ofMinutes(10));
		assertThat(look(node(0, 0, 0, null, new Delivery(0, 9_999, 1, null)), AlertRule.RESPONSE_TIME).verdict())
			.isEqualTo(Verdict.UNKNOWN);
		NodeReadings.Found found = this.readings.look(this.now, List.of(new Heard("n2.abc", null, 0)), List.of());
		assertThat(found.readings()).isEmpty();
		assertThat(found.present()).containsExactly("n2.abc");
	}

	@Test
	void errorsCountAgainstStreamsThatEndedWithinTheWindow() {
		look(node(0, 1_000, 900, null, null), AlertRule.ERROR_RATE);
		pass(Duration.ofSeconds(5));
		Reading few = look(node(0, 1_019, 919, null, null), AlertRule.ERROR_RATE);
		assertThat(few.verdict()).isEqualTo(Verdict.UNKNOWN);
		pass(Duration.ofSeconds(5));
		Reading over = look(node(0, 1_020, 902, null, null), AlertRule.ERROR_RATE);
		assertThat(over.verdict()).isEqualTo(Verdict.OVER);
		assertThat(over.value()).isEqualTo(0.1);
		assertThat(over.text()).isEqualTo("2 of the 20 streams of n1 that ended lately ended by an error (10.0 %)");
		// The errors leave the window
		for (int i = 0; i < 62; i++) {
			pass(Duration.ofSeconds(5));
			look(node(0, 1_020, 902, null, null), AlertRule.ERROR_RATE);
		}
		assertThat(look(node(0, 1_020, 902, null, null), AlertRule.ERROR_RATE).verdict()).isEqualTo(Verdict.WELL);
	}

	@Test
	void theSlowestOfAHundredDeliveriesCounts() {
		look(node(0, 0, 0, null, delivery(500, 500, 500)), AlertRule.RESPONSE_TIME);
		pass(Duration.ofSeconds(5));
		assertThat(look(node(0, 0, 0, null, delivery(500, 500, 599)), AlertRule.RESPONSE_TIME).verdict())
			.isEqualTo(Verdict.UNKNOWN);
		pass(Duration.ofSeconds(5));
		// 99 of 100 within a second
		Reading well = look(node(0, 0, 0, null, delivery(500, 599, 600)), AlertRule.RESPONSE_TIME);
		assertThat(well.value()).isCloseTo(1, within(0.01));
		assertThat(well.verdict()).isEqualTo(Verdict.NEAR);
		pass(Duration.ofSeconds(5));
		Reading over = look(node(0, 0, 0, null, delivery(500, 650, 700)), AlertRule.RESPONSE_TIME);
		assertThat(over.verdict()).isEqualTo(Verdict.OVER);
		assertThat(over.value()).isBetween(1.0, 5.0);
	}

	@Test
	void aTimeAboveAllBoundsIsTheHighest() {
		look(node(0, 0, 0, null, new Delivery(0, 0, 0, buckets(0, 0, 0))), AlertRule.RESPONSE_TIME);
		pass(Duration.ofSeconds(5));
		assertThat(
				look(node(0, 0, 0, null, new Delivery(0, 1_000, 0, buckets(0, 0, 0))), AlertRule.RESPONSE_TIME).value())
			.isEqualTo(5);
	}

	@Test
	void aNodeThatIsSilentIsLostAndNothingElseOfItIsKnown() {
		NodeStatus status = node(99, 0, 0, null, null);
		List<Reading> silent = this.readings
			.look(this.now, List.of(new Heard(status.node(), status, 16_000)), List.of())
			.readings();
		assertThat(silent).filteredOn((reading) -> reading.rule() == AlertRule.NODE_LOST)
			.singleElement()
			.satisfies((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.OVER));
		assertThat(silent).filteredOn((reading) -> reading.rule() != AlertRule.NODE_LOST)
			.hasSize(4)
			.allSatisfy((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.UNKNOWN));
		assertThat(look(status, AlertRule.NODE_LOST).verdict()).isEqualTo(Verdict.WELL);
	}

	@Test
	void aNodeThatWasDrainedIsNotLost() {
		NodeStatus status = new NodeStatus("n1.abc", "n1", "1", "drained", START, this.now, 100, 0, 0, 0, 0, 0, 0, 0, 0,
				0, 0, null, new Drained(1, 0, 1), null, null);
		NodeReadings.Found found = this.readings.look(this.now, List.of(new Heard(status.node(), status, 16_000)),
				List.of());
		assertThat(found.readings()).isEmpty();
		assertThat(found.present()).isEmpty();
	}

	@Test
	void aNodeThatWasLostIsBackOnceALaterProcessHasItsName() {
		NodeStatus first = node(0, 0, 0, null, null);
		Heard silent = new Heard(first.node(), first, 20_000);
		pass(Duration.ofHours(1));
		this.readings.look(this.now, List.of(silent), List.of());
		NodeStatus other = named("n1.old", START, this.now);
		assertThat(losses(silent, new Heard(other.node(), other, 0)))
			.anySatisfy((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.OVER));
		NodeStatus follower = named("n1.new", this.now - 5_000, this.now);
		for (int i = 0; i < 2; i++) {
			assertThat(losses(silent, new Heard(follower.node(), follower, 0))).isNotEmpty()
				.allSatisfy((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.WELL));
		}
	}

	@Test
	void aLossThatAnotherProcessFoundEndsAsWell() {
		Alert known = new Alert(AlertRule.NODE_LOST, "n1.abc", "n1", this.now, null, null, null, "lost", Map.of(),
				Set.of());
		NodeStatus follower = named("n1.new", this.now + 1_000, this.now + 2_000);
		assertThat(
				this.readings.look(this.now + 2_000, List.of(new Heard(follower.node(), follower, 0)), List.of(known))
					.readings())
			.anySatisfy((reading) -> {
				assertThat(reading.id()).isEqualTo("node-lost/n1.abc");
				assertThat(reading.verdict()).isEqualTo(Verdict.WELL);
			});
	}

	@Test
	void aNodeIsLostAlsoWhereNoLookSawItSilentBeforeItWasRemoved() {
		NodeStatus status = node(0, 0, 0, null, null);
		losses(new Heard(status.node(), status, 4_000));
		pass(Duration.ofSeconds(10));
		// Redis may have lost the list
		assertThat(losses()).isEmpty();
		losses(new Heard(status.node(), status, 0));
		pass(Duration.ofSeconds(30));
		assertThat(losses()).singleElement().satisfies((reading) -> {
			assertThat(reading.verdict()).isEqualTo(Verdict.OVER);
			assertThat(reading.text()).isEqualTo("n1 has stopped to report and was not drained");
		});
		pass(Duration.ofSeconds(30));
		NodeStatus follower = named("n1.new", this.now, this.now);
		assertThat(losses(new Heard(follower.node(), follower, 0)))
			.allSatisfy((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.WELL))
			.anySatisfy((reading) -> assertThat(reading.node()).isEqualTo("n1.abc"));
	}

	@Test
	void aNodeThatWasHeardIsLostAlsoWhenItsSilenceIsLong() {
		NodeStatus status = node(0, 0, 0, null, null);
		assertThat(losses(new Heard(status.node(), status, 61_000))).isEmpty();
		losses(new Heard(status.node(), status, 0));
		pass(Duration.ofSeconds(61));
		assertThat(losses(new Heard(status.node(), status, 61_000))).singleElement()
			.satisfies((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.OVER));
	}

	@Test
	void aNodeThatMayHaveBeenDrainedWhileNoLookSucceededIsNotLost() {
		NodeStatus status = node(0, 0, 0, null, null);
		losses(new Heard(status.node(), status, 0));
		pass(Duration.ofMinutes(2));
		for (int i = 0; i < 5; i++) {
			assertThat(losses()).isEmpty();
			pass(Duration.ofSeconds(10));
		}
	}

	@Test
	void noNodeIsLostBeforeLooksHaveSucceededForAWhile() {
		NodeStatus status = node(0, 0, 0, null, null);
		losses(new Heard(status.node(), status, 0));
		this.readings.missed();
		pass(Duration.ofSeconds(40));
		assertThat(losses(new Heard(status.node(), status, 40_000))).isEmpty();
		pass(Duration.ofSeconds(14));
		assertThat(losses(new Heard(status.node(), status, 54_000))).isEmpty();
		pass(Duration.ofSeconds(1));
		assertThat(losses(new Heard(status.node(), status, 55_000))).singleElement()
			.satisfies((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.OVER));
		NodeReadings started = new NodeReadings(Settings.defaults(), new Errors(() -> 0, this.noted::add, (fatal) -> {
		}), this::nanoTime);
		assertThat(started.look(this.now, List.of(new Heard(status.node(), status, 20_000)), List.of()).readings())
			.noneMatch((reading) -> reading.rule() == AlertRule.NODE_LOST);
	}

	@Test
	void oneNodeDoesNotKeepTheOthersFromBeingLookedAt() {
		Delivery broken = new Delivery(0, 1, 1, Arrays.asList((Bucket) null));
		NodeStatus first = node(0, 0, 0, null, broken);
		NodeStatus second = named("n2.abc", START, this.now);
		NodeReadings.Found found = this.readings.look(this.now,
				List.of(new Heard(first.node(), first, 0), new Heard(second.node(), second, 0)), List.of());
		assertThat(this.noted).containsExactly("alerts");
		assertThat(found.present()).containsExactlyInAnyOrder("n1.abc", "n2.abc");
		assertThat(found.readings()).anyMatch((reading) -> reading.id().equals("response-time/n2.abc"));
	}

	@Test
	void aClockThatIsSetBackBeginsTheWindowAnew() {
		look(node(0, 1_000, 900, null, null), AlertRule.ERROR_RATE);
		pass(Duration.ofHours(-1));
		assertThat(look(node(0, 1_000, 900, null, null), AlertRule.ERROR_RATE).verdict()).isEqualTo(Verdict.UNKNOWN);
		pass(Duration.ofSeconds(5));
		assertThat(look(node(0, 1_020, 902, null, null), AlertRule.ERROR_RATE).value()).isEqualTo(0.1);
		assertThat(this.noted).isEmpty();
	}

	@Test
	void aClockThatIsSetForwardMakesNoNodeLost() {
		NodeStatus status = node(0, 0, 0, null, null);
		NodeStatus dead = new NodeStatus("n2.abc", "n2", "1", "up", START, this.now, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				null, null, null, null);
		losses(new Heard(status.node(), status, 4_000), new Heard(dead.node(), dead, 4_000));
		this.stepped = Duration.ofSeconds(40);
		pass(this.stepped);
		assertThat(losses(new Heard(status.node(), status, 44_000), new Heard(dead.node(), dead, 44_000))).isEmpty();
		pass(Duration.ofSeconds(5));
		assertThat(losses(new Heard(status.node(), status, 1_000), new Heard(dead.node(), dead, 49_000)))
			.allSatisfy((reading) -> assertThat(reading.verdict()).isEqualTo(Verdict.WELL));
		// One that does not report is lost, once all others have
		pass(Duration.ofSeconds(10));
		assertThat(losses(new Heard(status.node(), status, 1_000), new Heard(dead.node(), dead, 59_000)))
			.anySatisfy((reading) -> {
				assertThat(reading.id()).isEqualTo("node-lost/n2.abc");
				assertThat(reading.verdict()).isEqualTo(Verdict.OVER);
			});
	}

	private List<Reading> losses(Heard... nodes) {
		return this.readings.look(this.now, Arrays.asList(nodes), List.of())
			.readings()
			.stream()
			.filter((reading) -> reading.rule() == AlertRule.NODE_LOST)
			.toList();
	}

	private Reading look(NodeStatus status, AlertRule rule) {
		return this.readings.look(this.now, List.of(new Heard(status.node(), status, 0)), List.of())
			.readings()
			.stream()
			.filter((reading) -> reading.rule() == rule)
			.findFirst()
			.orElseThrow();
	}

	private void pass(Duration time) {
		this.now += time.toMillis();
	}

	private NodeStatus node(int active, long closed, long errors, Memory memory, Delivery delivery) {
		return new NodeStatus("n1.abc", "n1", "1", "up", START, this.now, 100, active, 0, active, closed, closed, 0, 0,
				errors, 0, 0, memory, null, null, delivery);
	}

	private static NodeStatus named(String node, long startedAt, long updatedAt) {
		return new NodeStatus(node, "n1", "1", "up", startedAt, updatedAt, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, null,
				null, null, null);
	}

	private static Delivery delivery(long fast, long upToASecond, long all) {
		return new Delivery(0, all, 0, buckets(fast, upToASecond, all));
	}

	private static List<Bucket> buckets(long fast, long upToASecond, long upToFive) {
		return new ArrayList<>(
				List.of(new Bucket(10, fast), new Bucket(1_000, upToASecond), new Bucket(5_000, upToFive)));
	}

}
