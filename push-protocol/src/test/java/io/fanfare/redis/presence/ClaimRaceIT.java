package io.fanfare.redis.presence;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Several nodes that claim, renew, release and reap at once, in a random order. Every
 * kick is lost: renewals have to find out.
 */
class ClaimRaceIT {

	private static final int NODES = 4;

	private static final List<String> USERS = List.of("alice", "bob");

	private static final boolean LONG = Boolean.getBoolean("fanfare.long");

	private static final long SEED = Long.getLong("fanfare.seed", System.nanoTime());

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	private final Map<String, List<Node>> pool = new HashMap<>();

	/** A connection that its node believes to own its user. */
	private record Open(String user, String connection, String client, long generation) {

		Held held() {
			return new Held(this.user, this.connection, this.generation, this.client, 1, Tier.NORMAL);
		}

		Field field() {
			return new Field(this.user, this.connection, this.generation);
		}

	}

	/** One simulated node: what it holds, and what it does next. */
	private final class Node {

		private final String name;

		private final Presence presence;

		private final Random random;

		private final Map<String, Open> open = new HashMap<>();

		private final List<Open> everClaimed = new ArrayList<>();

		private final List<Open> released = new ArrayList<>();

		private int connections;

		private List<Suspect> suspects = List.of();

		Node(String name, long seed) {
			this.name = name;
			this.presence = ClaimRaceIT.this.partition.presence(ClaimRaceIT.this.partition.newLink(false));
			this.random = new Random(seed);
		}

		void claim() {
			String user = USERS.get(this.random.nextInt(USERS.size()));
			String client = "page-"
					+ (this.random.nextBoolean() ? this.random.nextInt(3) : 100 + this.random.nextInt(1000));
			String connection = this.name + ".c" + this.connections++;
			Claim claim = new Claim(user, connection, client, Tier.NORMAL);
			CompletableFuture<ClaimResult> first = this.presence.claim(this.name, claim);
			// Sometimes the answer is lost, and the claim is sent again
			CompletableFuture<ClaimResult> last = (this.random.nextInt(5) == 0) ? this.presence.claim(this.name, claim)
					: first;
			get(first);
			if (get(last) instanceof ClaimResult.Owner owner) {
				Open made = new Open(user, connection, client, owner.generation());
				this.everClaimed.add(made);
				this.open.put(connection, made);
			}
		}

		void release() {
			if (!this.open.isEmpty()) {
				List<Open> all = new ArrayList<>(this.open.values());
				Open one = all.get(this.random.nextInt(all.size()));
				this.open.remove(one.connection());
				this.released.add(one);
				Field field = this.random.nextBoolean() ? one.field()
						: new Field(one.user(), one.connection(), MessageId.ZERO);
				get(this.presence.release(List.of(field)));
			}
		}

		/** Renews everything, and closes what was lost. */
		boolean renew() {
			List<Open> all = new ArrayList<>(this.open.values());
			Collections.shuffle(all, this.random);
			List<Verdict> verdicts = get(this.presence.renew(this.name, all.stream().map(Open::held).toList()))
				.verdicts();
			for (Verdict verdict : verdicts) {
				if (verdict.kind() != Verdict.Kind.RESTORED) {
					Open lost = all.get(verdict.index());
					assertThat(verdict.generation()).as("only a higher generation ends a connection (seed %d)", SEED)
						.isGreaterThan(lost.generation());
					this.open.remove(lost.connection());
				}
			}
			return verdicts.isEmpty();
		}

		void reap() {
			Slice slice = get(this.presence.reap(this.name, "0", 1000, this.suspects));
			// As if all patience had passed between two looks
			this.suspects = slice.silent().stream().map((one) -> new Suspect(one, Suspicion.DEAD)).toList();
			List<Field> foreign = slice.own()
				.stream()
				.filter((field) -> !this.open.containsKey(field.connection()))
				.toList();
			if (!foreign.isEmpty()) {
				get(this.presence.release(foreign));
			}
		}

		void lapse() {
			ClaimRaceIT.this.partition.redis().del(PREFIX + "lease:" + this.name);
		}

		void forgetTombstones() {
			for (String user : USERS) {
				for (int i = 0; i < 3; i++) {
					ClaimRaceIT.this.partition.redis().del(PREFIX + "kicked:" + user + ":page-" + i);
				}
			}
		}

	}

