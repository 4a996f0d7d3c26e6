package io.fanfare.api.alert;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.fanfare.api.alert.Reading.Verdict;
import io.fanfare.api.cluster.ClusterView;
import io.fanfare.api.cluster.SilenceCheck;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.guard.Ticker;
import io.fanfare.redis.cluster.Nodes;
import org.jspecify.annotations.Nullable;

/**
 * Holds the rules against what nodes report. What a node does not report is not known,
 * which is another thing than zero.
 * <p>
 * One thread at a time.
 */
final class NodeReadings {

	/** A node that is drained stays listed for longer than this. */
	private static final long MAX_GAP_MS = ClusterView.FORGOTTEN_AFTER.minus(ClusterView.GONE_AFTER).toMillis();

	private final AlertSettings settings;

	private final Errors errors;

	private final SilenceCheck silence;

	private final Map<String, NodeWindow> windows = new HashMap<>();

	/** The nodes that were heard and not drained, by their identities. */
	private final Map<String, Live> live = new HashMap<>();

	/** When the last look was, or null before the first one. */
	private @Nullable Long lookedAt;

	/** Since when no look has failed, or null where none has succeeded since. */
	private @Nullable Long steadySince;

	/** The loss of a node, by its identity, until it is back or its alert ended. */
	private final Map<String, Lost> lost = new HashMap<>();

	NodeReadings(AlertSettings settings, Errors errors, Ticker ticker) {
		this.settings = settings;
		this.errors = errors;
		this.silence = new SilenceCheck(ticker);
	}

	/**
	 * A node as it was last heard of.
	 *
	 * @param node its identity
	 * @param status what it said, or null where that cannot be read
	 * @param silenceMs how long it has been silent
	 */
	record Heard(String node, @Nullable NodeStatus status, long silenceMs) {

		private boolean isLive() {
			return this.status != null && this.status.drained() == null
					&& this.silenceMs <= ClusterView.GONE_AFTER.toMillis();
		}

		private boolean isDrained() {
			return this.status != null && this.status.drained() != null;
		}

	}

	private record Live(String name, long updatedAt) {

	}

	private record Lost(String name, long atMs) {

	}

	/**
	 * What a look found.
	 *
	 * @param present the identities of the nodes that are there, or may be
	 * @param readings what was found
	 */
	record Found(Set<String> present, List<Reading> readings) {

	}

	/**
	 * A look failed, or Redis takes no writes: nodes could not report either, perhaps. So
	 * none counts as silent until looks have succeeded for long enough that all of them
	 * have reported again.
	 */
	void missed() {
		this.steadySince = null;
	}

	/**
	 * Holds the rules against the nodes.
	 * @param now the time, in milliseconds since the epoch
	 * @param nodes all nodes that are listed
	 * @param known losses that were found before, also by another process
	 * @return what was found
	 */
	Found look(long now, Collection<Heard> nodes, Collection<Alert> known) {
		known.forEach((alert) -> this.lost.putIfAbsent(alert.node(), new Lost(alert.name(), alert.sinceMs())));
		Set<String> present = new HashSet<>();
		Set<String> silent = new HashSet<>();
		List<Reading> readings = new ArrayList<>();
		boolean certain = this.silence.isCertain(now);
		boolean steady = isSteady(now) && certain;
		for (Heard node : nodes) {
			NodeStatus status = node.status();
			if (status == null) {
				present.add(node.node());
			}
			else if (node.isDrained()) {
				this.live.remove(node.node());
			}
			else if (node.isLive()) {
				present.add(node.node());
				this.live.put(node.node(), new Live(status.name(), now - node.silenceMs()));
				this.lost.remove(node.node());
				// What one node reports must not keep the others from being looked at
				this.errors.run("alerts", () -> measure(status, readings));
				readings.add(loss(node.node(), status.name(), Verdict.WELL, status.name() + " reports again"));
			}
			else if (this.live.containsKey(node.node()) || node.silenceMs() <= ClusterView.FORGOTTEN_AFTER.toMillis()) {
				present.add(node.node());
				unknown(status, readings);
				if (steady) {
					lose(now, node.node(), status.name(), node.silenceMs(), silent);
				}
			}
		}
		lookForUnlisted(now, steady, nodes, silent);
		this.windows.keySet().retainAll(present);
		lookForLost(now, nodes, silent, readings);
		return new Found(Set.copyOf(present), List.copyOf(readings));
	}

	private boolean isSteady(long now) {
		this.steadySince = (this.steadySince != null) ? Math.min(this.steadySince, now) : now;
		return now - this.steadySince >= Nodes.REWRITTEN.toMillis();
	}

	private void lose(long now, String node, String name, long silenceMs, Set<String> silent) {
		silent.add(node);
		this.lost.putIfAbsent(node, new Lost(name, now - silenceMs + ClusterView.GONE_AFTER.toMillis()));
	}

	/**
	 * A node that was heard, was not drained and is not listed any more is lost: another
	 * process removed it a minute after its last word. Where the last look was so long
	 * ago that it may have been drained since, that is not known.
	 */
	private void lookForUnlisted(long now, boolean steady, Collection<Heard> nodes, Set<String> silent) {
		Set<String> listed = nodes.stream().map(Heard::node).collect(Collectors.toSet());
		if (this.lookedAt != null && now - this.lookedAt > MAX_GAP_MS) {
			this.live.keySet().retainAll(listed);
		}
		this.lookedAt = now;
		this.live.replaceAll((node, one) -> new Live(one.name(), Math.min(one.updatedAt(), now)));
		if (steady) {
			this.live.entrySet().removeIf((entry) -> {
				long silenceMs = now - entry.getValue().updatedAt();
				boolean gone = !listed.contains(entry.getKey()) && silenceMs > ClusterView.GONE_AFTER.toMillis();
				if (gone) {
					lose(now, entry.getKey(), entry.getValue().name(), silenceMs, silent);
				}
				return gone;
			});
		}
	}

