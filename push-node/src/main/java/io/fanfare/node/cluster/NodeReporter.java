package io.fanfare.node.cluster;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.redis.Nodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/** Tells the cluster of this node, every few seconds, for {@code GET /v1/nodes}. */
public final class NodeReporter implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(NodeReporter.class);

	private final Nodes nodes;

	private final NodeIdentity identity;

	private final Supplier<NodeStatus> status;

	private final JsonMapper json;

	private final ScheduledExecutorService thread;

	/**
	 * Makes the reporter.
	 * @param nodes where to
	 * @param identity this node
	 * @param status what to tell
	 * @param json writes it
	 */
	public NodeReporter(Nodes nodes, NodeIdentity identity, Supplier<NodeStatus> status, JsonMapper json) {
		this.nodes = nodes;
		this.identity = identity;
		this.status = status;
		this.json = json;
		this.thread = Executors
			.newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("fanfare-reporter").factory());
	}

	/** Begins. */
	public void start() {
		this.thread.scheduleWithFixedDelay(this::report, 0, NodeStatus.INTERVAL_MS, TimeUnit.MILLISECONDS);
	}

	private void report() {
		this.nodes.put(this.identity.value(), this.json.writeValueAsBytes(this.status.get()))
			.whenComplete((done, failure) -> {
				if (failure != null) {
					log.debug("report=unsent reason=\"{}\"", failure.getMessage());
				}
			});
	}

	/** Tells what came of the node, for the last time, and waits a moment for Redis. */
	public void farewell() {
		close();
		try {
			this.nodes.put(this.identity.value(), this.json.writeValueAsBytes(this.status.get()))
				.get(1, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (ExecutionException | TimeoutException ex) {
			log.debug("farewell=unsent reason=\"{}\"", ex.getMessage());
		}
	}

	@Override
	public void close() {
		this.thread.shutdownNow();
	}

}
