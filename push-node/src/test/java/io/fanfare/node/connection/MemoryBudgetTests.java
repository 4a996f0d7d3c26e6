package io.fanfare.node.connection;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static io.fanfare.node.connection.TestLoop.DIRECT;
import static org.assertj.core.api.Assertions.assertThat;

class MemoryBudgetTests {

	private static final StreamRequest.Start NOW = new StreamRequest.Start.Now();

	private static MemoryBudget budget(long owed, long inbox) {
		return new MemoryBudget(owed, inbox, 1 << 20, 1 << 20, 1 << 20);
	}

	@Test
	void overTheBudgetTheLargestBacklogsAreLeftToHistoryAndNothingIsMissed() {
		TestLoop node = new TestLoop(Inbox.LIMIT, budget(40_000, 1 << 20));
		List<Socket> sockets = IntStream.range(0, 20).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		sockets.forEach((socket) -> socket.pending = 1);
		List<List<Integer>> expected = new ArrayList<>();
		for (int i = 0; i < sockets.size(); i++) {
			expected.add(new ArrayList<>());
			for (int n = 0; n <= 2 * i; n++) {
				node.publish(ChannelName.user("user-" + i));
				expected.get(i).add(node.published());
				node.run();
				assertThat(node.loop.owed().bytes()).isLessThanOrEqualTo(40_000);
			}
		}
		assertThat(node.loop.owed().dropped()).isPositive();
		// Those who are owed little are not concerned.
		assertThat(node.loop.present().subList(0, 5))
			.allMatch((connection) -> connection.delivery().state() == Delivery.State.LIVE);
		sockets.forEach(Socket::readOn);
		node.run();
		for (int i = 0; i < sockets.size(); i++) {
			assertThat(sockets.get(i).numbers()).isEqualTo(expected.get(i));
		}
		assertThat(node.loop.owed().bytes()).isZero();
	}

	@Test
	void whatManyAreOwedIsDroppedWhereNothingElseIsLeft() {
		TestLoop node = new TestLoop(Inbox.LIMIT, budget(4_000, 1 << 20));
		List<Socket> sockets = IntStream.range(0, 20).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		sockets.forEach((socket) -> socket.pending = 1);
		for (int i = 0; i < 100; i++) {
			node.publish();
			node.run();
			assertThat(node.loop.owed().bytes()).isLessThanOrEqualTo(4_000);
		}
		sockets.forEach(Socket::readOn);
		node.run();
		assertThat(sockets).allSatisfy(
				(socket) -> assertThat(socket.numbers()).isEqualTo(IntStream.rangeClosed(1, 100).boxed().toList()));
	}

	@Test
	void anInboxThatIsFullByBytesSetsAllBehind() {
		TestLoop node = new TestLoop(Inbox.LIMIT, budget(1 << 20, 2_000));
		Socket alice = node.open("alice", NOW);
		node.run();
		for (int i = 0; i < 100; i++) {
			node.publish();
		}
		assertThat(node.loop.inboxBytes()).isLessThan(2_500);
		node.run();
		assertThat(alice.numbers()).isEqualTo(IntStream.rangeClosed(1, 100).boxed().toList());
		assertThat(node.loop.inboxBytes()).isZero();
	}

	@Test
	void soManyRoundsAreOnTheirWayAtOnceAndTheOthersFollow() {
		TestLoop node = new TestLoop(Inbox.LIMIT, new MemoryBudget(1 << 20, 1 << 20, Long.MAX_VALUE, 1 << 20, 1 << 20));
		long before = node.store.clock;
		node.publish();
		List<Socket> sockets = IntStream.range(0, 200)
			.mapToObj((i) -> node.open("user-" + i, new StreamRequest.Start.After(before)))
			.toList();
		while (node.loop.rounds().running() == 0) {
			node.store.answer();
			node.turn();
		}
		int most = 0;
		while (node.isBusy() || !node.store.asked.isEmpty()) {
			most = Math.max(most, node.loop.rounds().running());
			node.store.answer();
			node.turn();
		}
		assertThat(most).isEqualTo(Rounds.MOST);
		assertThat(node.loop.rounds().running()).isZero();
		assertThat(sockets).allSatisfy((socket) -> assertThat(socket.numbers()).containsExactly(1));
	}

