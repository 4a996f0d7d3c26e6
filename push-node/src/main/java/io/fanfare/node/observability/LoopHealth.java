package io.fanfare.node.observability;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/**
 * Whether every event loop ticks. Part of liveness: a loop that has not ticked for 30 s
 * will not do so again, and only a restart helps its streams. Redis has no say in this.
 */
public final class LoopHealth implements HealthIndicator {

	private final LoopWatch loops;

	/**
	 * Makes the indicator.
	 * @param loops looks at the loops
	 */
	public LoopHealth(LoopWatch loops) {
		this.loops = loops;
	}

	@Override
	public Health health() {
		return (this.loops.isAlive() ? Health.up() : Health.down()).withDetail("blocked", this.loops.blocked()).build();
	}

}