	/** A node that was lost is back once a later process has its name. */
	private void lookForLost(long now, Collection<Heard> nodes, Set<String> silent, List<Reading> readings) {
		this.lost.entrySet().removeIf((entry) -> {
			Lost one = entry.getValue();
			boolean back = nodes.stream()
				.anyMatch((node) -> node.isLive() && node.status() != null
						&& ClusterView.follows(node.status(), one.name(), one.atMs()));
			if (back) {
				readings.add(loss(entry.getKey(), one.name(), Verdict.WELL, one.name() + " was started again"));
			}
			else if (silent.contains(entry.getKey())) {
				readings.add(loss(entry.getKey(), one.name(), Verdict.OVER,
						one.name() + " has stopped to report and was not drained"));
			}
			return !silent.contains(entry.getKey())
					&& (back || now - one.atMs() > this.settings.repeatInterval().toMillis());
		});
	}

	private void unknown(NodeStatus status, List<Reading> readings) {
		Map.of(AlertRule.CONNECTIONS, this.settings.connections().hold(), AlertRule.MEMORY,
				this.settings.memory().hold(), AlertRule.ERROR_RATE, this.settings.errorRate().hold(),
				AlertRule.RESPONSE_TIME, this.settings.responseTime().hold())
			.forEach((rule, hold) -> readings.add(Reading.unknown(rule, status.node(), status.name(), hold)));
	}

	private static Reading loss(String node, String name, Verdict verdict, String text) {
		return Reading.unmeasured(AlertRule.NODE_LOST, node, name, verdict, Duration.ZERO, text);
	}

	private void measure(NodeStatus status, List<Reading> readings) {
		readings.add(connections(status));
		readings.add(memory(status));
		NodeWindow window = this.windows.computeIfAbsent(status.node(),
				(node) -> new NodeWindow(this.settings.window()));
		window.add(status);
		readings.add(errorRate(status, window));
		readings.add(responseTime(status, window));
	}

	private Reading connections(NodeStatus status) {
		AlertSettings.Connections rule = this.settings.connections();
		if (status.limit() <= 0) {
			return Reading.unknown(AlertRule.CONNECTIONS, status.node(), status.name(), rule.hold());
		}
		double share = (double) status.active() / status.limit();
		return Reading.of(AlertRule.CONNECTIONS, status.node(), status.name(), rule.hold(), share, rule.threshold(),
				"%s has %d of the %d streams that it takes (%s)".formatted(status.name(), status.active(),
						status.limit(), percent(share)));
	}

	private Reading memory(NodeStatus status) {
		AlertSettings.Memory rule = this.settings.memory();
		NodeStatus.Memory memory = status.memory();
		if (memory == null) {
			return Reading.unknown(AlertRule.MEMORY, status.node(), status.name(), rule.hold());
		}
		double share = Math.max(memory.heap(), Math.max(memory.direct(), memory.process()));
		String kind = (share == memory.heap()) ? "heap"
				: (share == memory.direct()) ? "direct memory" : "memory of its process";
		return Reading.of(AlertRule.MEMORY, status.node(), status.name(), rule.hold(), share, rule.threshold(),
				"%s takes %s of the limit of its %s".formatted(status.name(), percent(share), kind));
	}

	private Reading errorRate(NodeStatus status, NodeWindow window) {
		AlertSettings.ErrorRate rule = this.settings.errorRate();
		NodeWindow.Ended ended = window.ended();
		if (ended.streams() < rule.minimum()) {
			return few(AlertRule.ERROR_RATE, status, window, rule.hold(), rule.threshold(),
					status.name() + " has few streams that ended");
		}
		double share = (double) ended.errors() / ended.streams();
		return Reading.of(AlertRule.ERROR_RATE, status.node(), status.name(), rule.hold(), share, rule.threshold(),
				"%d of the %d streams of %s that ended lately ended by an error (%s)".formatted(ended.errors(),
						ended.streams(), status.name(), percent(share)));
	}

	private Reading responseTime(NodeStatus status, NodeWindow window) {
		AlertSettings.ResponseTime rule = this.settings.responseTime();
		double threshold = rule.threshold().toMillis() / 1000.0;
		NodeWindow.Deliveries deliveries = window.deliveries();
		if (deliveries == null) {
			return Reading.unknown(AlertRule.RESPONSE_TIME, status.node(), status.name(), rule.hold());
		}
		if (deliveries.samples() < rule.minimum()) {
			return few(AlertRule.RESPONSE_TIME, status, window, rule.hold(), threshold,
					status.name() + " delivers few messages");
		}
		double seconds = deliveries.percentileMs(0.99) / 1000;
		return Reading.of(AlertRule.RESPONSE_TIME, status.node(), status.name(), rule.hold(), seconds, threshold,
				String.format(Locale.ROOT,
						"At %s one message in a hundred takes %.3g s or longer from its publish to its write",
						status.name(), seconds));
	}

	/**
	 * Too few to judge by is well, once the node was watched for long enough to say so.
	 */
	private static Reading few(AlertRule rule, NodeStatus status, NodeWindow window, Duration hold, double threshold,
			String text) {
		return window.isWide()
				? new Reading(rule, status.node(), status.name(), Verdict.WELL, hold, null, threshold, text)
				: Reading.unknown(rule, status.node(), status.name(), hold);
	}

	private static String percent(double share) {
		return String.format(Locale.ROOT, "%.3g %%", share * 100);
	}

}
