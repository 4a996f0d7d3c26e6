package io.fanfare.api.trace;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.Handover;
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

	private final HandedOver handedOver;

	private final Clock clock;

	MessageTraces(History history, ClusterView view, NodeAsker nodes, HandedOver handedOver, RedisCalls calls,
			Clock clock) {
		this.history = history;
		this.view = view;
		this.nodes = nodes;
		this.handedOver = handedOver;
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
		Map<String, List<StreamTrace>> ended = new LinkedHashMap<>();
		List<Missing> missing = ask(request, MessageId.timestamp(id), answered, ended);
		List<Routed> routes = new ArrayList<>();
		List<StreamTrace> streams = new ArrayList<>();
		List<Stream> shown = new ArrayList<>();
		boolean wasStored = answered.values()
			.stream()
			.anyMatch((traced) -> traced.route() != null && !traced.route().ephemeral());
		answered.forEach((node, traced) -> {
			CallResult.Route route = traced.route();
			if (route != null) {
				routes.add(Routed.of(node, route));
			}
			ended.put(node, traced.streams());
		});
		ended.forEach((node, own) -> {
			streams.addAll(own);
			own.forEach((stream) -> shown.add(Stream.of(node, stream)));
		});
		streams.sort(Comparator.comparingLong(StreamTrace::openedAt));
		shown.sort(Comparator.comparing(Stream::openedAt));
		boolean expired = kept.expiresAt() != 0 && kept.expiresAt() <= this.clock.millis();
		TraceVerdict verdict = TraceVerdict.of(id, kept.stored(), wasStored, expired, streams, !missing.isEmpty());
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

	/**
	 * Asks all nodes at once, and those that are there of those that ended. Returns what
	 * is not known.
	 */
	private List<Missing> ask(CallRequest.Trace request, long published, Map<String, CallResult.Traced> answered,
			Map<String, List<StreamTrace>> ended) {
		List<ClusterView.Seen> present = this.view.nodes();
		Map<String, NodeStatus> statuses = new LinkedHashMap<>();
		present.forEach((seen) -> statuses.put(seen.status().node(), seen.status()));
		Map<String, Handover> handovers = this.handedOver.list();
		Map<String, Handover> left = HandedOver.since(handovers, published);
		Map<String, NodeAsker.Asked<CallResult.Traced>> asked = new LinkedHashMap<>();
		for (String node : this.view.identitiesDespiteLoss()) {
			// One that left its records may be listed for a while, and does not answer.
			if (!handovers.containsKey(node)) {
				NodeAsker.Asked<CallResult.Traced> one = this.nodes.ask(node, request);
				one.answer().completeOnTimeout(new CallAnswer.Silence(), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
				asked.put(node, one);
			}
		}
		List<NodeAsker.Asked<CallResult.HandoverTraced>> readers = this.handedOver.ask(request, left.keySet(), present,
				PATIENCE);
		Gaps gaps = new Gaps(published);
		asked.forEach((node, one) -> {
			try {
				CallResult.Traced traced = this.nodes.await(one);
				answered.put(node, traced);
				gaps.answered(node, traced);
			}
			catch (ProblemException ex) {
				if (HandedOver.isBusy(ex)) {
					throw ex;
				}
				log.debug("node={} call=trace unanswered reason=\"{}\"", node, ex.getMessage());
				NodeStatus status = statuses.get(node);
				// One that was drained before the message was published knows nothing of
				// it;
				// one that fell silent may only be cut off.
				if (status == null || status.drained() == null || status.updatedAt() + SILENT.toMillis() >= published) {
					gaps.missing(node, "unanswered");
				}
			}
		});
		ended.putAll(this.handedOver.await(readers));
		left.forEach((node, handover) -> {
			if (ended.containsKey(node)) {
				gaps.left(node, handover);
			}
			else {
				gaps.missing(node, "departed");
			}
		});
		boolean recent = this.clock.millis() - published < REMEMBERED.toMillis();
		return gaps.toList(recent, asked.keySet(), handovers.keySet());
	}

	/** What is not known of a message. */
	private static final class Gaps {

		private final long published;

		private final List<Missing> missing = new ArrayList<>();

		private final Set<String> departed = new TreeSet<>();

		private final Witnesses witnesses = new Witnesses();

		private Gaps(long published) {
			this.published = published;
		}

		void missing(String node, String reason) {
			this.missing.add(new Missing(node, reason));
		}

		void answered(String node, CallResult.Traced traced) {
			this.departed.addAll(traced.departed().keySet());
			this.witnesses.add(traced.startedAt());
			kept(node, traced.startedAt(), traced.streamsSince());
		}

		void left(String node, Handover handover) {
			handover.listed().forEach((other, listed) -> {
				if (listed + CallResult.Traced.DEPARTED.toMillis() >= this.published) {
					this.departed.add(other);
				}
			});
			this.witnesses.add(handover.startedAt(), handover.endedAt());
			kept(node, handover.startedAt(), handover.streamsSince());
		}

		/**
		 * One that began later may have replayed it on a stream that it has forgotten.
		 */
		private void kept(String node, long startedAt, long streamsSince) {
			if (streamsSince > Math.max(this.published, startedAt)) {
				missing(node, "forgotten");
			}
		}

		List<Missing> toList(boolean recent, Set<String> asked, Set<String> handedOver) {
			this.departed.removeAll(asked);
			this.departed.removeAll(handedOver);
			this.departed.forEach((node) -> missing(node, "departed"));
			if (!recent || !this.witnesses.reachBackTo(this.published)) {
				this.missing.add(new Missing(null, "unwitnessed"));
			}
			return this.missing;
		}

	}

}
