package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
 * answer or takes no reports, and shortly after that, after another Redis was reached or
 * its clock was set forward, the figures are not numbers: nothing is known then.
 */
@Component
public final class ClusterMetrics {

	private static final Duration INTERVAL = Duration.ofSeconds(1);

	private static final Counts UNKNOWN = new Counts(Double.NaN, Double.NaN, OptionalInt.empty());

	private final Nodes nodes;

	private final Errors errors;

	private final SilenceCheck silence;

	private final Worker worker;

	/** As of the last look. */
	private volatile Counts counts = UNKNOWN;

	ClusterMetrics(Nodes nodes, Errors errors, Scheduler scheduler, MeterRegistry registry) {
		this.nodes = nodes;
		this.errors = errors;
		this.silence = new SilenceCheck(scheduler.ticker());
		Gauge.builder("fanfare.nodes.live", () -> this.counts.live())
			.description("Nodes that report")
			.register(registry);
		Gauge.builder("fanfare.nodes.lost", () -> this.counts.lost())
			.description("Nodes that stopped to report within the last minute, were not drained and not started again")
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
			if (failure != null || this.nodes.isWriteRefused()) {
				this.silence.interrupted();
			}
			this.counts = (failure == null) ? count(states) : UNKNOWN;
			if (failure != null && !Failures.isOfRedis(failure)) {
				this.errors.note("node-counts", failure);
			}
		});
	}

	private Counts count(Nodes.NodeStates states) {
		if (!this.silence.isCertain(states.nowMs()) || states.moved()) {
			return UNKNOWN;
		}
		List<NodeStatus> live = new ArrayList<>();
		List<NodeStatus> silent = new ArrayList<>();
		int others = 0;
		for (Map.Entry<String, byte[]> entry : states.states().entrySet()) {
			NodeStatus status;
			try {
				status = CallJson.readStatus(entry.getValue());
			}
			catch (NotUnderstoodException ex) {
				// Of another version, and there; ClusterView has noted it
				others++;
				continue;
			}
			long silence = states.silenceMs(status.updatedAt());
			if (status.drained() != null || silence > ClusterView.FORGOTTEN_AFTER.toMillis()) {
				continue;
			}
			((silence > ClusterView.GONE_AFTER.toMillis()) ? silent : live).add(status);
		}
		long lost = silent.stream().filter((status) -> !isStartedAgain(status, live)).count();
		return new Counts(live.size() + others, lost, OptionalInt.of(live.stream().mapToInt(NodeStatus::active).sum()));
	}

	private static boolean isStartedAgain(NodeStatus lost, List<NodeStatus> live) {
		long at = lost.updatedAt() + ClusterView.GONE_AFTER.toMillis();
		return live.stream().anyMatch((later) -> ClusterView.follows(later, lost.name(), at));
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

}
