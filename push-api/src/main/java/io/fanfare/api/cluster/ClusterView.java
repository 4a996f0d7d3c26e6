package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.Failures;
import io.fanfare.redis.cluster.Nodes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/**
 * What the nodes last reported. A node that says nothing for three intervals is gone;
 * after a minute the next look removes it.
 */
@Component
public final class ClusterView {

	static final Duration GONE_AFTER = Duration.ofMillis(3 * NodeStatus.INTERVAL_MS);

	static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(1);

	private static final Logger log = LoggerFactory.getLogger(ClusterView.class);

	private final Nodes nodes;

	private final RedisCalls calls;

	private final Errors errors;

	ClusterView(Nodes nodes, RedisCalls calls, Errors errors) {
		this.nodes = nodes;
		this.calls = calls;
		this.errors = errors;
	}

	/**
	 * A node as it was last heard of.
	 *
	 * @param status what it said
	 * @param gone whether that is too long ago, or was its last word
	 */
	public record Seen(NodeStatus status, boolean gone) {

	}

	/**
	 * Finds a node.
	 * @param node its identity, or the name it was configured with
	 * @return the node; of several of that name the one that was last heard of
	 * @throws ProblemException if there is none
	 */
	public NodeStatus find(String node) {
		return nodes().stream()
			.map(Seen::status)
			.filter((status) -> status.node().equals(node) || status.name().equals(node))
			.max(Comparator.comparing(NodeStatus::updatedAt))
			.orElseThrow(() -> ProblemException.of(ProblemType.NOT_FOUND, "No node of that name or identity"));
	}

	/**
	 * Looks whether the list of nodes is certain enough to decide by.
	 * @throws ProblemException while it is not: shortly after another Redis was reached,
	 * nodes that are gone may stand there as if they were not
	 */
	void requireCertain() {
		if (!isCertain()) {
			throw ProblemException.of(ProblemType.REDIS_UNAVAILABLE,
					"Another Redis was reached a moment ago, and which nodes are there is not certain yet");
		}
	}

	/** Whether the list of nodes is certain enough to decide by. */
	boolean isCertain() {
		return !this.nodes.hasMoved();
	}

	/**
	 * The nodes that are there.
	 * @return what they said last
	 */
	List<NodeStatus> present() {
		return nodes().stream().filter((seen) -> !seen.gone()).map(Seen::status).toList();
	}

	/**
	 * The nodes.
	 * @return all of them whose state can be read, by name and then by start
	 */
	public List<Seen> nodes() {
		List<Seen> seen = new ArrayList<>();
		look(seen);
		return seen;
	}

	/**
	 * The identities of the nodes, also of those whose state cannot be read: they may be
	 * of another version.
	 * @return those that can be read as {@link #nodes()}, then the others
	 */
	public List<String> identities() {
		List<Seen> seen = new ArrayList<>();
		List<String> unreadable = look(seen);
		return Stream.concat(seen.stream().map((one) -> one.status().node()), unreadable.stream().sorted()).toList();
	}

	/** Adds the nodes that can be read; returns the identities of the others. */
	private List<String> look(List<Seen> seen) {
		Nodes.NodeStates told = this.calls.await(this.nodes.list());
		List<String> unreadable = new ArrayList<>();
		for (Map.Entry<String, byte[]> entry : told.states().entrySet()) {
			NodeStatus status;
			try {
				status = CallJson.readStatus(entry.getValue());
			}
			catch (NotUnderstoodException ex) {
				this.errors.note("node-status", ex);
				log.debug("node={} state=unreadable", entry.getKey());
				unreadable.add(entry.getKey());
				continue;
			}
			long silence = told.silenceMs(status.updatedAt());
			if (silence > FORGOTTEN_AFTER.toMillis()) {
				forget(entry.getKey());
			}
			else {
				seen.add(new Seen(status, silence > GONE_AFTER.toMillis() || status.drained() != null));
			}
		}
		seen.sort(Comparator.comparing((Seen one) -> one.status().name())
			.thenComparing((one) -> one.status().startedAt()));
		return unreadable;
	}

	/** The next look tries again where this fails. */
	private void forget(String node) {
		this.nodes.remove(node).whenComplete((removed, failure) -> {
			if (failure == null) {
				log.info("node={} state=forgotten", node);
			}
			else if (!Failures.isOfRedis(failure)) {
				this.errors.note("forget-node", failure);
			}
		});
	}

}
