package io.fanfare.api.cluster;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import io.fanfare.api.cluster.DrainProgress.Step;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.NodeState;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.RedisRefusal;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.cluster.LeadLostException;
import io.fanfare.redis.cluster.Nodes;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.stereotype.Component;

/**
 * Drains the nodes one after the other: the next only once one of the name of the last is
 * up again, so that never more than one is missing. One such drain at a time in the
 * cluster; its progress in Redis is also the lock, which lapses with this process. All
 * that it writes, and each order to a node, Redis takes from the present leader alone: a
 * process that was stopped for longer than the lock lasts does nothing more.
 */
@Component
class RollingDrain {

	private static final Logger log = LoggerFactory.getLogger(RollingDrain.class);

	/** After so long without news from its leader, another may begin. */
	private static final Duration LIFE = Duration.ofSeconds(45);

	/** Ends before another can begin. */
	private static final Duration SILENCE = LIFE.minusSeconds(10);

	private static final Duration REMEMBERED = Duration.ofHours(1);

	private static final Duration LOOK = Duration.ofSeconds(1);

	/** How much longer than its window a node may take. */
	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final ClusterView view;

	private final NodeAsker asker;

	private final Nodes nodes;

	private final RedisCalls calls;

	private final Errors errors;

	private final Clock clock;

	private final Ticker ticker;

	private final Counter done;

	private final Counter failed;

	private final JsonMapper json = JsonMapper.shared();

	RollingDrain(ClusterView view, NodeAsker asker, Nodes nodes, RedisCalls calls, Errors errors, Clock clock,
			Ticker ticker, MeterRegistry meters) {
		this.view = view;
		this.asker = asker;
		this.nodes = nodes;
		this.calls = calls;
		this.errors = errors;
		this.clock = clock;
		this.ticker = ticker;
		this.done = drains("done", meters);
		this.failed = drains("failed", meters);
	}

	private static Counter drains(String outcome, MeterRegistry meters) {
		return Counter.builder("fanfare.drains")
			.description("Drains of the cluster that this process led to their end")
			.tag("outcome", outcome)
			.register(meters);
	}

	/**
	 * Begins; goes on by itself.
	 * @param request how fast the streams of a node leave
	 * @param back how long a node may take to come back
	 * @return how it gets on
	 */
	DrainProgress begin(CallRequest.Drain request, Duration back) {
		Instant now = this.clock.instant();
		DrainProgress progress = new DrainProgress("running", now, now, steps(), null);
		String leader = UUID.randomUUID().toString();
		if (!this.calls.await(this.nodes.beginRollout(leader, this.json.writeValueAsBytes(progress), LIFE))) {
			throw ProblemException.of(ProblemType.DRAIN_RUNNING, "GET /v1/drain tells how it gets on");
		}
		Thread.ofVirtual()
			.name("fanfare-rolling-drain")
			.start(this.errors.guard("rolling-drain", () -> lead(leader, progress, request, back)));
		return progress;
	}

	/**
	 * First the nodes that drain already or are not back yet, as a leader leaves them
	 * that ended or was stopped: they get no order, but no other may go before they are
	 * back.
	 */
	private List<Step> steps() {
		this.view.requireCertain();
		List<ClusterView.Seen> seen = this.view.nodes();
		Set<String> present = new HashSet<>();
		seen.stream().filter((one) -> !one.gone()).forEach((one) -> present.add(one.status().name()));
		Map<String, Step> missing = new LinkedHashMap<>();
		List<Step> pending = new ArrayList<>();
		for (ClusterView.Seen one : seen) {
			NodeStatus node = one.status();
			if (node.drained() != null) {
				if (!present.contains(node.name())) {
					missing.put(node.name(), new Step(node.node(), node.name(), "returning", node.drained().sentOn(),
							node.drained().cut()));
				}
			}
			else if (!one.gone() && node.is(NodeState.DRAINING)) {
				missing.put(node.name(), new Step(node.node(), node.name(), "draining", null, null));
			}
			else if (!one.gone() && node.is(NodeState.UP)) {
				pending.add(new Step(node.node(), node.name(), "pending", null, null));
			}
		}
		List<Step> steps = new ArrayList<>(missing.values());
		steps.addAll(pending);
		return List.copyOf(steps);
	}

	/** How the drain gets on; none where what Redis holds cannot be read. */
	DrainProgress progress() {
		try {
			byte[] json = this.calls.await(this.nodes.rollout());
			return (json != null) ? DrainProgress.read(this.json, json) : DrainProgress.NONE;
		}
		catch (JacksonException ex) {
			this.errors.note("drain-progress", ex);
			return DrainProgress.NONE;
		}
		catch (RedisUnavailableException ex) {
			if (ex.refusal() != RedisRefusal.ERR) {
				throw ex;
			}
			// The key holds another type.
			this.errors.note("drain-progress", ex);
			return DrainProgress.NONE;
		}
	}

