package io.fanfare.api.trace;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.fanfare.api.cluster.ClusterView;
import io.fanfare.api.cluster.NodeAsker;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.api.trace.TraceAnswer.Missing;
import io.fanfare.api.trace.TraceAnswer.Routed;
import io.fanfare.api.trace.TraceAnswer.Stream;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.NodeStatus;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallRequest.Trace.Stored;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.redis.history.History;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/**
 * Finds out what became of a message on its way to a user: asks its history, then every
 * node, and waits for none of them longer than a quarter of a second. What is not known
 * makes a message that nothing known delivered one of which nothing is said.
 */
@Component
final class MessageTraces {

	private static final Logger log = LoggerFactory.getLogger(MessageTraces.class);

	private static final Duration PATIENCE = Duration.ofMillis(250);

	/** Of nodes that departed longer ago, those that are left may not know. */
	private static final Duration REMEMBERED = CallResult.Traced.DEPARTED_FOR.minusMinutes(1);

	/** A node that said nothing for so long before the message had ended by then. */
	private static final Duration SILENT = Duration.ofMillis(3 * NodeStatus.INTERVAL_MS);

	private final History history;

	private final ClusterView view;

	private final NodeAsker nodes;

	private final RedisCalls calls;

	private final Clock clock;

	MessageTraces(History history, ClusterView view, NodeAsker nodes, RedisCalls calls, Clock clock) {
		this.history = history;
		this.view = view;
		this.nodes = nodes;
		this.calls = calls;
		this.clock = clock;
	}

	/** What a history says of a message; when it is of no use any more, or 0. */
	private record Kept(Stored stored, long expiresAt) {

	}

	/**
	 * Finds it out.
	 * @param user the user
	 * @param channel the channel of the message
	 * @param id the message
	 * @return what became of it
	 */
	TraceAnswer trace(String user, ChannelName channel, long id) {
		if (id > this.calls.await(this.history.headId())) {
			throw ProblemException.of(ProblemType.NOT_FOUND, "No message has this id yet");
		}
		Kept kept = kept(channel, id);
		CallRequest.Trace request = new CallRequest.Trace(user, channel.value(), MessageId.format(id), kept.stored(),
				kept.expiresAt());
		Map<String, CallResult.Traced> answered = new LinkedHashMap<>();
		List<Missing> missing = ask(request, MessageId.timestamp(id), answered);
		List<Routed> routes = new ArrayList<>();
		List<CallResult.StreamTrace> streams = new ArrayList<>();
		List<Stream> shown = new ArrayList<>();
		answered.forEach((node, traced) -> {
			CallResult.Route route = traced.route();
			if (route != null) {
				routes.add(Routed.of(node, route));
			}
			streams.addAll(traced.streams());
			traced.streams().forEach((stream) -> shown.add(Stream.of(node, stream)));
		});
		streams.sort(Comparator.comparingLong(CallResult.StreamTrace::openedAt));
		shown.sort(Comparator.comparing(Stream::openedAt));
		boolean expired = kept.expiresAt() != 0 && kept.expiresAt() <= this.clock.millis();
		TraceVerdict verdict = TraceVerdict.of(id, kept.stored(), expired, streams, !missing.isEmpty());
		return new TraceAnswer(request.id(), request.channel(), user, kept.stored().name().toLowerCase(Locale.ROOT),
				TraceAnswer.published(id), verdict.outcome().wireName(), verdict.reason(),
				TraceAnswer.instant(verdict.at()), missing.isEmpty(), missing, routes, shown);
	}

	private Kept kept(ChannelName channel, long id) {
		History.Batch batch = this.calls.await(this.history.read(channel, id - 1, 1, 1));
		for (History.Entry entry : batch.entries()) {
			if (entry.id() == id) {
				return new Kept(Stored.STORED, entry.envelope().expiresAt());
			}
		}
		// Each entry says what came before it: where that lies below, nothing is gone.
		return new Kept((batch.predecessor().id() < id) ? Stored.ABSENT : Stored.TRIMMED, 0);
	}

	/** Asks all nodes at once. Returns what is not known. */
	private List<Missing> ask(CallRequest.Trace request, long published, Map<String, CallResult.Traced> answered) {
		Map<String, NodeStatus> statuses = new LinkedHashMap<>();
		this.view.nodes().forEach((seen) -> statuses.put(seen.status().node(), seen.status()));
		Map<String, NodeAsker.Asked<CallResult.Traced>> asked = new LinkedHashMap<>();
		for (String node : this.view.identitiesDespiteLoss()) {
			NodeAsker.Asked<CallResult.Traced> one = this.nodes.ask(node, request);
			one.answer().completeOnTimeout(new CallAnswer.Silence(), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
			asked.put(node, one);
		}
		List<Missing> missing = new ArrayList<>();
		Set<String> departed = new HashSet<>();
		boolean witnessed = false;
		for (Map.Entry<String, NodeAsker.Asked<CallResult.Traced>> one : asked.entrySet()) {
			String node = one.getKey();
			try {
				CallResult.Traced traced = this.nodes.await(one.getValue());
				answered.put(node, traced);
				departed.addAll(traced.departed().keySet());
				witnessed |= traced.startedAt() <= published && this.clock.millis() - published < REMEMBERED.toMillis();
				// One that began later may have replayed it on a stream that it has
				// forgotten
				if (traced.streamsSince() > Math.max(published, traced.startedAt())) {
					missing.add(new Missing(node, "forgotten"));
				}
			}
			catch (ProblemException ex) {
				log.debug("node={} call=trace unanswered reason=\"{}\"", node, ex.getMessage());
				NodeStatus status = statuses.get(node);
				// One that was drained before the message was published knows nothing of
				// it;
				// one that fell silent may only be cut off.
				if (status == null || status.drained() == null || status.updatedAt() + SILENT.toMillis() >= published) {
					missing.add(new Missing(node, "unanswered"));
				}
			}
		}
		departed.removeAll(asked.keySet());
		departed.forEach((node) -> missing.add(new Missing(node, "departed")));
		if (!witnessed) {
			missing.add(new Missing(null, "unwitnessed"));
		}
		return missing;
	}

}
