package io.fanfare.node.cluster;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.cluster.Nodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the cluster of this node, every few seconds and as soon as its state changes, for
 * {@code GET /v1/nodes}, drains and rebalances.
 */
public final class NodeReporter implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(NodeReporter.class);

	/** How long a change of state may stay unreported. */
	private static final Duration LOOK = Duration.ofMillis(500);

	private final Nodes nodes;

	private final NodeIdentity identity;

	private final Supplier<NodeStatus> status;

	private final Errors errors;

	private final Worker worker;

	private final Ticker ticker;

	/** The state that was reported last; empty where that failed. */
	private volatile String reported = "";

	private long reportedNanos;

	/**
	 * Makes the reporter.
	 * @param nodes where to
	 * @param identity this node
	 * @param status what to report
	 * @param scheduler runs what is done from time to time
	 * @param errors notes what nothing else handles
	 */
	public NodeReporter(Nodes nodes, NodeIdentity identity, Supplier<NodeStatus> status, Scheduler scheduler,
			Errors errors) {
		this.nodes = nodes;
		this.identity = identity;
		this.status = status;
		this.errors = errors;
		this.worker = scheduler.createWorker("reporter");
		this.ticker = scheduler.ticker();
	}

	/** Begins. */
	public void start() {
		this.worker.every(Duration.ZERO, LOOK, this::look);
	}

	private void look() {
		reportIfDue(this.status.get());
	}

	private void reportIfDue(NodeStatus now) {
		long nanos = this.ticker.nanoTime();
		if (now.state().equals(this.reported)
				&& nanos - this.reportedNanos < TimeUnit.MILLISECONDS.toNanos(NodeStatus.INTERVAL_MS)) {
			return;
		}
		this.reported = now.state();
		this.reportedNanos = nanos;
		this.nodes.put(this.identity.value(), CallJson.write(now)).whenComplete((done, failure) -> {
			if (failure != null) {
				this.reported = "";
				failed(failure);
			}
		});
	}

	/** Reports what came of the node, for the last time, and waits a moment for Redis. */
	public void reportEnd() {
		close();
		try {
			this.nodes.put(this.identity.value(), CallJson.write(this.status.get())).get(1, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			failed(ex);
		}
	}

	/** What Redis refuses or does not answer is noted by the link to it. */
	private void failed(Throwable failure) {
		if (!Failures.isOfRedis(failure)) {
			this.errors.note("reporter", failure);
		}
		log.debug("node-status=not-published reason=\"{}\"", failure.getMessage());
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
