package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Scheduler;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.protocol.guard.Worker;
import io.fanfare.redis.Failures;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.cluster.Nodes;
import jakarta.annotation.PreDestroy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/**
 * What the nodes last reported. A node that says nothing for three intervals is gone;
 * after a minute the next look removes it.
 */
@Component
public final class ClusterView {

	/** After such a silence a node is gone. */
	public static final Duration GONE_AFTER = Duration.ofMillis(3 * NodeStatus.INTERVAL_MS);

	/** After such a silence a node is not listed any more. */
	public static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(1);

	/** A process that follows a lost one of its name started at most so long before. */
	private static final Duration FOLLOWS = Duration.ofMinutes(1);

	/** How often it looks which nodes there are. */
	private static final Duration LOOK = Duration.ofMillis(NodeStatus.INTERVAL_MS);

	/** In this time all nodes write their state anew where Redis has lost it. */
	private static final Duration LOST_FOR = Duration.ofMillis(6 * NodeStatus.INTERVAL_MS);

	private static final Logger log = LoggerFactory.getLogger(ClusterView.class);

	private final Nodes nodes;

	private final RedisCalls calls;

	private final Errors errors;

	private final Ticker ticker;

	private final Worker worker;

	/** The nodes that were listed last, and since a loss those before it. */
	private final Set<String> listed = new TreeSet<>();

	/** The data-loss floor that was seen last. Guarded by the set. */
	private @Nullable Long floor;

	/** When it moved last. Guarded by the set. */
	private @Nullable Long lostAt;

	ClusterView(Nodes nodes, RedisCalls calls, Errors errors, Scheduler scheduler) {
		this.nodes = nodes;
		this.calls = calls;
		this.errors = errors;
		this.ticker = scheduler.ticker();
		this.worker = scheduler.createWorker("nodes");
		this.worker.every(LOOK, LOOK, this::remember);
	}

	private void remember() {
		try {
			Set<String> present = this.calls.await(this.nodes.names());
			boolean lost = isLost();
			synchronized (this.listed) {
				if (!lost) {
					this.listed.clear();
				}
				this.listed.addAll(present);
			}
		}
		catch (RedisUnavailableException | ProblemException ex) {
			// The link has noted it.
		}
	}

	/**
	 * Whether Redis lost data a moment ago: a list that was read before may be empty.
	 */
	private boolean isLost() {
		long present = this.calls.await(this.nodes.dataLossFloor());
		long now = this.ticker.nanoTime();
		synchronized (this.listed) {
			if (this.floor != null && this.floor != present) {
				this.lostAt = now;
			}
			this.floor = present;
			return this.lostAt != null && now - this.lostAt < LOST_FOR.toNanos();
		}
	}

	@PreDestroy
	void close() {
		this.worker.close();
	}

	/**
	 * Whether a process was started in place of one that was lost: then that one is lost
	 * no more.
	 * @param later a process that reports
	 * @param name the name of the one that was lost
	 * @param lostAtMs since when it counts as lost, in milliseconds since the epoch
	 * @return whether it was
	 */
	public static boolean follows(NodeStatus later, String name, long lostAtMs) {
		return later.name().equals(name) && later.startedAt() > lostAtMs - FOLLOWS.toMillis();
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
		return identities(seen, look(seen));
	}

	private static List<String> identities(List<Seen> seen, List<String> unreadable) {
		return Stream.concat(seen.stream().map((one) -> one.status().node()), unreadable.stream().sorted()).toList();
	}

	/**
	 * The identities of the nodes; shortly after a data loss also of those that were
	 * listed before it, for they are there and have not written their state again.
	 * @return those of {@link #identities()}, then the others
	 */
	public List<String> identitiesDespiteLoss() {
		return despiteLoss(identities());
	}

	/**
	 * The identities of the nodes that may have streams: those of
	 * {@link #identitiesDespiteLoss()} but nodes that were drained and ended.
	 * @return the identities
	 */
	public List<String> identitiesWithStreams() {
		List<Seen> seen = new ArrayList<>();
		List<String> unreadable = look(seen);
		Set<String> drained = seen.stream()
			.map(Seen::status)
			.filter((status) -> status.drained() != null)
			.map(NodeStatus::node)
			.collect(Collectors.toSet());
		return despiteLoss(identities(seen, unreadable)).stream().filter((node) -> !drained.contains(node)).toList();
	}

	private List<String> despiteLoss(List<String> known) {
		Set<String> identities = new LinkedHashSet<>(known);
		boolean lost = isLost();
		synchronized (this.listed) {
			if (!lost) {
				this.listed.clear();
			}
			this.listed.addAll(known);
			identities.addAll(this.listed);
		}
		return List.copyOf(identities);
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
		synchronized (this.listed) {
			this.listed.remove(node);
		}
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
