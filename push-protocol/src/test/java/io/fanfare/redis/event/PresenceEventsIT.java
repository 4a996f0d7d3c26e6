package io.fanfare.redis.event;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.Tier;
import io.fanfare.redis.RedisPartition;
import io.fanfare.redis.event.PresenceEvents.Settings;
import io.fanfare.redis.event.PresenceEvents.Swept;
import io.fanfare.redis.presence.Claim;
import io.fanfare.redis.presence.ClaimResult;
import io.fanfare.redis.presence.Held;
import io.fanfare.redis.presence.Presence;
import io.fanfare.redis.presence.Presence.Field;
import io.fanfare.redis.presence.Presence.Slice;
import io.fanfare.redis.presence.Presence.Suspect;
import io.fanfare.redis.presence.Presence.Suspicion;
import io.fanfare.redis.presence.Verdict;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

import static io.fanfare.redis.RedisPartition.PREFIX;
import static io.fanfare.redis.RedisPartition.PRESENCE;
import static io.fanfare.redis.RedisPartition.get;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Events of presence say what the presence hash says, and nothing of a user who is back
 * in time. Time passes where a test moves what is due.
 */
class PresenceEventsIT {

	private static final String RECEIPTS = PREFIX + "receipts";

	private static final String OFFLINE = PREFIX + "offline";

	private static final List<String> USERS = List.of("alice", "bob", "a \"user\"\\");

	private static final List<String> NODES = List.of("n0", "n1", "n2");

	private static final int SEQUENCES = Boolean.getBoolean("fanfare.long") ? 1_000 : 100;

	private static final long SEED = Long.getLong("fanfare.seed", System.nanoTime());

	/** Longer than any test. */
	private static final Duration DELAY = Duration.ofHours(1);

	@RegisterExtension
	final RedisPartition partition = new RedisPartition();

	/** What was read of the stream so far. */
	private String read = "0-0";

	private int connections;

	/** A connection that its node believes to own its user. */
	private record Open(String user, String connection, String client, long generation) {

	}

	/** An event, as far as a test compares it. */
	private record Said(String type, String user, String connection) {

		static Said of(String type, String user) {
			return new Said(type, user, "");
		}

	}

