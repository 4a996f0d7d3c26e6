package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import io.fanfare.node.connection.Places.Decision;
import io.fanfare.node.connection.Places.Place;
import io.fanfare.protocol.Tier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class PlacesTests {

	private static Places places(int max) {
		return new Places(max,
				new AdmissionSettings(AdmissionSettings.Policy.REJECT, 0, Duration.ZERO, Duration.ofSeconds(2)),
				() -> 0);
	}

	private static Place place(String user) {
		return new Place(user, null, Tier.NORMAL, PlacesTests::nothing, PlacesTests::nothing);
	}

	private static void nothing() {
	}

	@Test
	void aUserWhoseStreamsHaveAllGoneHasNoPlaceBesideThem() {
		Places places = places(1);
		Place x = place("alice");
		Place y = place("alice");
		Place z = place("alice");
		assertThat(List.of(x, y, z)).allMatch((place) -> places.arrive(place, false) == Decision.ADMITTED);
		places.leave(x);
		places.leave(z);
		places.leave(y);
		assertThat(places.taken()).isZero();
		assertThat(places.users()).isZero();
		places.arrive(place("bob"), false);
		assertThat(places.arrive(place("alice"), false)).isEqualTo(Decision.ASKS);
	}

	@Test
	void whatAsksOrIsPromisedAPlaceCanBeWithdrawn() {
		Places places = places(1);
		Place alice = place("alice");
		Place bob = place("bob");
		Place carol = place("carol");
		places.arrive(alice, false);
		assertThat(places.arrive(bob, false)).isEqualTo(Decision.ASKS);
		assertThat(places.arrive(carol, false)).isEqualTo(Decision.ASKS);
		assertThat(places.promise(carol)).isTrue();
		assertThat(places.withdraw(bob)).isTrue();
		assertThat(places.withdraw(carol)).isTrue();
		assertThat(places.withdraw(alice)).isFalse();
		places.leave(alice);
		assertThat(places.taken()).isZero();
		assertThat(places.waiting()).isZero();
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
	void inAnyOrderItDecidesAsAListOfAllWhoAreThere(long seed) {
		Random random = new Random(seed);
		int max = 1 + random.nextInt(4);
		Places places = places(max);
		List<Place> there = new ArrayList<>();
		Map<Place, String> users = new HashMap<>();
		for (int step = 0; step < 3_000; step++) {
			if (there.isEmpty() || random.nextInt(5) < 2) {
				String user = "user-" + random.nextInt(4);
				Place place = place(user);
				boolean admitted = there.size() < max || there.stream().anyMatch((one) -> user.equals(users.get(one)));
				assertThat(places.isFreeFor(user)).as("seed %d, step %d", seed, step).isEqualTo(admitted);
				assertThat(places.arrive(place, false) == Decision.ADMITTED).as("seed %d, step %d", seed, step)
					.isEqualTo(admitted);
				if (admitted) {
					there.add(place);
					users.put(place, user);
				}
				else {
					assertThat(places.giveUp(place)).isTrue();
				}
			}
			else {
				places.leave(there.remove(random.nextInt(there.size())));
			}
			assertThat(places.taken()).as("seed %d, step %d", seed, step).isEqualTo(there.size());
			assertThat(places.users()).as("seed %d, step %d", seed, step)
				.isEqualTo((int) there.stream().map(users::get).distinct().count());
		}
		there.forEach(places::leave);
		assertThat(places.taken()).isZero();
		assertThat(places.users()).isZero();
	}

}
