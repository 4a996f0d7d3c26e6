package io.fanfare.protocol.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import io.fanfare.protocol.http.ClosingOrder.Held;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/** The rule, with connections that are made up. */
class ClosingOrderTests {

	/** As the API has it with a heap of 256 MiB. */
	private static final int MAX = 372;

	private static final long SECOND = Duration.ofSeconds(1).toNanos();

	private static final long NOW = 1_000 * SECOND;

	/**
	 * A port, and what is open on it.
	 *
	 * @param max how many there may be
	 * @param open those that are open
	 */
	record Port(int max, List<Held<Integer>> open) {

		List<Held<Integer>> surplus() {
			return ClosingOrder.surplus(this.max, this.open, NOW);
		}

		List<Held<Integer>> left() {
			Set<Held<Integer>> surplus = Set.copyOf(surplus());
			return this.open.stream().filter((held) -> !surplus.contains(held)).toList();
		}

		int most() {
			return this.max - this.max / 4;
		}

		Port without(Predicate<Held<Integer>> which) {
			return new Port(this.max, this.open.stream().filter(which.negate()).toList());
		}

	}

	/** Of few addresses or many, which hold alike or very differently. */
	@Provide
	Arbitrary<Port> ports() {
		return Combinators
			.combine(Arbitraries.integers().between(1, 400), Arbitraries.integers().between(1, 400),
					Arbitraries.integers().between(0, 100), Arbitraries.integers().between(0, 3), Arbitraries.longs())
			.as(ClosingOrderTests::port);
	}

	private static Port port(int max, int addresses, int percent, int skew, long seed) {
		Random random = new Random(seed);
		List<Held<Integer>> open = new ArrayList<>();
		for (int i = 0; i < max * percent / 100; i++) {
			int address = (int) (addresses * Math.pow(random.nextDouble(), 1 + skew));
			Use use = Use.values()[random.nextInt(Use.values().length)];
			open.add(new Held<>(i, "a" + address, use, NOW - random.nextLong(3 * SECOND)));
		}
		return new Port(max, open);
	}

	private static List<Held<Integer>> held(String address, Use use, int count, Duration age) {
		int first = address.hashCode() * 1_000;
		return IntStream.range(first, first + count)
			.mapToObj((i) -> new Held<>(i, address, use, NOW - age.toNanos()))
			.toList();
	}

	@SafeVarargs
	private static Port port(int max, List<Held<Integer>>... parts) {
		return new Port(max, List.of(parts).stream().flatMap(List::stream).toList());
	}

	private static boolean isAsked(Held<Integer> held) {
		return !held.use().isUnasked();
	}

	private static Map<String, Long> byAddress(List<Held<Integer>> open) {
		return open.stream()
			.filter(ClosingOrderTests::isAsked)
			.collect(Collectors.groupingBy(Held::address, Collectors.counting()));
	}

	@Property
	void eachIsOneThatIsOpenAndOnce(@ForAll("ports") Port port) {
		assertThat(port.surplus()).doesNotHaveDuplicates().isSubsetOf(port.open());
	}

	@Property
	void whatIsServedStays(@ForAll("ports") Port port) {
		assertThat(port.surplus()).noneMatch((held) -> held.use() == Use.SERVED);
	}

	@Property
	void thereIsRoomAfterwardsUnlessTooMuchIsServed(@ForAll("ports") Port port) {
		List<Held<Integer>> left = port.left();
		int level = AddressShares.level(port.most(),
				byAddress(port.open()).values().stream().map(Long::intValue).toList());
		long served = byAddress(left.stream().filter((held) -> held.use() == Use.SERVED).toList()).values()
			.stream()
			.mapToLong((own) -> Math.max(0, own - level))
			.sum();
		assertThat(left.stream().filter(ClosingOrderTests::isAsked).count()).isLessThanOrEqualTo(port.most() + served);
		if (left.size() > port.max() - port.max() / 8 + served) {
			assertThat(left).noneMatch((held) -> held.isUnasked() && held.isOlder(ClosingOrder.ARRIVAL, NOW));
		}
		if (left.size() > port.most()) {
			assertThat(left).noneMatch((held) -> held.isUnasked() && held.isLate(NOW));
		}
	}

