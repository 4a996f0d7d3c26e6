package io.fanfare.node.simulation;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

import io.fanfare.node.simulation.Scenario.Fault;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.Envelope;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.history.Publisher;
import io.fanfare.redis.presence.Presence.Twins;
import org.jspecify.annotations.Nullable;

/**
 * One schedule: nodes, Redis, the API and pages under virtual time, in which a seeded
 * scheduler picks what happens next. A time full of faults, then a quiet one; what pages
 * read is checked as they read it, and at the end whether everything has come to rest
 * where it should. Everything is decided by scenario, seed and number of steps.
 */
final class Simulation {

	static final long EPOCH = 1_800_000_000_000L;

	static final long LEASE = 3_000;

	static final long RENEWAL = 1_000;

	static final long COMMAND_TIMEOUT = 400;

	/** After which a silent channel is forgotten. */
	static final long SILENCE = 8_000;

	private static final long TOMBSTONE = 300_000;

	/** In the schedules that outlast one. */
	private static final long SHORT_TOMBSTONE = 30_000;

	/** How long take-overs are counted for, in the schedules that limit them. */
	private static final long TAKEOVER_WINDOW = 2_000;

	private static final long SETTLE = 8 * LEASE;

	private static final int LIVELOCK = 5_000;

	/** How far the clock of Redis is from the true time at most, where it steps. */
	private static final int STEP = 20_000;

	/** Two of these are more than a connection may be owed. */
	private static final int BIG = 600_000;

	private static final List<ChannelName> TOPICS = List.of(ChannelName.topic("t1"), ChannelName.topic("t2"));

	private final Scenario scenario;

	private final RandomGenerator random;

	private final boolean tracing;

	private final List<String> trace = new ArrayList<>();

	private final RedisModel redis;

	private final SimulatedCommands api;

	private final List<SimulatedNode> nodes = new ArrayList<>();

	private final List<Page> pages = new ArrayList<>();

	private final Choices choices = new Choices();

	private final Choices faults = new Choices();

	private final Map<Fault, Integer> weights = new EnumMap<>(Fault.class);

	private final Statistics statistics = new Statistics();

	private final int publishWeight;

	/** How often time passes, against all else. */
	private final int pace;

	/** How many of ten messages are for users. */
	private final int forUsers;

	private final boolean leaves;

	/** How long pages wait before they come back, at least. */
	private final long patience;

	/** How many of three pages say which document they are. */
	private final int sayingPages;

	private int reloads;

	/** How many of a thousand steps are faults. */
	private final int faultRate;

	private final int steps;

	private final int batch;

	/** Whether messages are big enough to make slow readers fall behind. */
	private final boolean big;

	private final int loops;

	private final int inboxLimit;

	private long now;

	private long skew;

	private boolean chaos = true;

	private int step;

	private @Nullable Violation violation;

	// ---- Redis

	private int run = 1;

	private long redisUpAt;

	private RedisModel.@Nullable Snapshot snapshot;

	private int restarts;

	private final Set<SimulatedPubSub.Session> subscribers = new java.util.LinkedHashSet<>();

	private final Deque<Queue<Runnable>> orphans = new ArrayDeque<>();

	// ---- the truth

	private final List<Truth> truth = new ArrayList<>();

	private final Map<String, Truth> byId = new HashMap<>();

	private int era;

	private int published;

	private final Queue<Pending> unpublished = new ArrayDeque<>();

	private final Map<String, Set<String>> owners = new HashMap<>();

	private final Map<String, Long> displacedAt = new HashMap<>();

	private final Map<String, Integer> claimedAt = new HashMap<>();

	private int displacements;

	private boolean disconnects;

	private final Set<SimulatedSocket> halfOpen = new java.util.LinkedHashSet<>();

	private final Set<SimulatedSocket> sockets = new java.util.LinkedHashSet<>();

