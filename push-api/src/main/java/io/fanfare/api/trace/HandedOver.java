package io.fanfare.api.trace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.fanfare.api.cluster.ClusterView;
import io.fanfare.api.cluster.NodeAsker;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult.HandoverTraced;
import io.fanfare.protocol.call.CallResult.StreamTrace;
import io.fanfare.protocol.call.Handover;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.cluster.Handovers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.stereotype.Component;

/** What nodes that ended in order left of their streams; nodes that are there read it. */
@Component
final class HandedOver {

	private static final Logger log = LoggerFactory.getLogger(HandedOver.class);

	/** Clocks of nodes and of Redis differ by less. */
	private static final Duration SKEW = Duration.ofSeconds(10);

	/** So many nodes are asked; the first that answers counts. */
	private static final int READERS = 2;

	private final Handovers handovers;

	private final NodeAsker nodes;

	private final RedisCalls calls;

	private final Errors errors;

	HandedOver(Handovers handovers, NodeAsker nodes, RedisCalls calls, Errors errors) {
		this.handovers = handovers;
		this.nodes = nodes;
		this.calls = calls;
		this.errors = errors;
	}

	/** The nodes that left something, and what each says of the whole. */
	Map<String, Handover> list() {
		Map<String, Handover> list = new HashMap<>();
		this.calls.await(this.handovers.list()).forEach((node, json) -> {
			try {
				list.put(node, CallJson.readHandover(json));
			}
			catch (NotUnderstoodException ex) {
				this.errors.note("handover", ex);
			}
		});
		return list;
	}

	/** Those that may have had the message: a node that ended before it had not. */
	static Map<String, Handover> since(Map<String, Handover> all, long published) {
		return all.entrySet()
			.stream()
			.filter((one) -> one.getValue().endedAt() + SKEW.toMillis() >= published)
			.collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
	}

	/** Asks; does not wait. */
	List<NodeAsker.Asked<HandoverTraced>> ask(CallRequest.Trace message, Set<String> left,
			List<ClusterView.Seen> present, Duration patience) {
		if (left.isEmpty()) {
			return List.of();
		}
		CallRequest.TraceHandover request = new CallRequest.TraceHandover(message,
				left.stream().limit(CallRequest.TraceHandover.MAX_NODES).toList());
		List<NodeAsker.Asked<HandoverTraced>> asked = new ArrayList<>();
		present.stream().filter((seen) -> !seen.gone()).limit(READERS).forEach((seen) -> {
			NodeAsker.Asked<HandoverTraced> one = this.nodes.ask(seen.status().node(), request);
			one.answer().completeOnTimeout(new CallAnswer.Silence(), patience.toMillis(), TimeUnit.MILLISECONDS);
			asked.add(one);
		});
		return asked;
	}

	/** Waits for the answers: of each node whose records were read its streams. */
	Map<String, List<StreamTrace>> await(List<NodeAsker.Asked<HandoverTraced>> asked) {
		Map<String, List<StreamTrace>> streams = new LinkedHashMap<>();
		ProblemException busy = null;
		for (NodeAsker.Asked<HandoverTraced> one : asked) {
			try {
				this.nodes.await(one).streams().forEach(streams::putIfAbsent);
			}
			catch (ProblemException ex) {
				busy = isBusy(ex) ? ex : busy;
				log.debug("call=trace-handover unanswered reason=\"{}\"", ex.getMessage());
			}
		}
		if (busy != null && streams.isEmpty()) {
			throw busy;
		}
		return streams;
	}

	/** Whether a node has too many questions: it can be asked again. */
	static boolean isBusy(ProblemException ex) {
		return ex.problem().type().equals(ProblemType.OVERLOADED.uri());
	}

}
