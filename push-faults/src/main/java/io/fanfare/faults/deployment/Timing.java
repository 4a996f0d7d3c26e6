package io.fanfare.faults.deployment;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How long things take: the settings of the processes, and of scenarios what is measured
 * in them.
 *
 * @param lease of a node
 * @param renewInterval how often a node renews its lease and its users
 * @param heartbeat of quiet streams
 * @param silence after which nginx gives up a node that sends nothing: five heartbeats
 * @param shutdown how long the old workers of nginx live on after a reload
 * @param haste how many times sooner than it is shipped nginx lets clients come back whom
 * no node took
 * @param standstill how long an event loop stands still: longer than the lease
 * @param calm how long traffic runs before and after a fault
 * @param outage how long a fault lasts
 * @param patience how long clients wait that try again after every end
 * @param siege how long they do
 */
public record Timing(Duration lease, Duration renewInterval, Duration heartbeat, Duration silence, Duration shutdown,
		int haste, Duration standstill, Duration calm, Duration outage, Duration patience, Duration siege) {

	/** For every build: the same mechanisms, some three times as fast. */
	public static final Timing SHORT = new Timing(Duration.ofSeconds(6), Duration.ofSeconds(2), Duration.ofSeconds(2),
			Duration.ofSeconds(10), Duration.ofSeconds(2), 5, Duration.ofSeconds(8), Duration.ofMillis(1500),
			Duration.ofSeconds(4), Duration.ofMillis(150), Duration.ofSeconds(3));

	/** What is shipped, and faults that outlast every deadline. */
	public static final Timing SHIPPED = new Timing(Duration.ofSeconds(15), Duration.ofSeconds(5),
			Duration.ofSeconds(15), Duration.ofSeconds(75), Duration.ofSeconds(30), 1, Duration.ofSeconds(40),
			Duration.ofSeconds(5), Duration.ofSeconds(20), Duration.ofSeconds(7), Duration.ofMinutes(6));

	/**
	 * Longer than a lease, so that a node in trouble must have lost it.
	 * @return the time
	 */
	public Duration beyondLease() {
		return this.lease.plusSeconds(2);
	}

	/**
	 * Longer than nginx waits for a sign of life.
	 * @return the time
	 */
	public Duration beyondSilence() {
		return this.silence.plusSeconds(2);
	}

	/** What to replace by what in the configuration of nginx. */
	Map<String, String> nginxSettings() {
		Map<String, String> changes = new LinkedHashMap<>();
		changes.put("proxy_read_timeout 75s", "proxy_read_timeout " + this.silence.toSeconds() + "s");
		changes.put("worker_shutdown_timeout 30s", "worker_shutdown_timeout " + this.shutdown.toSeconds() + "s");
		for (int i = 0; i < 15; i++) {
			long millis = 2000 + Math.round(i * 8000 / 15.0);
			changes.put("6.25% " + millis + ";", "6.25% " + millis / this.haste + ";");
		}
		changes.put("* 10000;", "* " + 10_000 / this.haste + ";");
		return changes;
	}

}
