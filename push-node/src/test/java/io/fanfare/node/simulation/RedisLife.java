package io.fanfare.node.simulation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.random.RandomGenerator;

import io.fanfare.node.simulation.Scenario.Fault;
import io.fanfare.protocol.MessageId;
import io.fanfare.redis.presence.Presence.Twins;
import org.jspecify.annotations.Nullable;

/**
 * The life of Redis: its restarts with data and without, its lost keys, the steps of its
 * clock, and the connections that subscribe to it.
 */
final class RedisLife {

	private static final long TOMBSTONE = 300_000;

	/** In the schedules that outlast one. */
	static final long SHORT_TOMBSTONE = 30_000;

	/** How long takeovers are counted for, in the schedules that limit them. */
	private static final long TAKEOVER_WINDOW = 2_000;

	/** How far its clock is from the true time at most, where it steps. */
	static final int STEP = 20_000;

	private final Simulation simulation;

	private final RandomGenerator random;

	private final RedisModel model;

	private final Set<SimulatedPubSub.Session> subscribers = new LinkedHashSet<>();

	private final Deque<Queue<Runnable>> orphans = new ArrayDeque<>();

	private int run = 1;

	private long upAt;

	private RedisModel.@Nullable Snapshot snapshot;

	private int losses;

	private long skew;

	RedisLife(Simulation simulation, Scenario scenario, RandomGenerator random, Oracle oracle) {
		this.simulation = simulation;
		this.random = random;
		boolean trims = scenario.has(Fault.TRIM);
		RedisModel.Settings settings = new RedisModel.Settings(Simulation.LEASE,
				scenario.has(Fault.STUBBORN) ? SHORT_TOMBSTONE : TOMBSTONE, trims ? 4 : 1_000,
				trims ? 4_000 : Duration.ofHours(24).toMillis(), random.nextInt(scenario.has(Fault.TIME_STEPS) ? 1 : 3),
				TAKEOVER_WINDOW, Twins.DEFAULT);
		this.model = new RedisModel(this::millis, settings, this::publish);
		this.model.watch(oracle);
		if (scenario.has(Fault.OLD)) {
			this.model.age(run(), MessageId.of(Simulation.EPOCH - Duration.ofMinutes(10).toMillis(), 0));
		}
	}

	RedisModel model() {
		return this.model;
	}

	String run() {
		return "run" + this.run;
	}

	boolean isUp() {
		return this.simulation.now() >= this.upAt;
	}

	/** When it is up again, or no time if it is. */
	long next() {
		return (this.upAt > this.simulation.now()) ? this.upAt : Long.MAX_VALUE;
	}

	/** What its clock shows. */
	long millis() {
		return Simulation.EPOCH + this.simulation.now() + this.skew;
	}

	// ---- connections

	void publish(String channel, byte[] frame) {
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

	/** Scripts whose connections have ended are executed at some time. */
	void offer(Choices choices) {
		for (Queue<Runnable> scripts : this.orphans) {
			choices.add(4, () -> {
				scripts.remove().run();
				if (scripts.isEmpty()) {
					this.orphans.removeIf(Queue::isEmpty);
				}
			});
		}
	}

	// ---- faults

	/** What may happen to it; an action that comes first is offered first. */
	void offerFaults(Schedule schedule, int mostLosses) {
		if (this.losses < mostLosses) {
			schedule.fault(Fault.REDIS_EMPTY, () -> restart(null));
			schedule.fault(Fault.REDIS_FLUSH, this::flush);
			schedule.fault(Fault.REDIS_SNAPSHOT, () -> {
				this.simulation.trace("REDIS takes a snapshot");
				this.snapshot = this.model.snapshot();
			});
			if (this.snapshot != null) {
				schedule.fault(Fault.REDIS_SNAPSHOT, () -> restart(this.snapshot));
			}
		}
		schedule.fault(Fault.TIME_BACK, () -> step(this.skew - this.random.nextInt(4_000), "steps back"));
		schedule.fault(Fault.TIME_STEPS, () -> step(this.random.nextInt(-STEP, STEP + 1), "steps"));
		schedule.fault(Fault.TIME_STEPS_FORWARD, () -> step(this.skew + this.random.nextInt(90_000), "steps"));
	}

	private void step(long to, String how) {
		this.skew = to;
		this.simulation.trace("FAULT the clock of Redis %s to %d", how, to);
	}

	/** A user's presence vanishes. */
	void dropPresence(String user) {
		this.simulation.trace("FAULT the presence field of %s vanishes: %s", user, this.model.presence().get(user));
		this.model.dropPresence(user);
	}

	/** Keys with an expiry vanish, as where memory is full. */
	void evict() {
		this.simulation.trace("FAULT volatile keys are evicted");
		this.model.evict();
	}

	private void restart(RedisModel.@Nullable Snapshot from) {
		this.simulation.trace("FAULT Redis starts again %s", (from != null) ? "from a snapshot" : "empty");
		this.run++;
		lose(from);
		this.upAt = this.simulation.now() + this.random.nextInt(1_500);
		this.orphans.clear();
		this.simulation.cutLinks();
	}

	/** All keys are deleted, and nothing else happens. */
	private void flush() {
		this.simulation.trace("FAULT Redis is flushed");
		lose(null);
	}

	private void lose(RedisModel.@Nullable Snapshot from) {
		this.losses++;
		this.simulation.oracle().nextEra();
		this.model.restore(from);
		this.simulation.pass(1);
		this.simulation.oracle().lost(this.model);
	}

}
