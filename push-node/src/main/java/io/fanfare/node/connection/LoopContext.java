package io.fanfare.node.connection;

import io.fanfare.node.timer.ActivityPolicy;
import io.fanfare.node.timer.LivenessPolicy;
import io.fanfare.node.timer.Policies;
import io.fanfare.node.timer.SchedulePolicy;
import io.fanfare.node.timer.StallPolicy;
import io.fanfare.protocol.guard.Errors;

/**
 * What the connections of a loop share, beside the loop itself.
 *
 * @param node the node's identity
 * @param settings the settings of connections
 * @param policies what decides about what time does to them
 * @param spread when their clients are to come back
 * @param events is notified of what happens to them
 * @param catchUps is notified when they read history
 * @param errors notes what is thrown
 */
public record LoopContext(String node, ConnectionSettings settings, Policies policies, Spread spread,
		ConnectionEvents events, CatchUpEvents catchUps, Errors errors) {

	static LoopContext of(StreamLoop.Node node) {
		ConnectionSettings settings = node.settings();
		Policies policies = new Policies(new ActivityPolicy(settings.heartbeat(), settings.cursorInterval()),
				new StallPolicy(settings.slowLimit()),
				new LivenessPolicy(settings.unreachableAfter(), settings.ackTimeout(), settings.probeTimeout()),
				new SchedulePolicy(settings.lifetime(), settings.idleClose()));
		return new LoopContext(node.identity(), settings, policies, new Spread(settings, node.random()), node.events(),
				node.catchUps(), node.errors());
	}

	/** Who measures how long things take. */
	StreamTimings timings() {
		return this.events.timings();
	}

}
