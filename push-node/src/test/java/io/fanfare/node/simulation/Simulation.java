package io.fanfare.node.simulation;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

import io.fanfare.node.simulation.Oracle.Violation;
import io.fanfare.node.simulation.Scenario.Fault;
import io.fanfare.protocol.ChannelName;
import io.fanfare.redis.ticket.Tickets;
import org.jspecify.annotations.Nullable;

/**
 * Nodes, Redis, the API and pages under virtual time. A {@link Schedule} picks what
 * happens next: a time full of faults, then a quiet one. An {@link Oracle} checks what
 * pages read as they read it, and at the end whether everything has come to rest where it
 * should. Everything is decided by scenario, seed and number of steps.
 */
final class Simulation {

	static final long EPOCH = 1_800_000_000_000L;

	static final long LEASE = 3_000;

	static final long RENEWAL = 1_000;

	static final long COMMAND_TIMEOUT = 400;

	/** After which a silent channel is forgotten. */
	static final long SILENCE = 8_000;

	private static final long SETTLE = 8 * LEASE;

	private static final int LIVELOCK = 5_000;

	private final Scenario scenario;

	private final RandomGenerator random;

	private final boolean tracing;

	private final List<String> trace = new ArrayList<>();

	private final Oracle oracle;

	private final Schedule schedule;

	private final RedisLife redis;

	private final SimulatedApi api;

	private final List<SimulatedNode> nodes = new ArrayList<>();

	private final List<SimulatedClient> pages = new ArrayList<>();

	private final Set<SimulatedSocket> halfOpen = new LinkedHashSet<>();

	private long now;

	private int step;

	/**
	 * Prepares a run.
	 * @param scenario what may happen
	 * @param seed decides what does
	 * @param mostSteps how long the time of faults is at most
	 * @param tracing whether to keep a trace
	 */
	Simulation(Scenario scenario, long seed, int mostSteps, boolean tracing) {
		this.scenario = scenario;
		this.random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + List.of(Scenario.values()).indexOf(scenario));
		this.tracing = tracing;
		this.oracle = new Oracle(this, scenario);
		this.schedule = new Schedule(this, scenario, this.random, mostSteps);
		this.redis = new RedisLife(this, scenario, this.random, this.oracle);
		this.api = new SimulatedApi(this);
		for (int i = 0; i < scenario.nodes(); i++) {
			this.nodes.add(start(i));
		}
	}

	// ---- its parts

	long now() {
		return this.now;
	}

	/** Lets time pass. */
	void pass(long millis) {
		this.now += millis;
	}

	RandomGenerator random() {
		return this.random;
	}

	Oracle oracle() {
		return this.oracle;
	}

	Schedule schedule() {
		return this.schedule;
	}

	RedisLife redis() {
		return this.redis;
	}

	SimulatedApi api() {
		return this.api;
	}

	List<SimulatedNode> nodes() {
		return this.nodes;
	}

	List<SimulatedClient> pages() {
		return this.pages;
	}

	/** Sockets whose nodes do not know yet that their pages have left. */
	Set<SimulatedSocket> halfOpen() {
		return this.halfOpen;
	}

	// ---- its trace

	int step() {
		return this.step;
	}

	boolean isTracing() {
		return this.tracing;
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

	static String describe(Throwable failure) {
		StringWriter text = new StringWriter();
		failure.printStackTrace(new PrintWriter(text));
		return text.toString();
	}

	// ---- nodes

	/** The process at the other end is gone: its pages notice. */
	void closeSocketsOf(SimulatedNode node) {
		for (SimulatedClient page : this.pages) {
			SimulatedSocket socket = page.socket();
			if (socket != null && socket.node() == node) {
				page.lose(true);
			}
		}
	}

	SimulatedNode anyNode() {
		return this.nodes.get(this.random.nextInt(this.nodes.size()));
	}

	/** Starts a node in place of one that has ended. */
	void boot(int slot) {
		this.nodes.set(slot, start(slot));
	}

	private SimulatedNode start(int slot) {
		StringBuilder identity = new StringBuilder("n" + slot + ".");
		for (int i = 0; i < 4; i++) {
			identity.append((char) ('a' + this.random.nextInt(26)));
		}
		trace("NODE%d: starts as %s", slot, identity);
		return new SimulatedNode(this, slot, identity.toString(), this.schedule.loops());
	}

	/** Redis has ended, and with it all connections to it. */
	void cutLinks() {
		this.api.redisEnded();
		for (SimulatedNode node : this.nodes) {
			if (node.isUp()) {
				node.commands().cut(false);
				node.pubSub().cut(false);
			}
		}
	}

	/** When something is due next. */
	long next() {
		long next = Math.min(this.api.next(), this.redis.next());
		for (SimulatedNode node : this.nodes) {
			next = Math.min(next, node.isUp() ? node.next() : node.downAt() + 201);
		}
		for (SimulatedClient page : this.pages) {
			next = Math.min(next, page.next());
		}
		return Math.max(next, this.now + 1);
	}

	// ---- the run

	/** Runs the schedule. Returns what went wrong, or null. */
	@Nullable Violation run(boolean strict) {
		for (this.step = 0; this.step < this.schedule.steps() && isSound(); this.step++) {
			act(this.schedule.next());
		}
		if (isSound()) {
			trace("---- faults stop");
			this.schedule.endFaults();
			// Where the clock stepped back leases end so much later.
			settle(SETTLE + (this.scenario.has(Fault.TWINS) ? 10_000 + 30 * this.schedule.patience() : 0)
					+ (this.scenario.has(Fault.TIME_STEPS) ? 2 * RedisLife.STEP : 0)
					+ (this.scenario.has(Fault.TICKETS) ? Tickets.LIFE.toMillis() : 0));
		}
		if (isSound() && this.scenario.has(Fault.STUBBORN)) {
			settle(2 * RedisLife.SHORT_TOMBSTONE);
		}
		int before = this.oracle.displacements();
		if (isSound()) {
			trace("---- last messages");
			Schedule.TOPICS.forEach(this.schedule::publish);
			this.schedule.publish(ChannelName.ALL);
			for (int i = 0; i < this.scenario.users(); i++) {
				this.schedule.publish(ChannelName.user("u" + i));
			}
			rest(2 * LEASE);
		}
		if (isSound()) {
			this.oracle.checkQuiet(before);
			this.pages.forEach(SimulatedClient::giveUp);
			rest(SETTLE);
			this.oracle.checkRest();
			this.oracle.checkTraces();
			this.oracle.checkGaps(strict && !this.scenario.has(Fault.FALSE_GAPS));
		}
		return this.oracle.violation();
	}

	private boolean isSound() {
		return this.oracle.violation() == null;
	}

	/**
	 * Lets time pass until no page is on its way back: a token may have expired just now.
	 */
	private void rest(long duration) {
		settle(duration);
		for (int i = 0; i < 5 && this.pages.stream().anyMatch(SimulatedClient::isAway); i++) {
			settle(1_000);
		}
	}

	private void act(Runnable event) {
		try {
			event.run();
		}
		catch (RuntimeException ex) {
			this.oracle.fail("EXCEPTION", "%s", describe(ex));
		}
	}

	private void settle(long duration) {
		long end = this.now + duration;
		int sinceTime = 0;
		while (this.now < end && isSound()) {
			Runnable event = this.schedule.nextAtRest();
			if (event == null) {
				this.now = Math.min(end, next());
				sinceTime = 0;
			}
			else {
				act(event);
				if (++sinceTime > LIVELOCK) {
					this.oracle.fail("LIVELOCK", "no end of work at %d ms", this.now);
				}
			}
		}
	}

}
