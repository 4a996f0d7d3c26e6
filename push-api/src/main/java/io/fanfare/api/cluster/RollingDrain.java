package io.fanfare.api.cluster;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import io.fanfare.api.cluster.DrainProgress.Step;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.redis.CallName;
import io.fanfare.protocol.redis.Nodes;
import io.fanfare.protocol.redis.RedisUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.stereotype.Component;

/**
 * Drains the nodes one after the other: the next only once one of the name of the last is
 * up again, so that never more than one is missing. One such drain at a time in the
 * cluster; its progress in Redis is also the lock, which lapses with this process.
 */
@Component
class RollingDrain {

	private static final Logger log = LoggerFactory.getLogger(RollingDrain.class);

	/** After so long without news from whoever leads it, it is forgotten. */
	private static final Duration LIFE = Duration.ofSeconds(45);

	private static final Duration REMEMBERED = Duration.ofHours(1);

	private static final Duration LOOK = Duration.ofSeconds(1);

	/** How much longer than its window a node may take. */
	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final ClusterView view;

	private final NodeAsker asker;

	private final Nodes nodes;

	private final RedisCalls calls;

	private final Clock clock;

	private final JsonMapper json = JsonMapper.shared();

	RollingDrain(ClusterView view, NodeAsker asker, Nodes nodes, RedisCalls calls, Clock clock) {
		this.view = view;
		this.asker = asker;
		this.nodes = nodes;
		this.calls = calls;
		this.clock = clock;
	}

	/**
	 * Begins; goes on by itself.
	 * @param pace how fast the streams of a node leave
	 * @param back how long a node may take to come back
	 * @return how it gets on
	 */
	DrainProgress begin(DrainEndpoint.Pace pace, Duration back) {
		Instant now = this.clock.instant();
		List<Step> steps = this.view.present()
			.stream()
			.filter((node) -> node.state().equals(NodeStatus.UP))
			.map((node) -> new Step(node.node(), node.name(), "pending", null, null))
			.toList();
		DrainProgress progress = new DrainProgress("running", now, now, steps, null);
		if (!this.calls.await(this.nodes.beginRollout(this.json.writeValueAsBytes(progress), LIFE))) {
			DrainProgress running = progress();
			if (running.state().equals("running")) {
				throw ProblemException.of(ProblemType.DRAIN_RUNNING, "GET /v1/drain tells how it gets on");
			}
			write(progress, LIFE);
		}
		Thread.ofVirtual().name("fanfare-rolling-drain").start(() -> lead(progress, pace, back));
		return progress;
	}

	DrainProgress progress() {
		byte[] told = this.calls.await(this.nodes.rollout());
		return (told != null) ? this.json.readValue(told, DrainProgress.class) : DrainProgress.NONE;
	}

	private void lead(DrainProgress begun, DrainEndpoint.Pace pace, Duration back) {
		DrainProgress progress = begun;
		try {
			for (int i = 0; i < begun.nodes().size(); i++) {
				progress = drain(progress, i, pace, back);
			}
			write(progress.ended("done", null, this.clock.instant()), REMEMBERED);
			log.info("rollout=done nodes={}", begun.nodes().size());
		}
		catch (RolloutFailedException ex) {
			log.warn("rollout=failed reason=\"{}\"", ex.getMessage());
			write(ex.progress.ended("failed", ex.getMessage(), this.clock.instant()), REMEMBERED);
		}
		catch (ProblemException | RedisUnavailableException ex) {
			log.warn("rollout=failed reason=\"{}\"", ex.getMessage());
			write(progress.ended("failed", ex.getMessage(), this.clock.instant()), REMEMBERED);
		}
	}

	private DrainProgress drain(DrainProgress before, int place, DrainEndpoint.Pace pace, Duration back) {
		Step step = before.nodes().get(place);
		DrainProgress draining = before.with(place, step.in("draining"), this.clock.instant());
		write(draining, LIFE);
		DrainEndpoint.Begun begun = this.asker.await(this.asker.ask(step.node(), CallName.DRAIN, pace.body()),
				DrainEndpoint.Begun.class);
		log.info("rollout=draining node={} streams={}", step.node(), begun.connections());
		await(draining, Duration.ofMillis(begun.windowMs()).plus(PATIENCE), step.name() + " did not end",
				() -> !isPresent(step));
		Optional<NodeStatus.Drained> outcome = this.view.nodes()
			.stream()
			.map(ClusterView.Seen::status)
			.filter((node) -> node.node().equals(step.node()) && node.drained() != null)
			.map(NodeStatus::drained)
			.findFirst();
		Step ended = new Step(step.node(), step.name(), "returning",
				outcome.map(NodeStatus.Drained::sentOn).orElse(null),
				outcome.map(NodeStatus.Drained::cut).orElse(null));
		DrainProgress returning = draining.with(place, ended, this.clock.instant());
		await(returning, back, step.name() + " did not come back; the rest is left as it is", () -> isBack(step));
		DrainProgress returned = returning.with(place, ended.in("back"), this.clock.instant());
		write(returned, LIFE);
		return returned;
	}

	private boolean isPresent(Step step) {
		return this.view.present().stream().anyMatch((node) -> node.node().equals(step.node()));
	}

	private boolean isBack(Step step) {
		return this.view.present()
			.stream()
			.anyMatch((node) -> node.name().equals(step.name()) && !node.node().equals(step.node())
					&& node.state().equals(NodeStatus.UP));
	}

	/** Looks now and then, and tells meanwhile that somebody leads. */
	private void await(DrainProgress progress, Duration patience, String otherwise, BooleanSupplier until) {
		long deadline = System.nanoTime() + patience.toNanos();
		while (!isNow(until)) {
			if (System.nanoTime() - deadline >= 0) {
				throw new RolloutFailedException(progress, otherwise);
			}
			write(progress, LIFE);
			LockSupport.parkNanos(LOOK.toNanos());
		}
	}

	private static boolean isNow(BooleanSupplier condition) {
		try {
			return condition.getAsBoolean();
		}
		catch (ProblemException | RedisUnavailableException ex) {
			// Redis may be back in time.
			return false;
		}
	}

	private void write(DrainProgress progress, Duration life) {
		try {
			this.calls.await(this.nodes.putRollout(this.json.writeValueAsBytes(progress), life));
		}
		catch (ProblemException | RedisUnavailableException ex) {
			log.debug("rollout=untold reason=\"{}\"", ex.getMessage());
		}
	}

	/** A node did not do in time what it should. */
	private static final class RolloutFailedException extends RuntimeException {

		private static final long serialVersionUID = 1;

		private final transient DrainProgress progress;

		private RolloutFailedException(DrainProgress progress, String message) {
			super(message);
			this.progress = progress;
		}

	}

}