	@Test
	void nothingIsWrittenWhileNoProcessSweeps() {
		assertThat(sweep(true)).as("of a store without a node").isEqualTo(new Swept(0, 0, false));
		claim("n0", "alice", "page");
		release("n0", "alice", "n0.c0");
		claim("n0", "alice", "page");
		claim("n1", "alice", "other");
		get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, Duration.ZERO, null));
		assertThat(this.partition.redis().keys(PREFIX + "*")).doesNotContain(RECEIPTS, OFFLINE, PREFIX + "events",
				PREFIX + "events:walk");
	}

	@Test
	void aUserComesAndLeavesOnce() {
		begin(false);
		long generation = claim("n0", "alice", "page");
		claim("n0", "alice", "page");
		assertThat(bodies()).singleElement()
			.asString()
			.matches("\\{\"version\":1,\"type\":\"user.online\",\"at\":\\d{13},"
					+ "\"data\":\\{\"user\":\"alice\",\"generation\":\"" + MessageId.format(generation) + "\"}}");
		release("n0", "alice", "n0.c1");
		assertThat(sweep(false)).isEqualTo(new Swept(0, 0, false));
		assertThat(said()).isEmpty();
		timePasses();
		assertThat(sweep(false)).isEqualTo(new Swept(1, 0, false));
		StreamMessage<String, String> offline = entries().getFirst();
		assertThat(offline.getBody()).containsEntry("type", "user.offline").containsEntry("user", "alice");
		String body = offline.getBody().get("body");
		long until = MessageId.parse(body.replaceAll(".*\"generation\":\"([0-9-]+)\".*", "$1"));
		assertThat(until).isGreaterThanOrEqualTo(generation);
		assertThat(claim("n1", "alice", "page")).isGreaterThan(until);
		assertThat(said()).containsExactly(Said.of("user.online", "alice"));
	}

	@Test
	void aUserWhoIsBackInTimeMakesNoEvent() {
		begin(false);
		claim("n0", "alice", "page");
		assertThat(said()).hasSize(1);
		for (int i = 0; i < 20; i++) {
			release("n0", "alice", "n0.c" + i);
			claim("n0", "alice", "page");
			sweep(false);
		}
		timePasses();
		sweep(false);
		assertThat(said()).isEmpty();
		assertThat(this.partition.redis().exists(OFFLINE)).isZero();
	}

	@Test
	void eachStreamThatEndsIsReportedWithItsReasonWhereAskedFor() {
		begin(true);
		claim("n0", "alice", "page");
		claim("n1", "alice", "page");
		claim("n2", "alice", "other");
		get(this.partition.presence()
			.release(List.of(new Field("alice", "n2.c2", MessageId.ZERO, null, "slow"),
					new Field("alice", "n0.c0", MessageId.ZERO, null, "client"))));
		claim("n0", "alice", "third");
		get(this.partition.presence().disconnect("alice", CloseReason.LOGOUT, Duration.ZERO, null));
		assertThat(bodies()).hasSize(5).element(1).asString().contains("\"node\":\"n0\"");
		assertThat(closings()).containsExactly("n0.c0 replaced", "n1.c1 takeover", "n2.c2 slow", "n0.c3 logout");
	}

	@Test
	void whatWasToldCountsNoMoreAfterADataLoss() {
		begin(false);
		claim("n0", "alice", "page");
		claim("n0", "bob", "page");
		release("n0", "bob", "n0.c1");
		said();
		this.partition.redis().flushall();
		this.read = "0-0";
		get(this.partition.presence().renew("n0", List.of(new Held("alice", "n0.c0", 5, "page", 1, Tier.NORMAL))));
		assertThat(said()).as("before a sweep").isEmpty();
		assertThat(sweep(false)).isEqualTo(new Swept(0, 1, false));
		assertThat(said()).containsExactly(Said.of("presence.reset", ""), Said.of("user.online", "alice"));
		assertThat(sweep(false)).isEqualTo(new Swept(0, 0, false));
		get(this.partition.presence().renew("n0", List.of(new Held("bob", "n0.c9", 7, "page", 1, Tier.NORMAL))));
		assertThat(said()).containsExactly(Said.of("user.online", "bob"));
	}

	@Test
	void aSweepIsBounded() {
		begin(false);
		said();
		for (int i = 0; i < 250; i++) {
			this.partition.redis().zadd(OFFLINE, i, "user-" + i);
		}
		assertThat(sweep(false)).isEqualTo(new Swept(PresenceEvents.PER_CALL, 0, true));
		assertThat(sweep(false)).isEqualTo(new Swept(50, 0, false));
		assertThat(said()).extracting(Said::user)
			.containsExactlyElementsOf(IntStream.range(0, 250).mapToObj((i) -> "user-" + i).toList());
	}

	@Test
	void usersWhoWereThereBeforeAreReportedInPieces() {
		meet();
		for (int i = 0; i < 1_000; i++) {
			this.partition.owner("user-" + i, "n0", "c" + i, 10 + i, "page");
		}
		this.partition.redis().hset(PRESENCE, "junk", "junk");
		Set<String> users = new HashSet<>();
		Swept swept;
		do {
			swept = sweep(false);
			assertThat(swept.online()).isLessThan(300);
			said().stream().map(Said::user).forEach(users::add);
		}
		while (swept.more());
		assertThat(users).hasSize(1_001).contains("", "user-0", "user-999");
	}

	@Test
	void noClaimFailsForKeysOfAnotherType() {
		begin(true);
		this.partition.redis().del(RECEIPTS);
		this.partition.redis().set(RECEIPTS, "junk");
		this.partition.redis().set(OFFLINE, "junk");
		claim("n0", "alice", "page");
		claim("n1", "alice", "other");
		release("n1", "alice", "n1.c1");
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isFalse();
		this.partition.redis().del(PREFIX + "events");
		this.partition.redis().sadd(PREFIX + "events", "junk");
		claim("n0", "alice", "third");
		release("n0", "alice", "n0.c2");
		assertThat(this.partition.redis().hexists(PRESENCE, "alice")).isFalse();
	}

	/**
	 * Streams open, end, take over, are disconnected and renewed, and nodes die, in a
	 * random order. After each step the events are those that the presence hash allows
	 * and no others.
	 */
	@Test
	void eventsMatchTheTruth() {
		begin(true);
		said();
		Random random = new Random(SEED);
		Map<String, Integer> seen = new HashMap<>();
		for (int sequence = 0; sequence < SEQUENCES; sequence++) {
			new Sequence(random, sequence).run(seen);
		}
		assertThat(seen).as("the test is about something").containsKeys("user.online", "user.offline", "stream.closed");
		assertThat(seen.get("user.offline")).isGreaterThan(SEQUENCES / 2);
	}

	/** One sequence of steps, from an empty presence hash to one. */
	private final class Sequence {

		private static final int STEPS = 30;

		private final Random random;

		private final int number;

		private final Map<String, List<Open>> open = new HashMap<>();

		private final Set<String> online = new HashSet<>();

		private Map<String, String> owners = new HashMap<>();

		Sequence(Random random, int number) {
			this.random = random;
			this.number = number;
			NODES.forEach((node) -> this.open.put(node, new ArrayList<>()));
		}

		void run(Map<String, Integer> seen) {
			for (int step = 0; step < STEPS; step++) {
				String node = NODES.get(this.random.nextInt(NODES.size()));
				switch (this.random.nextInt(14)) {
					case 0, 1, 2, 3, 4, 5 -> open(node);
					case 6, 7 -> drop(node);
					case 8 -> renewed(node);
					case 9 -> die(node);
					case 10 -> get(PresenceEventsIT.this.partition.presence()
						.disconnect(user(), CloseReason.LOGOUT, Duration.ZERO, null));
					case 11 -> sweep(true);
					default -> {
						timePasses();
						sweep(true);
						check(seen, true);
						continue;
					}
				}
				check(seen, false);
			}
			List<Field> left = this.open.values()
				.stream()
				.flatMap(List::stream)
				.map((one) -> new Field(one.user(), one.connection(), one.generation()))
				.toList();
			get(PresenceEventsIT.this.partition.presence().release(left));
			PresenceEventsIT.this.partition.redis().hkeys(PRESENCE).forEach((user) -> {
				get(PresenceEventsIT.this.partition.presence()
					.disconnect(user, CloseReason.LOGOUT, Duration.ZERO, null));
			});
			check(seen, false);
			timePasses();
			sweep(true);
			check(seen, true);
			assertThat(this.online).isEmpty();
		}

		private void check(Map<String, Integer> seen, boolean timePassed) {
			List<Said> expected = new ArrayList<>();
			Map<String, String> now = new HashMap<>();
			PresenceEventsIT.this.partition.redis()
				.hgetall(PRESENCE)
				.forEach((user, value) -> now.put(user, value.split(" ")[1]));
			for (String user : USERS) {
				String before = this.owners.get(user);
				if (before != null && !before.equals(now.get(user))) {
					expected.add(new Said("stream.closed", user, before));
				}
				if (now.containsKey(user) && this.online.add(user)) {
					expected.add(Said.of("user.online", user));
				}
				if (timePassed && !now.containsKey(user) && this.online.remove(user)) {
					expected.add(Said.of("user.offline", user));
				}
			}
			this.owners = now;
			List<Said> said = said();
			said.forEach((one) -> seen.merge(one.type(), 1, Integer::sum));
			assertThat(said).as("sequence %d seed %d", this.number, SEED).containsExactlyInAnyOrderElementsOf(expected);
		}

		private String user() {
			return USERS.get(this.random.nextInt(USERS.size()));
		}

		private void open(String node) {
			String user = user();
			String client = "page-" + this.random.nextInt(1_000_000);
			Open known = this.open.values()
				.stream()
				.flatMap(List::stream)
				.filter((one) -> one.user().equals(user))
				.findAny()
				.orElse(null);
			if (known != null && this.random.nextBoolean()) {
				client = known.client();
			}
			String connection = node + ".c" + PresenceEventsIT.this.connections++;
			Claim claim = new Claim(user, connection, client, Tier.NORMAL);
			ClaimResult result = get(presence().claim(node, claim));
			if (this.random.nextInt(5) == 0) {
				result = get(presence().claim(node, claim));
			}
			if (result instanceof ClaimResult.Owner owner) {
				this.open.get(node).add(new Open(user, connection, client, owner.generation()));
			}
		}

		private void drop(String node) {
			List<Open> held = this.open.get(node);
			if (!held.isEmpty()) {
				Open one = held.remove(this.random.nextInt(held.size()));
				get(presence().release(List.of(new Field(one.user(), one.connection(),
						this.random.nextBoolean() ? one.generation() : MessageId.ZERO))));
			}
		}

		/** One at a time: the first of two of a user may not be the last. */
		private void renewed(String node) {
			List<Open> held = this.open.get(node);
			if (!held.isEmpty()) {
				Open one = held.get(this.random.nextInt(held.size()));
				List<Verdict> verdicts = get(presence().renew(node, List
					.of(new Held(one.user(), one.connection(), one.generation(), one.client(), 1, Tier.NORMAL))))
					.verdicts();
				if (!verdicts.isEmpty() && verdicts.getFirst().kind() != Verdict.Kind.RESTORED) {
					held.remove(one);
				}
			}
		}

		/** The node is killed; another one finds out. Sometimes it was only frozen. */
		private void die(String node) {
			PresenceEventsIT.this.partition.redis().del(PREFIX + "lease:" + node);
			Slice silent = get(presence().reap("reaper", "0", 100, List.of()));
			get(presence().reap("reaper", "0", 100,
					silent.silent().stream().map((one) -> new Suspect(one, Suspicion.DEAD)).toList()));
			if (this.random.nextInt(3) > 0) {
				this.open.get(node).clear();
			}
		}

		private Presence presence() {
			return PresenceEventsIT.this.partition.presence();
		}

	}

	private void begin(boolean streamClosed) {
		meet();
		assertThat(sweep(streamClosed)).isEqualTo(new Swept(0, 0, false));
		assertThat(said()).containsExactly(Said.of("presence.reset", ""));
	}

	/** A node speaks to the store for the first time. */
	private void meet() {
		get(this.partition.presence().renew("n0", List.of()));
	}

	private Swept sweep(boolean streamClosed) {
		return get(new PresenceEvents(this.partition.link(), this.partition.keys,
				new Settings(DELAY, 100_000, streamClosed))
			.sweep());
	}

	/** Whatever waits is due. */
	private void timePasses() {
		this.partition.redis().zrange(OFFLINE, 0, -1).forEach((user) -> this.partition.redis().zadd(OFFLINE, 1, user));
	}

	private long claim(String node, String user, String client) {
		String connection = node + ".c" + this.connections++;
		ClaimResult result = get(
				this.partition.presence().claim(node, new Claim(user, connection, client, Tier.NORMAL)));
		assertThat(result).isInstanceOf(ClaimResult.Owner.class);
		return ((ClaimResult.Owner) result).generation();
	}

	private void release(String node, String user, String connection) {
		assertThat(get(this.partition.presence().release(List.of(new Field(user, connection, MessageId.ZERO)))))
			.as(node)
			.isEqualTo(1);
	}

	private List<StreamMessage<String, String>> entries() {
		List<StreamMessage<String, String>> entries = this.partition.redis()
			.xrange(RECEIPTS, Range.from(Range.Boundary.excluding(this.read), Range.Boundary.unbounded()));
		if (!entries.isEmpty()) {
			this.read = entries.getLast().getId();
		}
		return entries;
	}

	private List<Said> said() {
		return entries().stream().map((entry) -> {
			String body = entry.getBody().get("body");
			assertThat(body).contains("\"type\":\"" + entry.getBody().get("type") + "\"");
			return new Said(entry.getBody().get("type"), entry.getBody().get("user"),
					body.contains("\"connection\":") ? body.replaceAll(".*\"connection\":\"([^\"]+)\".*", "$1") : "");
		}).toList();
	}

	private List<String> bodies() {
		this.read = "0-0";
		return entries().stream()
			.map((entry) -> entry.getBody().get("body"))
			.filter((body) -> !body.contains("reset"))
			.toList();
	}

	private List<String> closings() {
		this.read = "0-0";
		return entries().stream()
			.map((entry) -> entry.getBody().get("body"))
			.filter((body) -> body.contains("stream.closed"))
			.map((body) -> body.replaceAll(".*\"connection\":\"([^\"]+)\".*\"reason\":\"([^\"]+)\".*", "$1 $2"))
			.toList();
	}

}
