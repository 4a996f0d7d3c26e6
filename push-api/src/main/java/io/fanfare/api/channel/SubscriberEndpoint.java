package io.fanfare.api.channel;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.fanfare.api.auth.Caller;
import io.fanfare.api.auth.RequiresScope;
import io.fanfare.api.auth.Scope;
import io.fanfare.api.cluster.ClusterView;
import io.fanfare.api.cluster.NodeAsker;
import io.fanfare.api.problem.Answers;
import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** How many streams are subscribed to a channel. */
@RestController
@Tag(name = "Channels")
class SubscriberEndpoint {

	private final ClusterView view;

	private final NodeAsker nodes;

	SubscriberEndpoint(ClusterView view, NodeAsker nodes) {
		this.view = view;
		this.nodes = nodes;
	}

	/**
	 * How many streams are subscribed to a channel.
	 *
	 * @param channel the channel
	 * @param subscribers how many, on the nodes that answered
	 * @param nodes how many on each node that answered
	 * @param unanswered the nodes that did not answer
	 */
	record SubscriberCount(@Schema(example = "news") String channel,
			@Schema(description = "How many streams, on the nodes that answered.") int subscribers, List<OnNode> nodes,
			@Schema(description = "Identities of nodes that did not answer; their streams are not counted.",
					example = "[]") List<String> unanswered) {

	}

	/**
	 * How many streams are subscribed on a node.
	 *
	 * @param node the node's identity
	 * @param subscribers how many
	 */
	@Schema(name = "SubscribersOnNode")
	record OnNode(@Schema(example = "node-1.x7Gh2kPq") String node, int subscribers) {

	}

	@GetMapping(path = "/v1/channels/{channel}/subscribers", produces = MediaType.APPLICATION_JSON_VALUE)
	@RequiresScope(value = Scope.READ, patterns = true)
	@Answers(ProblemType.REDIS_UNAVAILABLE)
	@Operation(operationId = "countSubscribers", summary = "Count the streams that are subscribed to a channel",
			description = "The nodes are asked, and have 2 seconds. Those that do not answer are named.")
	SubscriberCount count(@Parameter(description = "A topic, all, or user:<id>, percent-encoded.",
			schema = @Schema(ref = "#/components/schemas/ChannelName"), example = "news") @PathVariable String channel,
			@Parameter(hidden = true) @AuthenticationPrincipal Caller caller) {
		ChannelName name = name(channel);
		caller.requireRead(name, "channel");
		Map<String, CallRequest.CountSubscribers> requests = new LinkedHashMap<>();
		this.view.identitiesWithStreams()
			.forEach((node) -> requests.put(node, new CallRequest.CountSubscribers(name.value())));
		NodeAsker.Answers<CallResult.Subscribers> counted = this.nodes.askAll(requests);
		List<OnNode> answered = counted.answered()
			.entrySet()
			.stream()
			.map((one) -> new OnNode(one.getKey(), one.getValue().subscribers()))
			.toList();
		return new SubscriberCount(name.value(), answered.stream().mapToInt(OnNode::subscribers).sum(), answered,
				counted.unanswered());
	}

	private static ChannelName name(String text) {
		try {
			return ChannelName.parse(text);
		}
		catch (IllegalArgumentException ex) {
			throw ProblemException.invalid(FieldError.ofParameter("channel", String.valueOf(ex.getMessage())));
		}
	}

}
