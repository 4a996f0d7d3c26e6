package io.fanfare.node.drain;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.protocol.FairShare;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.cluster.Nodes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends this node's surplus on when it has too much more than its share, as after nodes
 * were added. Each node looks at itself alone: none leads. After a surplus has left, it
 * waits until what nodes report of themselves shows it.
 */
public final class Rebalancer implements AutoCloseable {

	private static final Logger log = LoggerFactory.getLogger(Rebalancer.class);

	/** A node that was not heard of for so long counts no more. */
	private static final long SILENCE_MS = 3 * NodeStatus.INTERVAL_MS;

	private final Nodes nodes;

	private final String identity;

	private final SendOn sendOn;

	private final RebalanceSettings settings;

	private final Errors errors;

	private final Worker worker;

	/**
	 * Makes it.
	 * @param nodes what nodes report of themselves
	 * @param identity this node
	 * @param sendOn sends streams on
	 * @param settings the settings
	 * @param scheduler runs what is done from time to time
	 * @param errors notes what nothing else handles
	 */
	public Rebalancer(Nodes nodes, String identity, SendOn sendOn, RebalanceSettings settings, Scheduler scheduler,
			Errors errors) {
		this.nodes = nodes;
		this.identity = identity;
		this.sendOn = sendOn;
		this.settings = settings;
		this.errors = errors;
		this.worker = scheduler.createWorker("rebalance");
	}

	/** Begins, if it is wanted. */
	public void start() {
		if (this.settings.automatic()) {
			again(Duration.ZERO);
		}
	}

	private void again(Duration pause) {
		this.worker.schedule(this.settings.interval().plus(pause), this::look);
	}

	@SuppressWarnings("CatchThrowable")
	private void look() {
		CompletableFuture<Integer> sent;
		try {
			sent = this.nodes.list().thenCompose(this::level);
		}
		catch (Throwable ex) {
			// Noted below, and looked at again after the interval.
			sent = CompletableFuture.failedFuture(ex);
		}
		sent.whenComplete((count, failure) -> {
			if (failure != null && Failures.isOfRedis(failure)) {
				log.debug("rebalance=unknown reason=\"{}\"", failure.getMessage());
			}
			else if (failure != null) {
				this.errors.note("rebalance", failure);
			}
			boolean acted = count != null && count > 0;
			again(acted ? Duration.ofMillis(2 * NodeStatus.INTERVAL_MS) : Duration.ZERO);
		});
	}

	private CompletableFuture<Integer> level(Nodes.NodeStates told) {
		if (told.moved()) {
			// Nodes that are gone may stand there as if they were not.
			return CompletableFuture.completedFuture(0);
		}
		List<NodeStatus> cluster = new ArrayList<>();
		for (byte[] status : told.states().values()) {
			NodeStatus node = read(status);
			if (node != null && told.silenceMs(node.updatedAt()) < SILENCE_MS) {
				cluster.add(node);
			}
		}
		FairShare share = new FairShare(cluster);
		for (NodeStatus node : cluster) {
			if (node.node().equals(this.identity) && node.active() > share.of(node) * (1 + this.settings.skew())
					&& share.surplus(node) > 0) {
				return this.sendOn.begin(share.surplus(node), this.settings.window());
			}
		}
		return CompletableFuture.completedFuture(0);
	}

	private @Nullable NodeStatus read(byte[] status) {
		try {
			return CallJson.readStatus(status);
		}
		catch (NotUnderstoodException ex) {
			this.errors.note("node-status", ex);
			return null;
		}
	}

	@Override
	public void close() {
		this.worker.close();
	}

}
