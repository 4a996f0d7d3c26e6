package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;

import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.cluster.Nodes;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.annotation.PreDestroy;

import org.springframework.stereotype.Component;

/**
 * How many nodes there are, as metrics, and how many streams are open. Redis is asked
 * from time to time and not at a scrape, which would wait for it. While it does not
 * answer, and shortly after another Redis was reached, the figures are not numbers:
 * nothing is known then.
 */
@Component
public final class ClusterMetrics {

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	private static final Counts UNKNOWN = new Counts(Double.NaN, Double.NaN, OptionalInt.empty());

	private final Nodes nodes;

	private final Errors errors;

	private final Worker worker;

	/** As of the last look. */
	private volatile Counts counts = UNKNOWN;

	ClusterMetrics(Nodes nodes, Errors errors, Scheduler scheduler, MeterRegistry registry) {
		this.nodes = nodes;
		this.errors = errors;
		Gauge.builder("fanfare.nodes.live", () -> this.counts.live())
			.description("Nodes that report")
			.register(registry);
		Gauge.builder("fanfare.nodes.lost", () -> this.counts.lost())
			.description("Nodes that stopped to report within the last minute, and were not drained")
			.register(registry);
		this.worker = scheduler.createWorker("node-counts");
		this.worker.every(Duration.ZERO, INTERVAL, this::look);
	}

	private record Counts(double live, double lost, OptionalInt streams) {

	}

	/**
	 * How many streams are open, as the nodes that report said last: at most some 6 s
	 * ago.
	 * @return the number, or empty while it is not known
	 */
	public OptionalInt streams() {
		return this.counts.streams();
	}

	private void look() {
		this.nodes.list().whenComplete((states, failure) -> {
			this.counts = (failure == null) ? count(states) : UNKNOWN;
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note("node-counts", failure);
			}
		});
	}

	private static Counts count(Nodes.NodeStates states) {
		if (states.moved()) {
			return UNKNOWN;
		}
		int live = 0;
		int lost = 0;
		int streams = 0;
		for (Map.Entry<String, byte[]> entry : states.states().entrySet()) {
			NodeStatus status;
			try {
				status = CallJson.readStatus(entry.getValue());
			}
			catch (NotUnderstoodException ex) {
				// Of another version, and there; ClusterView has noted it
				live++;
				continue;
			}
			long silence = states.silenceMs(status.updatedAt());
			if (status.drained() != null || silence > ClusterView.FORGOTTEN_AFTER.toMillis()) {
				continue;
			}
			if (silence > ClusterView.GONE_AFTER.toMillis()) {
				lost++;
			}
			else {
				live++;
				streams += status.active();
			}
		}
		return new Counts(live, lost, OptionalInt.of(streams));
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
