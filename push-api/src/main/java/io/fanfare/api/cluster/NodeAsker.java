package io.fanfare.api.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.fanfare.api.problem.FieldError;
import io.fanfare.api.problem.ProblemException;
import io.fanfare.api.problem.ProblemType;
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.redis.CallAnswer;
import io.fanfare.protocol.redis.CallName;
import io.fanfare.protocol.redis.NodeCalls;
import io.fanfare.protocol.redis.RedisUnavailableException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.stereotype.Component;

/** Asks nodes, and makes of what they do not answer the problem that callers get. */
@Component
public final class NodeAsker {

	private static final Logger log = LoggerFactory.getLogger(NodeAsker.class);

	/** A call to a node ends by itself; this is for what comes after. */
	private static final Duration PATIENCE = Duration.ofSeconds(3);

	/** For what is told beside something else. */
	private static final Duration IMPATIENCE = Duration.ofMillis(500);

	private final NodeCalls nodes;

	private final RedisCalls calls;

	private final JsonMapper mapper = JsonMapper.builder()
		.disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
		.build();

	NodeAsker(NodeCalls nodes, RedisCalls calls) {
		this.nodes = nodes;
		this.calls = calls;
	}

	/**
	 * Asks a node; does not wait.
	 * @param node the node's identity
	 * @param name what is asked
	 * @param body written as JSON
	 * @return the answer
	 */
	public CompletableFuture<CallAnswer> ask(String node, CallName name, Object body) {
		return this.nodes.call(node, name, this.mapper.writeValueAsBytes(body));
	}

	/**
	 * Asks a node by a way of the caller's; does not wait.
	 * @param node the node's identity
	 * @param name what is asked
	 * @param body written as JSON
	 * @param send publishes it and tells how many heard it
	 * @return the answer; fails as the sending does
	 */
	public CompletableFuture<CallAnswer> ask(String node, CallName name, Object body,
			Function<NodeCalls.Order, CompletableFuture<Long>> send) {
		return this.nodes.call(node, name, this.mapper.writeValueAsBytes(body), send);
	}

	/**
	 * Waits for an answer.
	 * @param <T> its type
	 * @param asked the question
	 * @param type its type
	 * @return the answer
	 * @throws ProblemException or a {@link RedisUnavailableException} if there is none
	 */
	public <T> T await(CompletableFuture<CallAnswer> asked, Class<T> type) {
		return switch (this.calls.await(asked, System.nanoTime() + PATIENCE.toNanos())) {
			case CallAnswer.Done done -> this.mapper.readValue(done.body(), type);
			case CallAnswer.Refused refused -> throw problem(refused.error());
			case CallAnswer.Silence silence -> throw ProblemException.of(ProblemType.NODE_UNAVAILABLE,
					"It did not answer in time; the outcome is unknown");
		};
	}

	/**
	 * Asks several nodes the same kind of thing, all at once.
	 * @param <T> the type of their answers
	 * @param name what is asked
	 * @param bodies each node's identity and what it is asked with
	 * @param type the type
	 * @return what they answered
	 * @throws RedisUnavailableException if Redis does not answer
	 */
	public <T> Answers<T> askAll(CallName name, Map<String, ?> bodies, Class<T> type) {
		Map<String, CompletableFuture<CallAnswer>> asked = new LinkedHashMap<>();
		bodies.forEach((node, body) -> asked.put(node, ask(node, name, body)));
		Map<String, T> answered = new LinkedHashMap<>();
		List<String> unanswered = new ArrayList<>();
		asked.forEach((node, answer) -> {
			try {
				answered.put(node, await(answer, type));
			}
			catch (ProblemException ex) {
				log.debug("node={} call={} unanswered reason=\"{}\"", node, name, ex.getMessage());
				unanswered.add(node);
			}
		});
		return new Answers<>(answered, unanswered);
	}

	/**
	 * What several nodes answered.
	 *
	 * @param <T> the type of an answer
	 * @param answered each node's identity and its answer, in the order of asking
	 * @param unanswered the nodes that did not answer, or refused
	 */
	public record Answers<T>(Map<String, T> answered, List<String> unanswered) {

	}

	private static ProblemException problem(String error) {
		return switch (error) {
			case CallAnswer.Refused.INVALID_CURSOR ->
				ProblemException.invalid(FieldError.ofParameter("after", "is no next of such a list"));
			case CallAnswer.Refused.UNKNOWN_CALL ->
				ProblemException.of(ProblemType.NODE_UNAVAILABLE, "It is of a version that does not know this call");
			default -> ProblemException.of(ProblemType.NODE_UNAVAILABLE, "It failed, and its log says why");
		};
	}

	/** What a node tells of one connection. */
	private record Shown(@Nullable ConnectionStatus connection) {

	}

	/**
	 * Asks for one connection, and does without where the node does not answer soon.
	 * @param node the node's identity
	 * @param connection the connection's id
	 * @return what the node tells, or null
	 */
	public @Nullable ConnectionStatus show(String node, String connection) {
		CompletableFuture<CallAnswer> asked = ask(node, CallName.SHOW_CONNECTION, Map.of("connection", connection))
			.completeOnTimeout(new CallAnswer.Silence(), IMPATIENCE.toMillis(), TimeUnit.MILLISECONDS);
		try {
			return await(asked, Shown.class).connection();
		}
		catch (ProblemException | RedisUnavailableException ex) {
			log.debug("node={} connection=untold reason=\"{}\"", node, ex.getMessage());
			return null;
		}
	}

}
