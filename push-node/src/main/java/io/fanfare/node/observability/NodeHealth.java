package io.fanfare.node.observability;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.broker.Probe;
import io.fanfare.node.broker.PubSubLink;
import io.fanfare.redis.CommandLink;
import io.fanfare.redis.RedisRefusal;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * Whether messages really reach this node: Redis answers and takes writes, everything is
 * subscribed, a probe that was published the ordinary way has arrived lately, and has
 * passed through every event loop. Part of readiness.
 */
public final class NodeHealth implements HealthIndicator {

	private final CommandLink commands;

	private final PubSubLink link;

	private final Probe probe;

	private final LoopWatch loops;

	private final Admission admission;

	/**
	 * Makes the indicator.
	 * @param commands the command link
	 * @param link the pub/sub link
	 * @param probe the probe
	 * @param loops looks at the event loops
	 * @param admission whether newcomers are refused
	 */
	public NodeHealth(CommandLink commands, PubSubLink link, Probe probe, LoopWatch loops, Admission admission) {
		this.commands = commands;
		this.link = link;
		this.probe = probe;
		this.loops = loops;
		this.admission = admission;
	}

	/**
	 * Returns whether the node should get streams. Streams go on where Redis is full.
	 * @return whether it should
	 */
	public boolean isReady() {
		RedisRefusal refusal = this.commands.refusal();
		return this.commands.isUp() && (refusal == null || refusal == RedisRefusal.OOM) && this.link.isUp()
				&& this.probe.isArriving() && this.loops.isReady() && !this.admission.isRefusing();
	}

	@Override
	public Health health() {
		String refusal = this.commands.refusalText();
		return Health.status(isReady() ? Status.UP : Status.OUT_OF_SERVICE)
			.withDetail("redis", (refusal != null) ? refusal : this.commands.isUp() ? "up" : "down")
			.withDetail("subscribed", this.link.isUp())
			.withDetail("arriving", this.probe.isArriving())
			.withDetail("blocked-loops", this.loops.blocked())
			.withDetail("draining", this.admission.isRefusing())
			.build();
	}

}