	@Test
	void claimsAndReleasesAloneLeaveTheNewestClaimAndNeverRemoveIt() throws Exception {
		for (int round = 0; round < (LONG ? 400 : 40); round++) {
			List<Node> nodes = nodes(round, "claims");
			race(nodes, 40, (node) -> {
				if (node.random.nextInt(3) == 0) {
					node.release();
				}
				else {
					node.claim();
				}
			});
			for (String user : USERS) {
				Open newest = nodes.stream()
					.flatMap((node) -> node.everClaimed.stream())
					.filter((one) -> one.user().equals(user))
					.max(Comparator.comparingLong(Open::generation))
					.orElseThrow();
				boolean released = nodes.stream().anyMatch((node) -> node.released.contains(newest));
				assertThat(owner(user)).as("round %d seed %d", round, SEED)
					.isEqualTo(released ? null : newest.connection());
			}
			assertThat(nodes.stream().flatMap((node) -> node.everClaimed.stream()).map(Open::generation))
				.as("generations are nobody else's")
				.doesNotHaveDuplicates();
			this.partition.redis().del(PRESENCE);
			nodes.getFirst().forgetTombstones();
		}
	}

	@Test
	void whateverHappensTheHighestGenerationStillOpenOwnsTheUserInTheEnd() throws Exception {
		int owned = 0;
		for (int round = 0; round < (LONG ? 600 : 60); round++) {
			List<Node> nodes = nodes(round, "all");
			race(nodes, 30, (node) -> {
				switch (node.random.nextInt(12)) {
					case 0, 1, 2, 3, 4 -> node.claim();
					case 5, 6 -> node.release();
					case 7, 8 -> node.renew();
					case 9 -> node.reap();
					case 10 -> node.lapse();
					default -> node.forgetTombstones();
				}
			});
			settle(nodes, round);
			for (String user : USERS) {
				List<Open> left = nodes.stream()
					.flatMap((node) -> node.open.values().stream())
					.filter((one) -> one.user().equals(user))
					.toList();
				assertThat(left).as("round %d seed %d: %s", round, SEED, user).hasSizeLessThanOrEqualTo(1);
				assertThat(owner(user)).as("round %d seed %d: %s", round, SEED, user)
					.isEqualTo(left.isEmpty() ? null : left.getFirst().connection());
				owned += left.size();
			}
			this.partition.redis().del(PRESENCE);
			nodes.getFirst().forgetTombstones();
		}
		assertThat(owned).as("the test is about something").isGreaterThan(20);
	}

	/**
	 * Faults have stopped: every node renews and reaps until nothing changes. The one of
	 * highest generation that was open must survive this unless a tombstone names it.
	 */
	private void settle(List<Node> nodes, int round) {
		nodes.forEach(Node::forgetTombstones);
		Map<String, Open> highest = new HashMap<>();
		nodes.stream()
			.flatMap((node) -> node.open.values().stream())
			.forEach((one) -> highest.merge(one.user(), one, (a, b) -> (a.generation() > b.generation()) ? a : b));
		Map<String, Boolean> tombstones = new HashMap<>();
		highest.forEach((user, one) -> tombstones.put(user, displacedSince(user, one)));
		boolean quiet = false;
		for (int i = 0; i < 10 && !quiet; i++) {
			quiet = true;
			for (Node node : nodes) {
				quiet &= node.renew();
			}
			nodes.forEach(Node::reap);
		}
		assertThat(quiet).as("round %d seed %d: nodes come to rest", round, SEED).isTrue();
		highest.forEach((user, one) -> {
			if (!tombstones.get(user)) {
				assertThat(owner(user)).as("round %d seed %d: %s", round, SEED, user).isEqualTo(one.connection());
			}
		});
	}

	private boolean displacedSince(String user, Open one) {
		String generation = this.partition.redis().get(PREFIX + "kicked:" + user + ":" + one.client());
		return generation != null && MessageId.parse(generation) > one.generation();
	}

	private List<Node> nodes(int round, String what) {
		List<Node> nodes = this.pool.computeIfAbsent(what, (name) -> {
			List<Node> made = new ArrayList<>();
			for (int i = 0; i < NODES; i++) {
				made.add(new Node("n" + i, SEED + i));
			}
			return made;
		});
		for (Node node : nodes) {
			node.open.clear();
			node.everClaimed.clear();
			node.released.clear();
			node.random.setSeed(SEED + round * 31L + node.name.hashCode());
		}
		return nodes;
	}

	private void race(List<Node> nodes, int steps, Consumer<Node> step) throws Exception {
		try (ExecutorService threads = Executors.newFixedThreadPool(nodes.size())) {
			List<Future<?>> running = new ArrayList<>();
			for (Node node : nodes) {
				running.add(threads.submit(() -> {
					for (int i = 0; i < steps; i++) {
						step.accept(node);
					}
				}));
			}
			for (Future<?> one : running) {
				one.get();
			}
		}
	}

	private String owner(String user) {
		String value = this.partition.redis().hget(PRESENCE, user);
		return (value != null) ? value.split(" ")[1] : null;
	}

}