	/** Not more than is needed, either. */
	@Property
	void nothingIsClosedWhereThereIsRoom(@ForAll("ports") Port port) {
		int half = Math.max(1, port.max() / 2);
		boolean above = port.open()
			.stream()
			.collect(Collectors.groupingBy(Held::address, Collectors.counting()))
			.values()
			.stream()
			.anyMatch((own) -> own > half);
		if (above) {
			return;
		}
		if (port.open().size() <= port.most()) {
			assertThat(port.surplus()).isEmpty();
		}
		long asked = port.open().stream().filter(ClosingOrderTests::isAsked).count();
		long closed = port.surplus().stream().filter(ClosingOrderTests::isAsked).count();
		assertThat(closed).isLessThanOrEqualTo(Math.max(0, asked - port.most()));
		assertThat(port.left()).hasSizeGreaterThanOrEqualTo(Math.min(port.open().size(), port.most()) - (int) closed);
	}

	/** What an address has lost, no other has more of, unless it is served. */
	@Property
	void noAddressLosesWhatAnotherKeeps(@ForAll("ports") Port port) {
		Map<String, Long> kept = byAddress(port.left());
		Set<String> losers = byAddress(port.surplus()).keySet();
		if (port.open().size() <= port.max() / 2 || losers.isEmpty()) {
			return;
		}
		Map<String, List<Held<Integer>>> served = port.left()
			.stream()
			.filter((held) -> held.use() == Use.SERVED)
			.collect(Collectors.groupingBy(Held::address));
		int half = Math.max(1, port.max() / 2);
		losers.stream().filter((address) -> kept.getOrDefault(address, 0L) < half).forEach((loser) -> {
			long least = kept.getOrDefault(loser, 0L);
			kept.forEach((address, own) -> {
				if (served.getOrDefault(address, List.of()).size() <= least + 1) {
					assertThat(own).as("%s lost one and has %d, %s", loser, least, address)
						.isLessThanOrEqualTo(least + 1);
				}
			});
		});
	}

	@Property
	void anAddressWithNoMoreThanItsPartLosesNothingThatItAsked(@ForAll("ports") Port port) {
		Map<String, Long> before = byAddress(port.open());
		Map<String, Long> after = byAddress(port.left());
		before.forEach((address, own) -> {
			if (own <= port.most() / before.size() && own <= port.max() / 2) {
				assertThat(after).as("%s of %d addresses", address, before.size()).containsEntry(address, own);
			}
		});
	}

	/** Silent ones cost those that ask nothing, however many of them there are. */
	@Property
	void whatWasNotAskedTakesNothingFromWhatWas(@ForAll("ports") Port port) {
		int half = Math.max(1, port.max() / 2);
		Port fair = port.without(
				(held) -> port.open().stream().filter((one) -> one.address().equals(held.address())).count() > half);
		assertThat(fair.surplus().stream().filter(ClosingOrderTests::isAsked))
			.containsExactlyElementsOf(fair.without(Held::isUnasked).surplus());
	}

	/**
	 * From one address that attacks to more than there are of IPv4 in a network of 16
	 * bits.
	 */
	@Property
	void anHonestAddressKeepsAsManyAsEachAttacker(@ForAll @IntRange(min = 1, max = 65_536) int attackers,
			@ForAll("attacks") Use use, @ForAll @IntRange(min = 1, max = 30) int honest, @ForAll long seed) {
		Random random = new Random(seed);
		List<Held<Integer>> open = new ArrayList<>(held("honest", Use.IDLE, honest, Duration.ofSeconds(60)));
		for (int i = 0; open.size() < MAX; i++) {
			open.add(new Held<>(i, "a" + random.nextInt(attackers), use, NOW - random.nextLong(2 * SECOND)));
		}
		Collections.shuffle(open, random);
		Map<String, Long> left = byAddress(new Port(MAX, open).left());
		int part = use.isUnasked() ? honest : 279 / (attackers + 1);
		assertThat(left.getOrDefault("honest", 0L)).isGreaterThanOrEqualTo(Math.min(honest, part));
		long most = left.entrySet()
			.stream()
			.filter((own) -> !own.getKey().equals("honest"))
			.mapToLong(Map.Entry::getValue)
			.max()
			.orElse(0);
		assertThat(left.getOrDefault("honest", 0L)).isGreaterThanOrEqualTo(Math.min(honest, most - 1));
	}

	@Provide
	Arbitrary<Use> attacks() {
		return Arbitraries.of(Use.DROPPING, Use.SILENT, Use.IDLE, Use.READING, Use.UNREAD);
	}

