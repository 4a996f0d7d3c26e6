package io.fanfare.node.admin;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.fanfare.node.TestScheduler;
import io.fanfare.node.cluster.CallRefusedException;
import io.fanfare.node.connection.StreamRequest;
import io.fanfare.node.connection.TestLoop;
import io.fanfare.node.connection.TestLoop.Socket;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult.Listing;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class ListConnectionsTests {

	private static final StreamRequest.Start NOW = new StreamRequest.Start.Now();

	private final TestLoop node = new TestLoop();

	private final ListConnections call = new ListConnections(this.node.connections, TestScheduler.shared());

	private static ObjectNode body(int limit, @Nullable String after) {
		ObjectNode body = JsonMapper.shared().createObjectNode().put("limit", limit);
		return (after != null) ? body.put("after", after) : body;
	}

	private CompletableFuture<Listing> run(ObjectNode body) {
		return this.call.run((CallRequest.ListConnections) CallJson.readRequest(CallName.LIST_CONNECTIONS,
				JsonMapper.shared().writeValueAsBytes(body)));
	}

	private Listing page(ObjectNode body) throws Exception {
		CompletableFuture<Listing> page = run(body);
		this.node.run();
		return page.get(5, TimeUnit.SECONDS);
	}

	private static List<String> users(Listing page) {
		return page.connections().stream().map(ConnectionStatus::user).toList();
	}

	/**
	 * Connections come and go between the slices of a walk as well; who stays is on one
	 * page.
	 */
	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
	void eachThatStaysIsOnOnePageWhoeverComesAndGoes(long seed) throws Exception {
		Random random = new Random(seed);
		this.node.askCost = Duration.ofNanos(1_000);
		List<Socket> passing = new ArrayList<>();
		List<String> staying = new ArrayList<>();
		for (int i = 0; i < 700; i++) {
			boolean stays = random.nextBoolean();
			Socket socket = this.node.open((stays ? "stays-" : "goes-") + i, NOW);
			if (stays) {
				staying.add("stays-" + i);
			}
			else {
				passing.add(socket);
			}
			if (random.nextInt(20) == 0) {
				this.node.pass(Duration.ofMillis(random.nextInt(3)));
			}
		}
		this.node.run();
		List<String> seen = new ArrayList<>();
		String after = null;
		int pages = 0;
		do {
			CompletableFuture<Listing> next = run(body(1 + random.nextInt(90), after));
			while (this.node.isBusy()) {
				this.node.turn();
				if (!passing.isEmpty() && random.nextInt(3) == 0) {
					passing.remove(random.nextInt(passing.size())).cut();
				}
				if (random.nextInt(10) == 0) {
					passing.add(this.node.open("goes-" + random.nextInt(100_000, 200_000), NOW));
				}
				this.node.store.answer();
			}
			Listing page = next.get(5, TimeUnit.SECONDS);
			seen.addAll(users(page));
			after = page.next();
			pages++;
		}
		while (after != null);
		assertThat(pages).isGreaterThan(5);
		assertThat(seen).doesNotHaveDuplicates();
		assertThat(seen.stream().filter((user) -> user.startsWith("stays-"))).as("seed " + seed)
			.containsExactlyInAnyOrderElementsOf(staying);
	}

	@Test
	void pagesAreFullAndInTheOrderOfOpening() throws Exception {
		for (int i = 0; i < 25; i++) {
			this.node.open("user-" + i, NOW);
			this.node.pass(Duration.ofMillis(1));
		}
		Listing first = page(body(10, null));
		Listing second = page(body(10, first.next()));
		Listing third = page(body(10, second.next()));
		List<String> all = new ArrayList<>(users(first));
		all.addAll(users(second));
		assertThat(all).hasSize(20);
		all.addAll(users(third));
		assertThat(all).isEqualTo(IntStream.range(0, 25).mapToObj((i) -> "user-" + i).toList());
		assertThat(third.next()).isNull();
		assertThat(page(body(25, null)).next()).isNull();
	}

	@Test
	void filtersHoldAllAtOnce() throws Exception {
		this.node.open("alice", NOW);
		this.node.run();
		this.node.open("bob", NOW);
		assertThat(users(page(body(10, null).put("user", "alice")))).containsExactly("alice");
		assertThat(users(page(body(10, null).put("state", "active")))).containsExactly("alice", "bob");
		this.node.open("carol", NOW);
		CompletableFuture<Listing> connecting = run(body(10, null).put("state", "connecting"));
		this.node.turn();
		assertThat(users(connecting.get(5, TimeUnit.SECONDS))).containsExactly("carol");
		this.node.run();
		assertThat(users(page(body(10, null).put("tier", "normal").put("address", "127.0.0.1")))).hasSize(3);
		assertThat(users(page(body(10, null).put("tier", "low")))).isEmpty();
		assertThat(users(page(body(10, null).put("address", "127.0.0.2")))).isEmpty();
	}

	@Test
	void thoseThatEndedArePagedNewestFirst() throws Exception {
		for (int i = 0; i < 30; i++) {
			Socket socket = this.node.open("user-" + i, NOW);
			this.node.pass(Duration.ofMillis(i));
			socket.cut();
		}
		Listing first = page(body(20, null).put("state", "closed"));
		assertThat(first.connections()).hasSize(20);
		ConnectionStatus newest = first.connections().getFirst();
		assertThat(newest.user()).isEqualTo("user-29");
		assertThat(newest.reason()).isEqualTo("client");
		assertThat(newest.durationMs()).isEqualTo(29);
		this.node.open("later", NOW).cut();
		Listing second = page(body(20, first.next()).put("state", "closed"));
		assertThat(users(second)).isEqualTo(IntStream.range(0, 10).mapToObj((i) -> "user-" + (9 - i)).toList());
		assertThat(second.next()).isNull();
	}

	@Test
	void aListingGivesWayToWhatElseThereIsToDo() throws Exception {
		List<Socket> sockets = IntStream.range(0, 3_000).mapToObj((i) -> this.node.open("user-" + i, NOW)).toList();
		this.node.run();
		this.node.askCost = Duration.ofNanos(10_000);
		CompletableFuture<Listing> page = run(body(1_000, null));
		this.node.turn();
		this.node.publish(io.fanfare.protocol.ChannelName.user("user-7"));
		this.node.turn();
		this.node.turn();
		assertThat(sockets.get(7).numbers()).containsExactly(1);
		assertThat(page).isNotDone();
		this.node.run();
		assertThat(page.get(5, TimeUnit.SECONDS).connections()).hasSize(1_000);
	}

	@ParameterizedTest
	@ValueSource(strings = { "x", "%", "bzE", "b3h4eCB5", "Yzd4", "YzE" })
	void aCursorThatIsNoneIsRefused(String cursor) {
		assertThatThrownBy(() -> run(body(10, cursor))).isInstanceOf(CallRefusedException.class);
	}

}
