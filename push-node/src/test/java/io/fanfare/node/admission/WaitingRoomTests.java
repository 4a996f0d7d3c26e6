package io.fanfare.node.admission;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;

import io.fanfare.node.admission.WaitingRoom.Entry;
import io.fanfare.node.admission.WaitingRoom.Ticket;
import io.fanfare.protocol.Tier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class WaitingRoomTests {

	private static final Duration KEEP = Duration.ofSeconds(30);

	private final WaitingRoom<String> room = new WaitingRoom<>(300, KEEP);

	private final Map<String, Ticket<String>> tickets = new HashMap<>();

	private void enter(String waiter, Tier tier) {
		Entry<String> entry = this.room.enter(waiter.intern(), tier, "page of " + waiter);
		this.tickets.put(waiter, Objects.requireNonNull(entry).ticket());
	}

	private Ticket<String> ticket(String waiter) {
		return Objects.requireNonNull(this.tickets.get(waiter));
	}

	private void vanish(String waiter, long nowNanos) {
		this.room.vanish(ticket(waiter), waiter.intern(), nowNanos);
	}

	private List<String> emptied() {
		List<String> order = new ArrayList<>();
		String next;
		while ((next = this.room.poll()) != null) {
			order.add(next);
		}
		return order;
	}

	@Test
	void tiersAreTakenFromByTheirWeightsAndEachInItsOrder() {
		for (int i = 0; i < 100; i++) {
			enter("low" + i, Tier.LOW);
			enter("normal" + i, Tier.NORMAL);
			enter("high" + i, Tier.HIGH);
		}
		List<String> order = emptied();
		// As long as all three lines have a member: 8 and 4 and 1 of each 13 in a row.
		for (int from = 0; from + 13 <= 156; from++) {
			Map<Tier, Integer> shares = new EnumMap<>(Tier.class);
			order.subList(from, from + 13).forEach((name) -> shares.merge(tier(name), 1, Integer::sum));
			assertThat(shares).isEqualTo(Map.of(Tier.HIGH, 8, Tier.NORMAL, 4, Tier.LOW, 1));
		}
		for (Tier tier : Tier.values()) {
			assertThat(order.stream().filter((name) -> tier(name) == tier))
				.containsExactlyElementsOf(IntStream.range(0, 100).mapToObj((i) -> tier.wireName() + i).toList());
		}
	}

	private static Tier tier(String name) {
		return Objects.requireNonNull(Tier.find(name.replaceAll("\\d", "")));
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8 })
	void positionsAreTheOrderOfAdmissionWhoeverVanishes(long seed) {
		Random random = new Random(seed);
		List<String> present = new ArrayList<>();
		for (int i = 0; i < 300; i++) {
			Tier tier = List.of(Tier.values()).get(random.nextInt(3));
			enter(tier.wireName() + i, tier);
			present.add(tier.wireName() + i);
		}
		for (int i = random.nextInt(40); i > 0; i--) {
			present.remove(this.room.poll());
		}
		Collections.shuffle(present, random);
		List<String> gone = present.subList(0, present.size() / 3);
		gone.forEach((waiter) -> vanish(waiter, 0));
		gone.clear();
		assertThat(this.room.size()).isEqualTo(present.size());
		String[] byPosition = new String[present.size()];
		present.forEach((waiter) -> byPosition[this.room.position(ticket(waiter)) - 1] = waiter);
		assertThat(emptied()).containsExactly(byPosition);
	}

	@Test
	void whoComesBackInTimeStandsWhereItStood() {
		enter("first", Tier.NORMAL);
		enter("second", Tier.NORMAL);
		enter("third", Tier.NORMAL);
		vanish("first", 0);
		assertThat(this.room.position(ticket("second"))).isEqualTo(1);
		assertThat(this.room.position(ticket("third"))).isEqualTo(2);
		this.room.sweep(KEEP.toNanos() - 1);
		Entry<String> back = this.room.enter("again", Tier.NORMAL, "page of first");
		assertThat(back).isNotNull();
		assertThat(back.before()).isNull();
		assertThat(this.room.position(back.ticket())).isEqualTo(1);
		assertThat(this.room.position(ticket("second"))).isEqualTo(2);
		assertThat(emptied()).containsExactly("again", "second", "third");
	}

	@Test
	void whoComesBackTooLateStandsBehind() {
		enter("first", Tier.NORMAL);
		enter("second", Tier.NORMAL);
		vanish("first", 0);
		this.room.sweep(KEEP.toNanos());
		assertThat(this.room.kept()).isZero();
		enter("first", Tier.NORMAL);
		assertThat(emptied()).containsExactly("second", "first");
	}

	@Test
	void whoOvertakesItsOwnOlderRequestTakesItsPlaceAndTheOlderOneTakesNothingAlong() {
		enter("old", Tier.HIGH);
		enter("other", Tier.HIGH);
		Entry<String> entry = this.room.enter("new", Tier.HIGH, "page of old");
		assertThat(entry).isNotNull();
		assertThat(entry.before()).isEqualTo("old");
		vanish("old", 0);
		assertThat(this.room.remove(ticket("old"), "old".intern())).isFalse();
		assertThat(this.room.size()).isEqualTo(2);
		assertThat(emptied()).containsExactly("new", "other");
	}

	@Test
	void anOwnerHasOnePlaceInWhicheverLine() {
		enter("first", Tier.HIGH);
		Entry<String> entry = this.room.enter("later", Tier.LOW, "page of first");
		assertThat(entry).isNotNull();
		assertThat(entry.before()).isEqualTo("first");
		assertThat(this.room.size()).isEqualTo(1);
		assertThat(emptied()).containsExactly("later");
		for (int i = 0; i < 300; i++) {
			enter("full" + i, Tier.NORMAL);
		}
		assertThat(this.room.enter("again", Tier.LOW, "page of full7")).as("in a full room").isNotNull();
		assertThat(this.room.size()).isEqualTo(300);
	}

	@Test
	void theRoomAndThePlacesThatItKeepsAreBounded() {
		for (int round = 0; round < 3; round++) {
			for (int i = 0; i < 300; i++) {
				enter(round + "-" + i, Tier.LOW);
			}
			assertThat(this.room.enter("one more", Tier.HIGH, null)).isNull();
			for (int i = 0; i < 300; i++) {
				vanish(round + "-" + i, round);
			}
			assertThat(this.room.kept()).isEqualTo(300);
		}
		assertThat(emptied()).isEmpty();
		this.room.sweep(KEEP.toNanos() + 2);
		assertThat(this.room.kept()).isZero();
		// Without a page nothing is kept.
		Entry<String> nameless = this.room.enter("nameless", Tier.LOW, null);
		assertThat(nameless).isNotNull();
		this.room.vanish(nameless.ticket(), "nameless", 0);
		assertThat(this.room.kept()).isZero();
		assertThat(this.room.size()).isZero();
	}

}