	/**
	 * Prepares a schedule.
	 * @param scenario what may happen
	 * @param seed decides what does
	 * @param mostSteps how long the time of faults is at most
	 * @param tracing whether to keep a trace
	 */
	Simulation(Scenario scenario, long seed, int mostSteps, boolean tracing) {
		this.scenario = scenario;
		this.random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + List.of(Scenario.values()).indexOf(scenario));
		this.tracing = tracing;
		// Where much may go wrong, a few things a schedule go deeper than all at once.
		int bound = scenario.isWide() ? 3 : 4;
		for (Fault fault : Fault.values()) {
			int weight = Math.max(0, this.random.nextInt(2 * bound) - bound + (scenario.isWide() ? 0 : 2));
			this.weights.put(fault, scenario.has(fault) ? weight : 0);
		}
		this.faultRate = new int[] { 5, 10, 20, 50 }[this.random.nextInt(4)];
		this.publishWeight = new int[] { 1, 2, 4, 8, 12 }[this.random.nextInt(5)];
		this.pace = new int[] { 4, 8, 25 }[this.random.nextInt(3)];
		this.forUsers = new int[] { 3, 5, 9 }[this.random.nextInt(3)];
		this.leaves = !scenario.has(Fault.NOBODY_LEAVES) && this.random.nextBoolean();
		this.patience = scenario.has(Fault.SLOW_RETRY) ? 2_000 + this.random.nextInt(5_000)
				: scenario.has(Fault.STUBBORN) ? 3_000 : 0;
		this.sayingPages = scenario.has(Fault.TWINS) ? this.random.nextInt(4) : 3;
		this.steps = Math.min(mostSteps, 200 + this.random.nextInt(1_000));
		this.batch = this.random.nextBoolean() ? 2 : 256;
		this.big = scenario.has(Fault.SLOW) && this.random.nextInt(6) == 0;
		this.loops = 1 + this.random.nextInt(2);
		this.inboxLimit = (this.weights.get(Fault.OVERFLOW) > 0) ? this.random.nextInt(4) : Integer.MAX_VALUE;
		boolean trims = scenario.has(Fault.TRIM);
		RedisModel.Settings settings = new RedisModel.Settings(LEASE,
				scenario.has(Fault.STUBBORN) ? SHORT_TOMBSTONE : TOMBSTONE, trims ? 4 : 1_000,
				trims ? 4_000 : Duration.ofHours(24).toMillis(),
				this.random.nextInt(scenario.has(Fault.TIME_STEPS) ? 1 : 3), TAKEOVER_WINDOW, Twins.DEFAULT);
		this.redis = new RedisModel(this::redisMillis, settings, this::publish);
		this.redis.watch(new Witness());
		if (scenario.has(Fault.OLD)) {
			this.redis.age(run(), MessageId.of(EPOCH - Duration.ofMinutes(10).toMillis(), 0));
		}
		this.api = new SimulatedCommands(this, "API");
		for (int i = 0; i < scenario.nodes(); i++) {
			this.nodes.add(boot(i));
		}
	}

	/** What went wrong. */
	record Violation(String kind, String message, int steps) {

	}

	/** A message that was stored, or would have been if it were not ephemeral. */
	record Truth(int index, String channel, long id, int era, String label, int hash, boolean isEphemeral,
			long expiresAt) {

		boolean isExpired(long at) {
			return this.expiresAt != 0 && this.expiresAt <= EPOCH + at;
		}

		@Override
		public String toString() {
			return this.label + "@" + MessageId.format(this.id) + "/" + this.channel;
		}

	}

	/** What was true when something was written. */
	record Mark(int era, int published) {

	}

	private record Pending(ChannelName channel, Envelope envelope, String key) {

	}

	/** What happened, to see that it did. */
	static final class Statistics {

		int messages;

		int gaps;

		int falseGaps;

		int fellBehind;

		int displacements;

		int resumed;

		int limited;

		void add(Statistics other) {
			this.messages += other.messages;
			this.gaps += other.gaps;
			this.falseGaps += other.falseGaps;
			this.fellBehind += other.fellBehind;
			this.displacements += other.displacements;
			this.resumed += other.resumed;
			this.limited += other.limited;
		}

		@Override
		public String toString() {
			return "messages=" + this.messages + " gaps=" + this.gaps + " falseGaps=" + this.falseGaps + " fellBehind="
					+ this.fellBehind + " displacements=" + this.displacements + " limited=" + this.limited;
		}

	}

	// ---- what everybody asks

	long now() {
		return this.now;
	}

	RandomGenerator random() {
		return this.random;
	}

	RedisModel redis() {
		return this.redis;
	}

	String run() {
		return "run" + this.run;
	}

	boolean isRedisUp() {
		return this.now >= this.redisUpAt;
	}

	/** How many messages a read brings at most. */
	int batch() {
		return this.batch;
	}

	/** How many messages may wait for a loop. */
	int inboxLimit() {
		return this.inboxLimit;
	}

	/**
	 * Whether a stream may be set back: the link was lost before the data loss was known.
	 */
	boolean repeats() {
		return this.scenario.has(Fault.PUBSUB_CUT) && this.scenario.has(Fault.REDIS_FLUSH);
	}

	/** Whether a page that was told to stop may have a stream, once the other is gone. */
	boolean sharesClients() {
		return this.scenario.has(Fault.TWINS);
	}

	/** Whether a stream may learn late that messages to its user were hidden from it. */
	boolean hides() {
		// After a flush a renewal that was on its way may name a stream that is gone.
		return this.scenario.has(Fault.FIELD_VANISHES) || this.scenario.has(Fault.TIME_STEPS_FORWARD)
				|| this.scenario.has(Fault.TIME_STEPS) || this.scenario.has(Fault.REDIS_FLUSH);
	}

	boolean forgets() {
		return this.scenario.has(Fault.TRIM);
	}

	/**
	 * Whether a cursor is older than what is still known of silent channels: then a gap
	 * is announced for each of them.
	 */
	boolean isForgotten(long cursor) {
		return forgets() && MessageId.timestamp(cursor) < redisMillis() - SILENCE;
	}

	Statistics statistics() {
		return this.statistics;
	}

	List<String> trace() {
		return this.trace;
	}

	@SuppressWarnings("AnnotateFormatMethod") // The module does without Error Prone's
												// annotations
	void trace(String format, @Nullable Object... arguments) {
		if (this.tracing) {
			this.trace.add(String.format("%5d %6d ms  ", this.step, this.now) + String.format(format, arguments));
		}
	}

	@SuppressWarnings("AnnotateFormatMethod")
	void fail(String kind, String format, @Nullable Object... arguments) {
		if (this.violation == null) {
			this.violation = new Violation(kind, String.format(format, arguments), this.step);
			trace("*** %s: %s", kind, this.violation.message());
		}
	}

	static String describe(Throwable failure) {
		StringWriter text = new StringWriter();
		failure.printStackTrace(new PrintWriter(text));
		return text.toString();
	}

	private long redisMillis() {
		return EPOCH + this.now + this.skew;
	}

	// ---- the truth

	Mark mark() {
		return new Mark(this.era, this.truth.size());
	}

	int published() {
		return this.truth.size();
	}

	Truth truth(int index) {
		return this.truth.get(index);
	}

	@Nullable Truth find(long id, String data) {
		Truth found = this.byId.get(id + "/" + label(data));
		return (found != null && found.hash() == data.hashCode()) ? found : null;
	}

	/** The first line. */
	private static String label(String data) {
		int end = data.indexOf('\n');
		return (end < 0) ? data : data.substring(0, end);
	}

	/** How far everything is at or below an id, or lost before a mark was made. */
	int coveredBy(long id, Mark mark) {
		for (int i = mark.published(); i > 0; i--) {
			Truth one = this.truth.get(i - 1);
			if (one.id() <= id || one.era() < mark.era()) {
				return i;
			}
		}
		return 0;
	}

	int upTo(long id, Mark mark) {
		for (int i = mark.published(); i > 0; i--) {
			if (this.truth.get(i - 1).id() <= id) {
				return i;
			}
		}
		return 0;
	}

	int claimedAt(String connection) {
		return this.claimedAt.getOrDefault(connection, 0);
	}

	private final class Witness implements RedisModel.Witness {

		@Override
		public void stored(ChannelName channel, long id, Envelope envelope) {
			Simulation self = Simulation.this;
			String data = new String(envelope.data(), StandardCharsets.UTF_8);
			Truth one = new Truth(self.truth.size(), channel.value(), id, self.era, label(data), data.hashCode(),
					envelope.ephemeral(), envelope.expiresAt());
			self.truth.add(one);
			self.byId.put(id + "/" + one.label(), one);
			self.statistics.messages++;
			trace("REDIS stores %s", one);
		}

		@Override
		public void claimed(String connection) {
			Simulation.this.claimedAt.put(connection, Simulation.this.truth.size());
		}

		@Override
		public void owned(String user, String connection, boolean displaced) {
			Simulation self = Simulation.this;
			Set<String> ever = self.owners.computeIfAbsent(user, (name) -> new HashSet<>());
			for (String other : ever) {
				if (!other.equals(connection)) {
					self.displacedAt.putIfAbsent(other, self.now);
				}
			}
			ever.add(connection);
			self.displacedAt.remove(connection);
			if (displaced) {
				self.displacements++;
				self.statistics.displacements++;
			}
		}

		@Override
		public void disconnected(String user, String connection) {
			Simulation.this.displacedAt.putIfAbsent(connection, Simulation.this.now);
		}

	}

	/** A node wrote to a page. */
	void written(SimulatedSocket socket, String text) {
		this.sockets.add(socket);
		String connection = socket.connection();
		if (connection == null || !text.contains("data: m")) {
			return;
		}
		Long since = this.displacedAt.get(connection);
		if (this.tracing) {
			trace("%s: writes to %s: %s", socket.node(), connection,
					text.replaceAll("\\s+", " ").replaceAll("x{20,}", "…"));
		}
		if (since != null && this.now - since > LEASE) {
			fail("KICK BOUND", "%s was displaced at %d ms and is still written to", connection, since);
		}
	}

	// ---- pub/sub at Redis

	private void publish(String channel, byte[] frame) {
		this.subscribers.forEach((session) -> session.publish(channel, frame));
	}

	void connected(SimulatedPubSub.Session session) {
		this.subscribers.add(session);
	}

	void disconnected(SimulatedPubSub.Session session) {
		this.subscribers.remove(session);
	}

	/** What Redis executes after the connection that it came by has ended. */
	void later(List<Runnable> scripts) {
		if (!scripts.isEmpty()) {
			this.orphans.add(new ArrayDeque<>(scripts));
		}
	}

	// ---- sockets

	void halfOpen(SimulatedSocket socket) {
		this.halfOpen.add(socket);
	}

	/** The process at the other end is gone: its pages notice. */
	void closeSocketsOf(SimulatedNode node) {
		for (Page page : this.pages) {
			SimulatedSocket socket = page.socket();
			if (socket != null && socket.node() == node) {
				page.lose(true);
			}
		}
	}

	SimulatedNode anyNode() {
		return this.nodes.get(this.random.nextInt(this.nodes.size()));
	}

	private SimulatedNode boot(int slot) {
		StringBuilder identity = new StringBuilder("n" + slot + ".");
		for (int i = 0; i < 4; i++) {
			identity.append((char) ('a' + this.random.nextInt(26)));
		}
		trace("NODE%d: starts as %s", slot, identity);
		return new SimulatedNode(this, slot, identity.toString(), this.loops);
	}

	// ---- what could happen next

	private void offer() {
		this.choices.clear();
		this.faults.clear();
		boolean timeouts = this.scenario.has(Fault.COMMAND_TIMEOUT) || this.scenario.has(Fault.FREEZE)
				|| this.scenario.has(Fault.COMMAND_CUT);
		for (SimulatedNode node : this.nodes) {
			node.offer(this.choices, timeouts);
			if (!node.isUp() && this.now > node.downAt() + 200) {
				this.choices.add(this.chaos ? 2 : 10, () -> this.nodes.set(node.slot(), boot(node.slot())));
			}
			if (node.isFrozen() && (!this.chaos || node.isThawable(this.now))) {
				this.choices.add(8, () -> {
					trace("FAULT %s thaws", node);
					node.thaw();
				});
			}
		}
		this.api.offerRedis(this.choices);
		this.api.offer(this.choices, false);
		if (!this.unpublished.isEmpty() && this.api.isUp()) {
			this.choices.add(8, () -> send(this.unpublished.remove()));
		}
		for (Queue<Runnable> scripts : this.orphans) {
			this.choices.add(4, () -> {
				scripts.remove().run();
				if (scripts.isEmpty()) {
					this.orphans.removeIf(Queue::isEmpty);
				}
			});
		}
		for (SimulatedSocket socket : this.halfOpen) {
			if (socket.node().isRunning()) {
				this.choices.add(this.chaos ? 1 : 6, () -> {
					this.halfOpen.remove(socket);
					socket.notice(true);
				});
			}
		}
		boolean slow = this.chaos && this.scenario.has(Fault.SLOW);
		this.pages.forEach((page) -> page.offer(this.choices, slow));
		if (this.chaos) {
			offerLife();
			offerFaults();
		}
	}

	/** Time passes, pages come and go, messages are published. */
	private void offerLife() {
		this.choices.add(this.pace, this::advance);
		if (this.pages.size() < this.scenario.pages() * this.scenario.users()) {
			this.choices.add(this.pages.isEmpty() ? 40 : 3, this::open);
		}
		this.choices.add(this.publishWeight, () -> publish(anyChannel()));
		for (Page page : this.pages) {
			if (!page.isStopped() && this.leaves) {
				this.faults.add(1, () -> page.leave(this.random.nextBoolean()));
			}
		}
	}

	private void offerFaults() {
		for (Page page : this.pages) {
			if (page.socket() != null) {
				fault(Fault.TCP_CUT, () -> page.lose(!this.scenario.has(Fault.HALF_OPEN) || this.random.nextBoolean()));
			}
		}
		for (SimulatedNode node : this.nodes) {
			offerFaults(node);
		}
		if (this.reloads < 6) {
			for (Page page : List.copyOf(this.pages)) {
				if (!page.isStopped()) {
					fault(Fault.RELOAD, () -> reload(page));
				}
			}
		}
		if (this.api.isCuttable()) {
			fault(Fault.API_CUT, () -> {
				trace("FAULT the API's link is cut");
				this.api.cut(true);
			});
		}
		// What was hidden after a loss and is lost by another one leaves no trace.
		if (this.restarts < (this.scenario.has(Fault.TIME_STEPS_FORWARD) ? 1 : 2)) {
			fault(Fault.REDIS_EMPTY, () -> restart(null));
			fault(Fault.REDIS_FLUSH, this::flush);
			fault(Fault.REDIS_SNAPSHOT, () -> {
				trace("REDIS takes a snapshot");
				this.snapshot = this.redis.snapshot();
			});
			if (this.snapshot != null) {
				fault(Fault.REDIS_SNAPSHOT, () -> restart(this.snapshot));
			}
		}
		fault(Fault.TIME_BACK, () -> {
			this.skew -= this.random.nextInt(4_000);
			trace("FAULT the clock of Redis steps back to %d", this.skew);
		});
		fault(Fault.TIME_STEPS, () -> {
			this.skew = this.random.nextInt(-STEP, STEP + 1);
			trace("FAULT the clock of Redis steps to %d", this.skew);
		});
		fault(Fault.TIME_STEPS_FORWARD, () -> {
			this.skew += this.random.nextInt(90_000);
			trace("FAULT the clock of Redis steps to %d", this.skew);
		});
		fault(Fault.FIELD_VANISHES, () -> {
			String user = anyUser();
			trace("FAULT the presence field of %s vanishes: %s", user, this.redis.presence().get(user));
			this.redis.dropPresence(user);
		});
		fault(Fault.EVICTION, () -> {
			trace("FAULT volatile keys are evicted");
			this.redis.evict();
		});
		fault(Fault.DISCONNECT, () -> {
			String user = anyUser();
			long grace = this.random.nextInt(4) * 1_500L;
			this.disconnects = true;
			this.api.run("disconnect", user,
					(caller) -> String.valueOf(this.redis.disconnect(caller, user, CloseReason.LOGOUT, grace)),
					(connection) -> {
					});
		});
	}

	private void offerFaults(SimulatedNode node) {
		fault(Fault.LEASE_VANISHES, () -> {
			trace("FAULT the lease of %s vanishes", node);
			this.redis.dropLease(node.identity());
		});
		if (node.isRunning()) {
			if (node.commands().isCuttable()) {
				fault(Fault.COMMAND_CUT, () -> {
					trace("FAULT the command link of %s is cut", node);
					node.commands().cut(true);
				});
				fault(Fault.COMMAND_OUTAGE, () -> {
					long duration = this.random.nextLong(3 * LEASE);
					trace("FAULT %s cannot send commands for %d ms", node, duration);
					node.commands().cutFor(duration);
				});
			}
			if (this.scenario.has(Fault.COMMAND_TIMEOUT)) {
				node.commands().offerTimeout(this.faults, this.weights.get(Fault.COMMAND_TIMEOUT));
			}
			fault(Fault.CRASH, () -> {
				trace("FAULT %s is killed", node);
				node.die(true);
			});
			if (!node.isDraining()) {
				fault(Fault.DRAIN, () -> {
					trace("FAULT %s is drained", node);
					node.drain();
				});
			}
			fault(Fault.FREEZE, () -> {
				long duration = 1 + this.random.nextLong(2 * LEASE);
				boolean machine = this.random.nextBoolean();
				trace("FAULT %s freezes for %d ms (%s)", node, duration, machine ? "its machine" : "the process");
				node.freeze(duration, machine);
			});
		}
		if (node.isUp() && node.pubSub().isCuttable()) {
			fault(Fault.PUBSUB_CUT, () -> {
				trace("FAULT the pub/sub link of %s is cut", node);
				node.pubSub().cut(false);
			});
			fault(Fault.PUBSUB_BLACK_HOLE, () -> {
				trace("FAULT the pub/sub link of %s is a black hole", node);
				node.pubSub().cut(true);
			});
		}
	}

	private void fault(Fault fault, Runnable action) {
		this.faults.add(this.weights.get(fault), action);
	}

	private void advance() {
		long next = Math.clamp(next() - this.now, 1, 300);
		this.now += switch (this.random.nextInt(8)) {
			case 0, 1 -> 1;
			case 2, 3, 4 -> next;
			case 5, 6 -> 1 + this.random.nextInt(300);
			default -> 1 + this.random.nextInt(this.scenario.has(Fault.FREEZE) ? 2_000 : 600);
		};
	}

	/** When something is due next. */
	private long next() {
		long next = Math.min(this.api.next(), (this.redisUpAt > this.now) ? this.redisUpAt : Long.MAX_VALUE);
		for (SimulatedNode node : this.nodes) {
			next = Math.min(next, node.isUp() ? node.next() : node.downAt() + 201);
		}
		for (Page page : this.pages) {
			next = Math.min(next, page.next());
		}
		return Math.max(next, this.now + 1);
	}

	private String anyUser() {
		return "u" + this.random.nextInt(this.scenario.users());
	}

	private ChannelName anyChannel() {
		if (this.random.nextInt(10) < this.forUsers) {
			return ChannelName.user(anyUser());
		}
		int any = this.random.nextInt(TOPICS.size() + 1);
		return (any == 0) ? ChannelName.ALL : TOPICS.get(any - 1);
	}

	private void open() {
		String user = anyUser();
		open(user, this.scenario.has(Fault.TWINS) ? "twin-" + user : "c" + (this.pages.size() + 1));
	}

	private void open(String user, String client) {
		int number = this.pages.size() + 1;
		boolean says = this.sayingPages == 3 || this.random.nextInt(3) < this.sayingPages;
		String pageId = says ? "p" + number : null;
		List<ChannelName> topics = TOPICS.subList(0, this.random.nextInt(TOPICS.size() + 1));
		// Twins that do not say which they are could not be told apart for good, nor
		// where
		// the one that stays leaves for a moment.
		boolean stubborn = this.scenario.has(Fault.STUBBORN)
				|| this.scenario.has(Fault.SLOW_RETRY) && this.sayingPages == 3;
		int history = (this.random.nextInt(6) == 0 && !stubborn) ? this.random.nextInt(4) : -1;
		int window = this.scenario.has(Fault.SLOW) ? 600 + this.random.nextInt(600) : 65_536;
		long tokenLife = (this.random.nextInt(6) == 0 && !stubborn && !this.scenario.has(Fault.SLOW_RETRY)) ? 61_000
				: 3_600_000;
		Page page = new Page(this, number, user, client, pageId, topics, history, window, tokenLife, this.patience,
				stubborn);
		this.pages.add(page);
		trace("%s: opens for %s", page, user);
	}

	private void reload(Page page) {
		this.reloads++;
		page.unload(this.random.nextBoolean());
		open(page.user(), page.client());
	}

	private void publish(ChannelName channel) {
		int number = ++this.published;
		boolean ttl = this.scenario.has(Fault.TTL) && this.random.nextInt(3) == 0;
		boolean ephemeral = this.scenario.has(Fault.TTL) && this.random.nextInt(6) == 0;
		int length = (this.random.nextInt(4) > 0) ? 0 : this.random.nextInt(200);
		if (this.big && this.random.nextInt(5) == 0) {
			length = BIG;
		}
		String padding = (length > 0) ? "\n" + "x".repeat(length) : "";
		long expires = ttl ? EPOCH + this.now + this.random.nextInt(3_000) : 0;
		Envelope envelope = new Envelope("message", ("m" + number + padding).getBytes(StandardCharsets.UTF_8),
				EPOCH + this.now, expires, ephemeral, null);
		this.unpublished.add(new Pending(channel, envelope, "key" + number));
	}

	private void send(Pending message) {
		Publisher.Idempotency key = new Publisher.Idempotency("api", message.key(), "hash", Duration.ofHours(24));
		this.api.run("publish", message.key(),
				(caller) -> this.redis.publish(caller, List.of(message.channel()), message.envelope(), key),
				(result) -> {
					if (result instanceof Publisher.Result.Stored stored) {
						stored.receipts().forEach((receipt) -> this.api.observe(receipt.id()));
					}
				})
			.whenComplete((result, failure) -> {
				if (failure != null) {
					this.unpublished.add(message);
				}
			});
	}

	private void restart(RedisModel.@Nullable Snapshot from) {
		trace("FAULT Redis starts again %s", (from != null) ? "from a snapshot" : "empty");
		this.run++;
		lose(from);
		this.redisUpAt = this.now + this.random.nextInt(1_500);
		this.orphans.clear();
		this.api.cut(false);
		for (SimulatedNode node : this.nodes) {
			if (node.isUp()) {
				node.commands().cut(false);
				node.pubSub().cut(false);
			}
		}
	}

	/** All keys are deleted, and nothing else happens. */
	private void flush() {
		trace("FAULT Redis is flushed");
		lose(null);
	}

	private void lose(RedisModel.@Nullable Snapshot from) {
		this.restarts++;
		this.era++;
		this.redis.restore(from);
		this.now += 1;
		this.redis.presence().values().forEach((owner) -> this.displacedAt.remove(owner.connection()));
	}

	// ---- the run

	/** Runs the schedule. Returns what went wrong, or null. */
	@Nullable Violation run(boolean strict) {
		for (this.step = 0; this.step < this.steps && this.violation == null; this.step++) {
			offer();
			boolean isFault = this.random.nextInt(1_000) < this.faultRate && !this.faults.isEmpty();
			act(isFault ? this.faults : this.choices);
		}
		if (this.violation == null) {
			trace("---- faults stop");
			this.chaos = false;
			// Where the clock stepped back leases end so much later.
			settle(SETTLE + (this.scenario.has(Fault.TWINS) ? 10_000 + 30 * this.patience : 0)
					+ (this.scenario.has(Fault.TIME_STEPS) ? 2 * STEP : 0));
		}
		if (this.violation == null && this.scenario.has(Fault.STUBBORN)) {
			settle(2 * SHORT_TOMBSTONE);
		}
		int before = this.displacements;
		if (this.violation == null) {
			trace("---- last messages");
			TOPICS.forEach(this::publish);
			publish(ChannelName.ALL);
			for (int i = 0; i < this.scenario.users(); i++) {
				publish(ChannelName.user("u" + i));
			}
			rest(2 * LEASE);
		}
		if (this.violation == null) {
			if (this.displacements != before) {
				fail("PING PONG", "%d displacements although all is quiet", this.displacements - before);
			}
			this.pages.forEach(Page::giveUp);
			rest(SETTLE);
			checkRest();
			checkGaps(strict && !this.scenario.has(Fault.FALSE_GAPS));
		}
		return this.violation;
	}

	/**
	 * Lets time pass until no page is on its way back: a token may have expired just now.
	 */
	private void rest(long duration) {
		settle(duration);
		for (int i = 0; i < 5 && this.pages.stream().anyMatch(Page::isAway); i++) {
			settle(1_000);
		}
	}

	private void act(Choices from) {
		try {
			from.pick(this.random).run();
		}
		catch (RuntimeException ex) {
			fail("EXCEPTION", "%s", describe(ex));
		}
	}

	private void settle(long duration) {
		long end = this.now + duration;
		int sinceTime = 0;
		while (this.now < end && this.violation == null) {
			offer();
			if (this.choices.isEmpty()) {
				this.now = Math.min(end, next());
				sinceTime = 0;
			}
			else {
				act(this.choices);
				if (++sinceTime > LIVELOCK) {
					fail("LIVELOCK", "no end of work at %d ms", this.now);
				}
			}
		}
	}

	/** One live stream for each user who has an open page, and nobody else's. */
	private void checkRest() {
		int live = 0;
		for (int i = 0; i < this.scenario.users(); i++) {
			String user = "u" + i;
			List<Page> all = this.pages.stream().filter((page) -> page.user().equals(user)).toList();
			List<Page> open = all.stream().filter((page) -> !page.isStopped()).toList();
			RedisModel.Owner owner = this.redis.presence().get(user);
			if (open.size() > 1) {
				fail("TWO", "%s are all open", open);
			}
			if (open.isEmpty()) {
				if (!all.isEmpty() && !this.disconnects && all.stream().noneMatch(Page::isLeft)) {
					fail("NONE", "every page of %s was told to stop", user);
				}
				if (owner != null) {
					fail("GHOST", "presence names %s for %s, who has no page", owner, user);
				}
				continue;
			}
			Page page = open.getFirst();
			SimulatedSocket socket = page.socket();
			live++;
			if (socket == null || socket.connection() == null || socket.isClosed()) {
				fail("STUCK", "%s has no stream", page);
			}
			else if (owner == null || !owner.connection().equals(socket.connection())) {
				fail("GHOST", "presence names %s, but %s is heard by %s", owner, user, socket.connection());
			}
			Truth missing = page.findMissing();
			if (missing != null) {
				fail("LOST", "%s never gets %s", page, missing);
			}
		}
		int held = this.nodes.stream().mapToInt(SimulatedNode::held).sum();
		if (held != live) {
			fail("LEAK", "%d streams are live, %d connections are held", live, held);
		}
	}

	private void checkGaps(boolean strict) {
		for (Page page : this.pages) {
			Object gap = page.findFalseGap();
			if (gap != null) {
				this.statistics.falseGaps++;
				if (strict) {
					fail("FALSE GAP", "%s was told of %s, where it misses nothing", page, gap);
				}
			}
		}
	}

}