	private void lead(String leader, DrainProgress begun, CallRequest.Drain request, Duration back) {
		DrainProgress progress = begun;
		try {
			for (int i = 0; i < begun.nodes().size(); i++) {
				progress = drain(leader, progress, i, request, back);
			}
			end(leader, progress.ended("done", null, this.clock.instant()));
			this.done.increment();
			log.info("rollout=done nodes={}", begun.nodes().size());
		}
		catch (RolloutFailedException ex) {
			this.failed.increment();
			log.warn("rollout=failed reason=\"{}\"", ex.getMessage());
			end(leader, ex.progress.ended("failed", ex.getMessage(), this.clock.instant()));
		}
		catch (ProblemException | RedisUnavailableException ex) {
			this.failed.increment();
			log.warn("rollout=failed reason=\"{}\"", ex.getMessage());
			end(leader, progress.ended("failed", ex.getMessage(), this.clock.instant()));
		}
		catch (LeadLostException ex) {
			// What becomes of the drain is the other's to report.
			log.warn("rollout=left reason=\"{}\"", ex.getMessage());
		}
		catch (RuntimeException ex) {
			this.failed.increment();
			this.errors.note("rolling-drain", ex);
			end(leader, progress.ended("failed", "An error, which the log of the API tells", this.clock.instant()));
		}
	}

	private DrainProgress drain(String leader, DrainProgress before, int place, CallRequest.Drain request,
			Duration back) {
		Step step = before.nodes().get(place);
		DrainProgress ended = step.state().equals("returning") ? before : end(leader, before, place, request);
		await(leader, ended, back, step.name() + " did not come back; the rest is left as it is", () -> isBack(step));
		DrainProgress returned = ended.with(place, ended.nodes().get(place).in("back"), this.clock.instant());
		write(leader, returned);
		return returned;
	}

	/** Until the node's process ended; one that drains already gets no order. */
	private DrainProgress end(String leader, DrainProgress before, int place, CallRequest.Drain request) {
		Step step = before.nodes().get(place);
		DrainProgress draining = before.with(place, step.in("draining"), this.clock.instant());
		Duration window = step.state().equals("draining") ? DrainRules.MAX_WINDOW
				: order(leader, draining, step, request);
		await(leader, draining, window.plus(PATIENCE), step.name() + " did not end", () -> !isPresent(step));
		Optional<NodeStatus.Drained> outcome = this.view.nodes()
			.stream()
			.map(ClusterView.Seen::status)
			.filter((node) -> node.node().equals(step.node()) && node.drained() != null)
			.map(NodeStatus::drained)
			.findFirst();
		Step ended = new Step(step.node(), step.name(), "returning",
				outcome.map(NodeStatus.Drained::sentOn).orElse(null),
				outcome.map(NodeStatus.Drained::cut).orElse(null));
		return draining.with(place, ended, this.clock.instant());
	}

	/** Returns over how long its streams leave. */
	private Duration order(String leader, DrainProgress draining, Step step, CallRequest.Drain request) {
		byte[] told = this.json.writeValueAsBytes(draining);
		CallResult.Draining begun = this.asker
			.await(this.asker.ask(step.node(), request, (order) -> this.nodes.orderRollout(leader, told, LIFE, order)));
		log.info("rollout=draining node={} streams={}", step.node(), begun.connections());
		return Duration.ofMillis(begun.windowMs());
	}

	private boolean isPresent(Step step) {
		return this.view.present().stream().anyMatch((node) -> node.node().equals(step.node()));
	}

	private boolean isBack(Step step) {
		return this.view.isCertain() && this.view.present()
			.stream()
			.anyMatch((node) -> node.name().equals(step.name()) && !node.node().equals(step.node())
					&& node.is(NodeState.UP));
	}

	/** Looks now and then, and reports meanwhile that it leads. */
	private void await(String leader, DrainProgress progress, Duration patience, String otherwise,
			BooleanSupplier until) {
		long deadline = this.ticker.nanoTime() + patience.toNanos();
		long told = this.ticker.nanoTime();
		while (!isNow(until)) {
			long now = this.ticker.nanoTime();
			if (now - deadline >= 0) {
				throw new RolloutFailedException(progress, otherwise);
			}
			if (write(leader, progress)) {
				told = now;
			}
			else if (now - told > SILENCE.toNanos()) {
				throw new RolloutFailedException(progress, "Redis was away; the rest is left as it is");
			}
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

	/** Returns whether it is written; false where that is not known. */
	private boolean write(String leader, DrainProgress progress) {
		Boolean led = tell(this.nodes.putRollout(leader, this.json.writeValueAsBytes(progress), LIFE));
		if (Boolean.FALSE.equals(led)) {
			throw new LeadLostException();
		}
		return led != null;
	}

	/** It may have to wait until Redis is back; until then the lock lapses by itself. */
	private void end(String leader, DrainProgress progress) {
		tell(this.nodes.endRollout(leader, this.json.writeValueAsBytes(progress), REMEMBERED));
	}

	/** Whether this process led, or null where that is not known. */
	private @Nullable Boolean tell(CompletableFuture<Boolean> written) {
		try {
			return this.calls.await(written);
		}
		catch (ProblemException | RedisUnavailableException ex) {
			log.debug("rollout=write-failed reason=\"{}\"", ex.getMessage());
			return null;
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
