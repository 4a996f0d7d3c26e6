package io.fanfare.node.admission;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.fanfare.node.admission.Slots.Decision;
import io.fanfare.protocol.Tier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class SlotsTests {

	private static Slots slots(int max) {
		return new Slots(max,
				new AdmissionSettings(AdmissionSettings.Policy.REJECT, 0, Duration.ZERO, Duration.ofSeconds(2)),
				() -> 0);
	}

	private static Slots.Request request(Slots slots, String user) {
		return slots.request(user, null, Tier.NORMAL);
	}

	@Test
	void aUserWhoseStreamsHaveAllGoneHasNoSlotBesideThem() {
		Slots slots = slots(1);
		Slots.Request x = request(slots, "alice");
		Slots.Request y = request(slots, "alice");
		Slots.Request z = request(slots, "alice");
		assertThat(List.of(x, y, z)).allMatch((request) -> slots.arrive(request, false) == Decision.ADMITTED);
		x.leave();
		z.leave();
		y.leave();
		assertThat(slots.taken()).isZero();
		assertThat(slots.users()).isZero();
		slots.arrive(request(slots, "bob"), false);
		assertThat(slots.arrive(request(slots, "alice"), false)).isEqualTo(Decision.ASKS);
	}

	@Test
	void whatAsksOrIsPromisedASlotCanBeWithdrawn() {
		Slots slots = slots(1);
		Slots.Request alice = request(slots, "alice");
		Slots.Request bob = request(slots, "bob");
		Slots.Request carol = request(slots, "carol");
		slots.arrive(alice, false);
		assertThat(slots.arrive(bob, false)).isEqualTo(Decision.ASKS);
		assertThat(slots.arrive(carol, false)).isEqualTo(Decision.ASKS);
		assertThat(slots.promise(carol)).isTrue();
		assertThat(bob.withdraw()).isTrue();
		assertThat(carol.withdraw()).isTrue();
		assertThat(alice.withdraw()).isFalse();
		alice.leave();
		assertThat(slots.taken()).isZero();
		assertThat(slots.waiting()).isZero();
	}

	@Test
	void aUserIsPromisedOneSlotAndTheNewestRequestHasIt() {
		Slots slots = slots(1);
		Slots.Request taken = request(slots, "bob");
		slots.arrive(taken, false);
		Slots.Request first = request(slots, "alice");
		Slots.Request second = request(slots, "alice");
		List<String> told = new ArrayList<>();
		first.whenDecided(() -> told.add("first admitted"), (client) -> told.add("first replaced"));
		second.whenDecided(() -> told.add("second admitted"), (client) -> told.add("second replaced"));
		slots.arrive(first, false);
		slots.arrive(second, false);
		assertThat(slots.promise(first)).isTrue();
		assertThat(slots.promise(second)).as("no other stream has to go").isFalse();
		first.leave();
		assertThat(slots.waiting()).isEqualTo(1);
		taken.leave();
		assertThat(told).containsExactly("first replaced", "second admitted");
		assertThat(slots.taken()).isEqualTo(1);
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
	void inAnyOrderItDecidesAsAListOfAllWhoAreThere(long seed) {
		Random random = new Random(seed);
		int max = 1 + random.nextInt(4);
		Slots slots = slots(max);
		List<Slots.Request> there = new ArrayList<>();
		Map<Slots.Request, String> users = new HashMap<>();
		for (int step = 0; step < 3_000; step++) {
			if (there.isEmpty() || random.nextInt(5) < 2) {
				String user = "user-" + random.nextInt(4);
				Slots.Request request = request(slots, user);
				boolean admitted = there.size() < max || there.stream().anyMatch((one) -> user.equals(users.get(one)));
				assertThat(slots.isFreeFor(user)).as("seed %d, step %d", seed, step).isEqualTo(admitted);
				assertThat(slots.arrive(request, false) == Decision.ADMITTED).as("seed %d, step %d", seed, step)
					.isEqualTo(admitted);
				if (admitted) {
					there.add(request);
					users.put(request, user);
				}
				else {
					assertThat(request.giveUp()).isTrue();
				}
			}
			else {
				there.remove(random.nextInt(there.size())).leave();
			}
			assertThat(slots.taken()).as("seed %d, step %d", seed, step).isEqualTo(there.size());
			assertThat(slots.users()).as("seed %d, step %d", seed, step)
				.isEqualTo((int) there.stream().map(users::get).distinct().count());
		}
		there.forEach(Slots.Request::leave);
		assertThat(slots.taken()).isZero();
		assertThat(slots.users()).isZero();
	}

}