	/** Four addresses hold 92 each: what the fifth has is not theirs. */
	@Test
	void bodiesOfFewAddressesGoBeforeAnIdleConnectionOfAnother() {
		List<Held<Integer>> idle = held("backend", Use.IDLE, 2, Duration.ofSeconds(10));
		List<Held<Integer>> closed = port(MAX, idle, held("b", Use.READING, 92, Duration.ZERO),
				held("c", Use.READING, 92, Duration.ZERO), held("d", Use.READING, 92, Duration.ZERO),
				held("e", Use.READING, 92, Duration.ZERO))
			.surplus();
		assertThat(closed).hasSize(4 * 92 + 2 - 279).doesNotContainAnyElementsOf(idle);
	}

	/**
	 * Answers that wait for the database are not closed, and nothing is closed for them.
	 */
	@Test
	void nothingIsClosedForWhatIsServedToAnother() {
		List<Held<Integer>> idle = held("backend", Use.IDLE, 20, Duration.ofSeconds(10));
		assertThat(port(MAX, idle, held("b", Use.SERVED, 170, Duration.ofSeconds(5)),
				held("c", Use.SERVED, 170, Duration.ofSeconds(5)))
			.surplus()).isEmpty();
	}

	/** Sixteen addresses hold a sixteenth each. */
	@Test
	void answersThatAreNotReadGiveWay() {
		List<Held<Integer>> open = new ArrayList<>();
		for (int i = 0; i < 16; i++) {
			open.addAll(held("a" + i, Use.UNREAD, MAX / 16, Duration.ofSeconds(3)));
		}
		assertThat(new Port(MAX, open).left()).hasSize(279);
	}

	/** As many as come in a second, and as many as there are. */
	@Test
	void freshSilentConnectionsLeaveAnEighth() {
		List<Held<Integer>> open = new ArrayList<>(held("backend", Use.IDLE, 10, Duration.ofSeconds(60)));
		for (int i = 0; i < MAX - 10; i++) {
			open.addAll(held("a" + i, Use.SILENT, 1, Duration.ofMillis(999 - i)));
		}
		List<Held<Integer>> closed = new Port(MAX, open).surplus();
		assertThat(closed).hasSize(MAX / 8).allMatch((held) -> held.use() == Use.SILENT);
		assertThat(closed).extracting(Held::address).startsWith("a0", "a1").endsWith("a" + (MAX / 8 - 1));
	}

	/** Its request may be under way. */
	@Test
	void evenAFullPortWaitsForAMoment() {
		List<Held<Integer>> open = new ArrayList<>();
		for (int i = 0; i < MAX; i++) {
			open.addAll(held("a" + i, Use.SILENT, 1, Duration.ofMillis((i < 7) ? 100 : 99)));
		}
		assertThat(new Port(MAX, open).surplus()).hasSize(7)
			.allMatch((held) -> held.isOlder(ClosingOrder.ARRIVAL, NOW));
	}

	@Test
	void oneThatHasJustComeIsNotClosedForThoseThatStay() {
		List<Held<Integer>> open = new ArrayList<>(held("new", Use.SILENT, 1, Duration.ZERO));
		for (int i = 0; i < 290; i++) {
			open.addAll(held("a" + i, Use.IDLE, 1, Duration.ofMillis(i)));
		}
		assertThat(new Port(MAX, open).surplus()).hasSize(11).allMatch((held) -> held.use() == Use.IDLE);
	}

	/** Of addresses with one connection each, those stay that were used last. */
	@Test
	void amongEqualsWhatWasUsedLastStays() {
		List<Held<Integer>> open = new ArrayList<>(held("slow", Use.READING, 1, Duration.ofMillis(500)));
		for (int i = 0; i < 371; i++) {
			open.addAll(held("a" + i, Use.IDLE, 1, Duration.ofMillis(10 * i)));
		}
		assertThat(new Port(MAX, open).left()).hasSize(279)
			.allMatch((held) -> held.use() == Use.READING || held.since() >= NOW - Duration.ofMillis(2_770).toNanos());
	}

	@Test
	void idleOnesOfThoseWithFewMakeNoShareSmaller() {
		List<Held<Integer>> open = new ArrayList<>(held("proxy", Use.SERVED, 150, Duration.ZERO));
		for (int i = 0; i < 140; i++) {
			open.addAll(held("a" + i, Use.IDLE, 1, Duration.ofSeconds(i % 2)));
		}
		open.addAll(held("many", Use.IDLE, 30, Duration.ofSeconds(5)));
		assertThat(ClosingOrder.yielding(MAX, open, NOW)).isEqualTo(70);
		assertThat(AddressShares.isSurplus(101, 0, 320, 70, MAX)).isFalse();
		assertThat(AddressShares.isSurplus(123, 0, 320, 70, MAX)).isTrue();
	}

}
