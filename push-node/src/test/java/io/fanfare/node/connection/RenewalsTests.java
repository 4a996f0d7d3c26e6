package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class RenewalsTests {

	private static final int CONNECTIONS = 1_700;

	private static final int SLICE = 250;

	private static final Duration TICK = Duration.ofMillis(100);

	/** Renewals are due every 5 s. */
	private static final int TICKS_A_ROUND = 50;

	private final TestLoop test = new TestLoop(10_000);

	private final List<List<String>> renewed = this.test.store.renewed;

	@BeforeEach
	void open() {
		IntStream.range(0, CONNECTIONS).forEach((i) -> this.test.open("user-" + i, new StreamRequest.Start.Now()));
		this.test.run();
		this.renewed.clear();
	}

	private List<String> all() {
		return this.renewed.stream().flatMap(List::stream).toList();
	}

	private void awaitRound() {
		while (this.renewed.isEmpty()) {
			this.test.pass(TICK);
		}
	}

	@Test
	void eachConnectionIsRenewedOnceInARound() {
		List<Integer> ticks = new ArrayList<>();
		awaitRound();
		ticks.add(all().size());
		for (int round = 0; round < 3; round++) {
			for (int tick = 1; tick < TICKS_A_ROUND; tick++) {
				int before = all().size();
				this.test.pass(TICK);
				ticks.add(all().size() - before);
			}
			assertThat(all()).hasSize(CONNECTIONS).doesNotHaveDuplicates();
			this.renewed.clear();
			this.test.pass(TICK);
			ticks.add(all().size());
		}
		assertThat(ticks).allMatch((count) -> count <= SLICE);
	}

	@Test
	void whoIsGoneMeanwhileIsNotRenewed() {
		awaitRound();
		List<TestLoop.Socket> more = IntStream.range(0, 10)
			.mapToObj((i) -> this.test.open("more-" + i, new StreamRequest.Start.Now()))
			.toList();
		this.test.run();
		while (all().size() < CONNECTIONS) {
			this.test.pass(TICK);
		}
		this.renewed.clear();
		awaitRound();
		more.forEach(TestLoop.Socket::cut);
		for (int tick = 1; tick < TICKS_A_ROUND; tick++) {
			this.test.pass(TICK);
		}
		assertThat(all()).hasSizeBetween(CONNECTIONS, CONNECTIONS + 10).doesNotHaveDuplicates();
		assertThat(this.renewed.getLast().size()).isLessThanOrEqualTo(CONNECTIONS % SLICE);
	}

	@Test
	void onANewLinkAllAreRenewedAtOnce() {
		this.test.loop.linkDown();
		this.test.loop.linkUp(2);
		assertThat(this.renewed).as("calls at once").hasSize(4);
		this.test.run();
		assertThat(all()).hasSize(CONNECTIONS).doesNotHaveDuplicates();
	}

	@Test
	void whereThereIsNobodyTheLeaseIsRenewed() {
		TestLoop empty = new TestLoop(10);
		empty.store.renewed.clear();
		for (int tick = 0; tick < 2 * TICKS_A_ROUND; tick++) {
			empty.pass(TICK);
		}
		assertThat(empty.store.renewed).hasSize(2).containsOnly(List.of());
	}

}
