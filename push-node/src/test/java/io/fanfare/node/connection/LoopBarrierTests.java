package io.fanfare.node.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.netty.util.internal.OutOfDirectMemoryError;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/** What throws on a loop ends at most the stream concerned, and the loop runs on. */
class LoopBarrierTests {

	private static final StreamRequest.Start NOW = new StreamRequest.Start.Now();

	private static final List<Supplier<Throwable>> THROWABLES = List.of(() -> new IllegalStateException("test"),
			() -> new NoClassDefFoundError("test"), () -> new AssertionError("test"));

	private static final Pattern ID = Pattern.compile("^id: ?(\\S+)$", Pattern.MULTILINE);

	private static final Pattern CONNECTION = Pattern.compile("\"connection\":\"([^\"]+)\"");

	/** Throws once, at the n-th time that a step comes by. */
	private static Consumer<String> throwing(String at, int nth, Supplier<Throwable> throwable) {
		int[] left = { nth };
		return (step) -> {
			if (step.equals(at) && --left[0] == 0) {
				sneak(throwable.get());
			}
		};
	}

	@SuppressWarnings("unchecked")
	private static <T extends Throwable> void sneak(Throwable throwable) throws T {
		throw (T) throwable;
	}

	static Stream<Arguments> steps() {
		return Stream.of("chunk", "chunk, late", "writable")
			.flatMap((step) -> THROWABLES.stream().map((throwable) -> Arguments.of(step, throwable)));
	}

	@ParameterizedTest
	@MethodSource("steps")
	void aSocketThatThrowsEndsItsStreamAlone(String step, Supplier<Throwable> throwable) {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		List<Socket> sockets = IntStream.range(0, 5).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		node.mayThrow = true;
		Socket bad = sockets.get(2);
		bad.mayEnd = true;
		bad.fault = throwing(step, 1, throwable);
		for (int i = 0; i < 10; i++) {
			node.publish();
			node.run();
		}
		assertThat(node.thrown).containsOnly("visit");
		assertThat(node.endings).containsExactly(Ending.of(CloseReason.ERROR));
		assertThat(bad.isGone()).isTrue();
		assertThat(node.connections.known()).isEqualTo(4);
		assertThat(node.admission.size()).isEqualTo(4);
		assertThat(node.loop.size()).isEqualTo(4);
		List<Integer> all = IntStream.rangeClosed(1, 10).boxed().toList();
		sockets.stream()
			.filter((socket) -> socket != bad)
			.forEach((socket) -> assertThat(socket.numbers()).isEqualTo(all));
	}

