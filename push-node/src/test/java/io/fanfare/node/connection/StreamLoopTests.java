package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ChannelName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class StreamLoopTests {

	private static final StreamRequest.Start NOW = new StreamRequest.Start.Now();

	private static final Pattern GAP = Pattern
		.compile("event: push\\.gap\ndata: \\{\"channels\":\\[.*\"retryMs\":(\\d+)\\}");

	/**
	 * A batch that another connection's read brought is kept for a moment. Here it holds
	 * all that arrived, and nothing of what was dropped.
	 */
	@Test
	void whatAnOverflowDropsIsReadWhereASharedBatchEndsBelowIt() {
		TestLoop node = new TestLoop(2);
		Socket alice = node.open("alice", NOW);
		node.run();
		node.open("bob", new StreamRequest.Start.After(node.store.clock));
		node.store.answer();
		node.turn();
		assertThat(node.store.asked).hasSize(2);
		node.publish();
		node.publish();
		node.store.answer();
		node.publish();
		node.run();
		assertThat(alice.text.toString()).containsSubsequence("data: m1\n", "data: m2\n", "data: m3\n");
		node.publish();
		node.run();
		assertThat(alice.text.toString()).containsOnlyOnce("data: m3\n").containsOnlyOnce("data: m4\n");
	}

	/**
	 * A turn ends in time, or no other client is accepted, read or answered meanwhile.
	 */
	@Test
	void aTurnIsShortThoughEveryWriteMakesItsSocketWritableAgain() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		List<Socket> sockets = IntStream.range(0, 1_000).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		sockets.forEach((socket) -> socket.cost = Duration.ofNanos(100_000));
		node.publish();
		int written = 0;
		while (node.isBusy()) {
			node.turn();
			int now = sockets.stream().mapToInt((socket) -> socket.writes).sum();
			assertThat(now - written).isLessThanOrEqualTo(20);
			written = now;
		}
		assertThat(written).isEqualTo(sockets.size());
	}

	@Test
	void whatArrivesDuringARoundGoesAlongInOneWrite() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		List<Socket> sockets = IntStream.range(0, 100).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		sockets.forEach((socket) -> socket.cost = Duration.ofMillis(1));
		for (int i = 0; i < 100; i++) {
			node.publish();
			node.turn();
		}
		node.run();
		assertThat(sockets).allSatisfy(
				(socket) -> assertThat(socket.numbers()).isEqualTo(IntStream.rangeClosed(1, 100).boxed().toList()));
		assertThat(sockets.stream().mapToInt((socket) -> socket.writes).sum()).isLessThan(3_000);
	}

	@Test
	void moreThanIsKeptForAllIsHandedOut() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		List<Socket> sockets = IntStream.range(0, 50).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		for (int i = 0; i < 5_000; i++) {
			node.publish();
		}
		node.run();
		assertThat(sockets).allSatisfy(
				(socket) -> assertThat(socket.numbers()).isEqualTo(IntStream.rangeClosed(1, 5_000).boxed().toList()));
	}

	/**
	 * Connections come and go while rounds are under way, and hear broadcasts, topics
	 * that many or few hear, and messages of their own: all of it, in order, once.
	 */
	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 })
	void nobodyLosesATurn(long seed) {
		Random random = new Random(seed);
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Map<Socket, List<ChannelName>> heard = new HashMap<>();
		Map<Socket, List<Integer>> expected = new HashMap<>();
		List<Socket> open = new ArrayList<>();
		for (int i = 0; i < 2_000; i++) {
			switch (random.nextInt(6)) {
				case 0 -> {
					List<String> topics = switch (random.nextInt(10)) {
						case 0 -> List.of("many", "few");
						case 1, 2, 3, 4, 5 -> List.of("many");
						default -> List.of();
					};
					String user = "user-" + i;
					Socket socket = node.open(user, NOW, topics.toArray(String[]::new));
					while (socket.text.isEmpty()) {
						node.store.answer();
						node.turn();
					}
					List<ChannelName> channels = new ArrayList<>(List.of(ChannelName.ALL, ChannelName.user(user)));
					topics.forEach((topic) -> channels.add(ChannelName.topic(topic)));
					socket.cost = Duration.ofNanos(random.nextInt(300_000));
					heard.put(socket, channels);
					expected.put(socket, new ArrayList<>());
					open.add(socket);
				}
				case 1 -> {
					if (open.size() > 20) {
						Socket socket = open.remove(random.nextInt(open.size()));
						socket.cut();
						heard.remove(socket);
						expected.remove(socket);
					}
				}
				case 2 -> node.turn();
				default -> {
					Socket one = open.isEmpty() ? null : open.get(random.nextInt(open.size()));
					ChannelName channel = switch (random.nextInt(5)) {
						case 0 -> ChannelName.topic("many");
						case 1 -> ChannelName.topic("few");
						case 2 -> (one != null) ? heard.get(one).get(1) : ChannelName.ALL;
						default -> ChannelName.ALL;
					};
					node.publish(channel);
					expected.forEach((socket, numbers) -> {
						if (heard.get(socket).contains(channel)) {
							numbers.add(node.published());
						}
					});
				}
			}
		}
		node.run();
		assertThat(open).isNotEmpty()
			.allSatisfy((socket) -> assertThat(socket.numbers()).isEqualTo(expected.get(socket)));
	}

	/** A page sees only events whose names it knows: others show it no life. */
	@Test
	void aHeartbeatThatIsAnEventComesOncePerIntervalWhateverElseIsWritten() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket seeing = node.openSeeingHeartbeats("alice");
		Socket other = node.open("bob", NOW);
		node.run();
		for (int second = 0; second < 61; second++) {
			node.publish();
			node.seconds(1);
		}
		assertThat(seeing.text.toString().split("event: push.heartbeat\n", -1)).hasSize(1 + 4);
		assertThat(other.text.toString()).doesNotContain("push.heartbeat", "\n:\n");
		assertThat(seeing.text.toString()).doesNotContain("activeConnections");
		seeing.pending = 100;
		node.publish();
		int length = seeing.text.length();
		node.seconds(16);
		assertThat(seeing.text.substring(length)).as("while its client reads nothing").isEmpty();
	}

	/** Pages that load their state anew after a gap do not all do so at one moment. */
	@Test
	void afterALossOfDataEveryStreamHasOneGapAndTheirReloadsAreSpread() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		int count = 9_000;
		List<Socket> sockets = IntStream.range(0, count).mapToObj((i) -> node.open("user-" + i, NOW, "news")).toList();
		node.run();
		node.store.clock += 1_000;
		node.store.since = node.store.clock;
		node.loop.linkUp(2);
		node.run();
		node.seconds(1);

		Map<Integer, Integer> reloads = new HashMap<>();
		for (Socket socket : sockets) {
			List<String> gaps = GAP.matcher(socket.text).results().map((found) -> found.group(1)).toList();
			assertThat(gaps).hasSize(1);
			reloads.merge(Integer.parseInt(gaps.getFirst()) / 100, 1, Integer::sum);
		}
		// From 2 to 10 s: of 80 tenths of a second each has a share like every other's.
		assertThat(reloads.keySet()).allSatisfy((tenth) -> assertThat(tenth).isBetween(20, 100));
		IntStream.range(20, 100)
			.forEach((tenth) -> assertThat(reloads.get(tenth)).as("reloads at %s00 ms", tenth)
				.isBetween(count / 80 / 2, count / 80 * 3 / 2));
	}

}
