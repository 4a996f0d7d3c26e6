package io.fanfare.protocol.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

import io.fanfare.protocol.http.ClosingOrder.Held;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A port in steps of time, with the rules of acceptance and of closing, and with an
 * attacker who opens connections at a steady rate and keeps all that he can.
 */
class CrowdedPortModelTests {

	/** As the API has it with a heap of 256 MiB. */
	private static final int MAX = 372;

	private static final int MOST = 279;

	private static final Duration STEP = Duration.ofMillis(25);

	/** Between two looks, unless one is asked for. */
	private static final int STEPS_PER_LOOK = 10;

	private static final int STEPS = 200;

	@Provide
	Arbitrary<Use> attacks() {
		return Arbitraries.of(Use.DROPPING, Use.SILENT, Use.IDLE, Use.READING, Use.UNREAD);
	}

	/**
	 * A new client always finds a place, and a backend keeps its connections.
	 * @param attackers how many addresses the attacker has
	 * @param use what he does with his connections
	 * @param perStep up to 880 per second
	 * @param backend how many connections the backend has
	 * @param seed of what is random
	 */
	@Property(tries = 50)
	void aFloodLeavesPlacesAndTheConnectionsOfOthers(@ForAll @IntRange(min = 1, max = 65_536) int attackers,
			@ForAll("attacks") Use use, @ForAll @IntRange(min = 1, max = 22) int perStep,
			@ForAll @IntRange(min = 1, max = 20) int backend, @ForAll long seed) {
		Model model = new Model(seed);
		for (int i = 0; i < backend; i++) {
			model.add("backend", Use.IDLE);
		}
		boolean asked = false;
		for (int step = 1; step <= STEPS; step++) {
			model.now += STEP.toNanos();
			if (asked || step % STEPS_PER_LOOK == 0) {
				model.look();
			}
			for (int i = 0; i < perStep; i++) {
				model.connect("a" + model.random.nextInt(attackers), use);
			}
			asked = MAX - model.open.size() < AddressShares.spare(MAX) / 2;
			assertThat(model.open.size()).as("step %d", step).isLessThan(MAX);
			assertThat(model.accepts("new")).isTrue();
			long part = use.isUnasked() ? backend : Math.min(backend, MOST / (attackers + 1));
			assertThat(model.of("backend")).as("step %d", step).isGreaterThanOrEqualTo(part);
		}
	}

	/**
	 * A proxy that serves many requests is not kept from more by those who ask nothing.
	 */
	@Property(tries = 50)
	void idleConnectionsOfManyLeaveAProxyWhatItUses(@ForAll @IntRange(min = 1, max = 180) int used,
			@ForAll @IntRange(min = 20, max = 65_536) int attackers, @ForAll long seed) {
		Model model = new Model(seed);
		for (int i = 0; i < MOST; i++) {
			model.add("a" + model.random.nextInt(attackers), Use.IDLE);
		}
		model.now += ClosingOrder.PATIENCE.toNanos();
		for (int i = 0; i < used; i++) {
			model.look();
			assertThat(model.accepts("proxy")).as("%d of %d", i, used).isTrue();
			model.add("proxy", Use.SERVED);
		}
	}

	private static final class Model {

		private final Random random;

		private final List<Held<Integer>> open = new ArrayList<>();

		private long now;

		private int yielding;

		private int number;

		Model(long seed) {
			this.random = new Random(seed);
		}

		long of(String address) {
			return this.open.stream().filter((held) -> held.address().equals(address)).count();
		}

		boolean accepts(String address) {
			int share = AddressShares.shareOfNext(MAX,
					this.open.stream()
						.collect(Collectors.groupingBy(Held::address, Collectors.summingInt((held) -> 1)))
						.values());
			return !AddressShares.isSurplus((int) of(address) + 1, share, this.open.size(), this.yielding, MAX);
		}

		void connect(String address, Use use) {
			if (this.open.size() < MAX && accepts(address)) {
				add(address, use);
			}
		}

		void add(String address, Use use) {
			this.open.add(new Held<>(this.number++, address, use, this.now));
		}

		void look() {
			this.open.removeAll(ClosingOrder.surplus(MAX, this.open, this.now));
			this.yielding = ClosingOrder.yielding(MAX, this.open, this.now);
		}

	}

}