	@Test
	void aStreamThatAnErrorEndsIsToldSoWithTheCursorOfWhatItReceived() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket alice = node.open("alice", NOW);
		node.run();
		node.publish();
		node.run();
		String cursor = cursor(alice);
		node.mayThrow = true;
		alice.mayEnd = true;
		alice.fault = throwing("chunk", 1, () -> new IllegalStateException("test"));
		node.publish();
		node.run();
		assertThat(alice.ended).contains("event: push.goaway").contains("\"reason\":\"error\"").contains(cursor);
	}

	@ParameterizedTest
	@ValueSource(strings = { "begin", "begin, late", "ask", "subscribe", "event" })
	void anOpenThatThrowsLeavesNothingBehind(String step) {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket alice = node.open("alice", NOW);
		node.run();
		node.mayThrow = true;
		node.seam = throwing(step, 1, () -> new IllegalStateException("test"));
		Socket bob = new TestLoopClient(node, "bob").open("news");
		node.run();
		node.seconds(3);
		node.seam = (none) -> {
		};
		assertThat(node.thrown).isNotEmpty();
		if (!bob.isGone()) {
			// What could not be asked is asked again.
			assertThat(bob.text).contains("push.connected");
			bob.cut();
		}
		node.run();
		assertThat(node.connections.known()).isEqualTo(1);
		assertThat(node.admission.size()).isEqualTo(1);
		assertThat(node.loop.topics().size()).isEqualTo(2);
		node.publish();
		node.run();
		assertThat(alice.numbers()).isEqualTo(List.of(1));
		Socket again = new TestLoopClient(node, "bob").open("news");
		node.run();
		node.publish(ChannelName.topic("news"));
		node.run();
		assertThat(again.numbers()).isEqualTo(List.of(2));
	}

	@ParameterizedTest
	@ValueSource(strings = { "unsubscribe", "event", "ask" })
	void anEndThatThrowsFreesTheRest(String step) {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket alice = node.open("alice", NOW);
		Socket bob = node.open("bob", NOW, "news");
		node.run();
		node.mayThrow = true;
		node.seam = throwing(step, 1, () -> new NoClassDefFoundError("test"));
		bob.cut();
		node.run();
		node.seconds(1);
		assertThat(node.thrown).isNotEmpty();
		assertThat(node.connections.known()).isEqualTo(1);
		assertThat(node.admission.size()).isEqualTo(1);
		assertThat(node.loop.size()).isEqualTo(1);
		assertThat(node.loop.topics().size()).isEqualTo(2);
		node.publish();
		node.run();
		assertThat(alice.numbers()).isEqualTo(List.of(1));
	}

	@ParameterizedTest
	@ValueSource(strings = { "end", "abort" })
	void aSocketThatCannotEvenBeClosedIsForgotten(String step) {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket alice = node.open("alice", NOW);
		Socket bob = node.open("bob", NOW);
		node.run();
		node.mayThrow = true;
		bob.mayEnd = true;
		bob.fault = (now) -> {
			if (now.equals(step) || now.equals("end") || now.equals("chunk")) {
				throw new IllegalStateException("test");
			}
		};
		node.publish();
		node.run();
		assertThat(node.connections.known()).isEqualTo(1);
		assertThat(node.loop.size()).isEqualTo(1);
		assertThat(alice.numbers()).isEqualTo(List.of(1));
	}

	@Test
	void aTaskThatThrowsCostsNothing() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket alice = node.open("alice", NOW);
		node.run();
		node.mayThrow = true;
		for (Supplier<Throwable> throwable : THROWABLES) {
			node.loop.submit(() -> sneak(throwable.get()));
			node.publish();
			node.run();
		}
		assertThat(node.thrown).containsExactly("inbox", "inbox", "inbox");
		assertThat(alice.numbers()).isEqualTo(List.of(1, 2, 3));
	}

	/** Two failures in a row leave the tick, and with it heartbeats, as it was. */
	@Test
	void aTickThatThrowsIsFollowedByTheNext() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket alice = node.open("alice", NOW);
		Socket bob = node.open("bob", NOW);
		node.run();
		node.mayThrow = true;
		bob.mayEnd = true;
		bob.fault = throwing("block", 1, () -> new IllegalStateException("test"));
		node.seam = throwing("ask", 1, () -> new IllegalStateException("test"));
		node.seconds(31);
		assertThat(node.thrown).contains("tick", "ask");
		assertThat(bob.isGone()).isTrue();
		assertThat(alice.text.toString().split("\n:", -1)).hasSize(3);
		node.publish();
		node.run();
		assertThat(alice.numbers()).isEqualTo(List.of(1));
	}

	@Test
	void aDrainGoesOnBehindAStreamThatThrows() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		List<Socket> sockets = IntStream.range(0, 5).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		node.mayThrow = true;
		sockets.forEach((socket) -> socket.mayEnd = true);
		sockets.get(3).fault = throwing("end", 1, () -> new IllegalStateException("test"));
		var drained = node.admission.drain(Duration.ofSeconds(1));
		node.seconds(2);
		assertThat(drained).isCompleted();
		assertThat(sockets).allMatch(Socket::isGone);
		assertThat(node.connections.known()).isZero();
		assertThat(node.thrown).containsOnly("drain");
	}

	/** The stalled reader holds what the others need. */
	@Test
	void withoutDirectMemoryTheLargestBacklogGoesAndNothingIsLost() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		List<Socket> sockets = IntStream.range(0, 8).mapToObj((i) -> node.open("user-" + i, NOW)).toList();
		node.run();
		node.mayThrow = true;
		Socket stalled = sockets.get(0);
		stalled.mayEnd = true;
		stalled.pending = 64 * 1024;
		for (Socket socket : sockets.subList(1, 8)) {
			socket.fault = (step) -> {
				if (step.equals("chunk") && !stalled.aborted) {
					throw outOfDirectMemory();
				}
			};
		}
		node.publish();
		node.run();
		assertThat(stalled.aborted).isTrue();
		assertThat(node.endings).containsExactly(Ending.of(CloseReason.MEMORY));
		assertThat(node.thrown).containsOnly("direct-memory");
		assertThat(sockets.subList(1, 8)).allSatisfy((socket) -> assertThat(socket.numbers()).isEqualTo(List.of(1)));
	}

	@Test
	void withoutDirectMemoryAndNothingToFreeAStreamCatchesUpLater() {
		TestLoop node = new TestLoop(Inbox.LIMIT);
		Socket alice = node.open("alice", NOW);
		node.run();
		node.mayThrow = true;
		boolean[] exhausted = { true };
		alice.fault = (step) -> {
			if (step.equals("chunk") && exhausted[0]) {
				throw outOfDirectMemory();
			}
		};
		node.publish();
		node.run();
		node.publish();
		node.run();
		node.pass(StreamLoop.RETRY);
		assertThat(alice.numbers()).isEmpty();
		exhausted[0] = false;
		node.pass(StreamLoop.RETRY);
		node.publish();
		node.run();
		assertThat(node.endings).isEmpty();
		assertThat(alice.numbers()).isEqualTo(List.of(1, 2, 3));
	}

	private static OutOfMemoryError outOfDirectMemory() {
		// Its constructor is Netty's own; the virtual machine's looks like this.
		return new OutOfMemoryError("Cannot reserve 65536 bytes of direct buffer memory");
	}

	@Test
	void nettysErrorIsOneOfDirectMemory() {
		assertThat(OutOfDirectMemoryError.class.getName()).isEqualTo("io.netty.util.internal.OutOfDirectMemoryError");
	}

	/** At any step, at random, over and over. Who is ended comes back with its cursor. */
	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 })
	void whateverThrowsNobodyMissesAnything(long seed) {
		Random random = new Random(seed);
		TestLoop node = new TestLoop(64);
		List<TestLoopClient> clients = IntStream.range(0, 10)
			.mapToObj((i) -> new TestLoopClient(node, "user-" + i))
			.toList();
		clients.forEach((client) -> client.open("news"));
		node.run();
		node.mayThrow = true;
		int errors = 0;
		for (int round = 0; round < 400; round++) {
			double chance = (round % 40 < 30) ? 0.003 : 0.05;
			node.seam = (step) -> {
				if (random.nextDouble() < chance) {
					sneak(THROWABLES.get(random.nextInt(THROWABLES.size())).get());
				}
			};
			switch (random.nextInt(8)) {
				case 0 -> node.pass(Duration.ofMillis(100 + random.nextInt(2_000)));
				case 1 -> node.loop.submit(() -> sneak(new AssertionError("task")));
				case 2 -> {
					TestLoopClient client = clients.get(random.nextInt(clients.size()));
					client.deliver();
				}
				case 3 -> {
					for (int i = random.nextInt(100); i > 0; i--) {
						node.publish();
					}
				}
				case 4 -> clients.get(random.nextInt(clients.size())).stallOrReadOn();
				default -> node.publish(random.nextBoolean() ? ChannelName.ALL : ChannelName.topic("news"));
			}
			if (random.nextBoolean()) {
				node.run();
			}
			if (random.nextInt(4) == 0) {
				clients.forEach((client) -> client.openIfGone("news"));
			}
		}
		node.seam = (step) -> {
		};
		for (int i = 0; i < 4; i++) {
			clients.forEach(TestLoopClient::readOn);
			node.seconds(5);
			clients.forEach((client) -> client.openIfGone("news"));
			node.run();
		}
		node.publish();
		node.run();
		errors += node.thrown.size();
		assertThat(errors).as("what threw").isGreaterThan(50);
		for (TestLoopClient client : clients) {
			List<Integer> missing = new ArrayList<>(client.expected());
			missing.removeAll(client.received());
			assertThat(missing).as("%s misses with seed %d", client.user, seed).isEmpty();
			assertThat(client.received()).as("%s with seed %d", client.user, seed).isEqualTo(client.expected());
		}
		assertThat(node.connections.known()).isEqualTo(clients.size());
		assertThat(node.loop.size()).isEqualTo(clients.size());
	}

	private static String cursor(Socket socket) {
		return ID.matcher(socket.text).results().map((found) -> found.group(1)).reduce((a, b) -> b).orElseThrow();
	}

	/** A client that comes back with its cursor whenever its stream ends. */
	private static final class TestLoopClient {

		private final TestLoop node;

		private final String user;

		private final List<Socket> sockets = new ArrayList<>();

		/** The numbers of what was published to its user alone. */
		private final List<Integer> own = new ArrayList<>();

		private TestLoopClient(TestLoop node, String user) {
			this.node = node;
			this.user = user;
		}

		Socket open(String topic) {
			String cursor = lastId();
			Socket socket = this.node.socket(this.user,
					(cursor != null) ? new StreamRequest.Start.After(MessageId.parse(cursor)) : NOW, topic);
			socket.mayEnd = true;
			this.sockets.add(socket);
			this.node.connect(socket);
			return socket;
		}

		private @Nullable String lastId() {
			return this.sockets.stream()
				.flatMap((socket) -> Stream.concat(ID.matcher(socket.text).results(), endOf(socket)))
				.map((found) -> found.group(1))
				.reduce((a, b) -> b)
				.orElse(null);
		}

		private static Stream<MatchResult> endOf(Socket socket) {
			return (socket.ended != null) ? ID.matcher(socket.ended).results() : Stream.empty();
		}

		void openIfGone(String topic) {
			if (this.sockets.getLast().isLost()) {
				open(topic);
			}
		}

		/** A message to its user, by way of the connection that presence names. */
		void deliver() {
			var message = this.node.publishOnly(ChannelName.user(this.user));
			this.own.add(this.node.published());
			CONNECTION.matcher(this.sockets.getLast().text)
				.results()
				.findFirst()
				.ifPresent((found) -> this.node.router.deliver(found.group(1), message));
		}

		void stallOrReadOn() {
			Socket socket = this.sockets.getLast();
			if (socket.pending == 0) {
				socket.pending = 100_000;
			}
			else {
				readOn();
			}
		}

		void readOn() {
			Socket socket = this.sockets.getLast();
			if (socket.pending != 0) {
				socket.pending = 0;
				if (!socket.isLost()) {
					socket.readOn();
				}
			}
		}

		List<Integer> received() {
			return this.sockets.stream().flatMap((socket) -> socket.numbers().stream()).toList();
		}

		List<Integer> expected() {
			return IntStream.rangeClosed(1, this.node.published())
				.boxed()
				.filter((number) -> this.own.contains(number) || !this.node.isPrivate(number))
				.toList();
		}

	}

}