	@Test
	void whereASocketLacksDirectMemoryClientsThatTakeNothingAreClosedOncePerSecond() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		List<Socket> stalled = IntStream.range(0, 8).mapToObj((i) -> node.open("stalled-" + i, NOW)).toList();
		List<Socket> slow = IntStream.range(0, 8).mapToObj((i) -> node.open("slow-" + i, NOW)).toList();
		node.run();
		stalled.forEach((socket) -> socket.pending = 100);
		slow.forEach((socket) -> socket.pending = 100);
		stalled.forEach((socket) -> socket.mayEnd = true);
		node.loop.unflushed().add(DIRECT);
		node.directUsed = DIRECT;
		for (int second = 0; second < 5; second++) {
			assertThat(node.loop.unflushed().mayLeave(60_000)).isFalse();
			slow.forEach((socket) -> socket.pending--);
			node.seconds(1);
			// The first look finds out how much they have taken.
			assertThat(stalled.stream().filter((socket) -> socket.aborted)).hasSizeLessThanOrEqualTo(2 * second);
		}
		assertThat(stalled.stream().filter((socket) -> socket.aborted)).hasSizeGreaterThanOrEqualTo(4);
		assertThat(slow).noneMatch((socket) -> socket.aborted);
		long closed = stalled.stream().filter((socket) -> socket.aborted).count();
		node.directUsed = 0;
		node.seconds(5);
		assertThat(stalled.stream().filter((socket) -> socket.aborted)).as("while none lacks any")
			.hasSize((int) closed);
	}

	@Test
	void socketsThatWaitForDirectMemoryGetItBeforeOthers() {
		long[] used = { 0 };
		Unflushed unflushed = new Unflushed(1_000, new DirectMemory(() -> used[0], 10_000));
		unflushed.add(1_001);
		assertThat(unflushed.isOver()).isTrue();
		assertThat(unflushed.mayLeave(1_000)).as("there is plenty").isTrue();
		used[0] = 8_000;
		assertThat(unflushed.mayLeave(400)).as("1 500 and 90 %").isTrue();
		assertThat(unflushed.mayLeave(600)).as("above 1 500").isFalse();
		used[0] = 0;
		assertThat(unflushed.mayLeave(1)).as("another one waits").isFalse();
		List<Boolean> asked = new ArrayList<>();
		unflushed.holdBack(() -> asked.add(unflushed.mayLeave(600)));
		unflushed.retry(10);
		assertThat(asked).containsExactly(true);
		assertThat(unflushed.mayLeave(1)).isTrue();
		used[0] = 9_001;
		assertThat(unflushed.mayLeave(1)).as("nearly used up").isFalse();
	}

	/** Whatever readers do, all get all in order, and in the end nothing is owed. */
	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
	void nothingIsLostWhateverIsDropped(long seed) {
		Random random = new Random(seed);
		TestLoop node = new TestLoop(Inbox.LIMIT, budget(3_000 + random.nextInt(5_000), 1_000 + random.nextInt(5_000)));
		List<Socket> sockets = IntStream.range(0, 8)
			.mapToObj((i) -> node.open("user-" + i, NOW, (i % 2 == 0) ? "even" : "odd"))
			.toList();
		node.run();
		List<List<Integer>> expected = new ArrayList<>();
		sockets.forEach((socket) -> expected.add(new ArrayList<>()));
		for (int step = 0; step < 1_500; step++) {
			int who = random.nextInt(sockets.size());
			switch (random.nextInt(8)) {
				case 0 -> sockets.get(who).pending = 1;
				case 1 -> sockets.get(who).readOn();
				case 2, 3 -> {
					node.publish(ChannelName.user("user-" + who));
					expected.get(who).add(node.published());
				}
				case 4 -> {
					node.publish();
					expected.forEach((numbers) -> numbers.add(node.published()));
				}
				case 5 -> {
					node.publish(ChannelName.topic((who % 2 == 0) ? "even" : "odd"));
					for (int i = who % 2; i < sockets.size(); i += 2) {
						expected.get(i).add(node.published());
					}
				}
				case 6 -> node.turn();
				default -> {
					node.store.answer();
					node.turn();
				}
			}
		}
		sockets.forEach(Socket::readOn);
		node.run();
		for (int i = 0; i < sockets.size(); i++) {
			assertThat(sockets.get(i).numbers()).as("seed %d, reader %d", seed, i).isEqualTo(expected.get(i));
		}
		assertThat(node.loop.owed().bytes()).as("seed %d", seed).isZero();
		assertThat(node.loop.rounds().running()).isZero();
		assertThat(node.loop.rounds().waiting()).isZero();
	}

}
