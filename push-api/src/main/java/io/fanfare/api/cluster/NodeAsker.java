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
import io.fanfare.api.redis.RedisCalls;
import io.fanfare.protocol.ConnectionStatus;
import io.fanfare.protocol.ProblemType;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.RedisUnavailableException;
import io.fanfare.redis.cluster.NodeCalls;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;

/** Asks nodes, and makes of what they do not answer the problem that callers get. */
@Component
public final class NodeAsker {

	private static final Logger log = LoggerFactory.getLogger(NodeAsker.class);

	/** A call to a node ends by itself; this is for what comes after. */
	private static final Duration PATIENCE = Duration.ofSeconds(3);

	/** For what is reported beside something else. */
	private static final Duration IMPATIENCE = Duration.ofMillis(500);

	private final NodeCalls nodes;

	private final RedisCalls calls;

	private final Errors errors;

	NodeAsker(NodeCalls nodes, RedisCalls calls, Errors errors) {
		this.nodes = nodes;
		this.calls = calls;
		this.errors = errors;
	}

	/**
	 * A request that is on its way to a node.
	 *
	 * @param <R> what is answered
	 * @param request the request
	 * @param answer the answer
	 */
	public record Asked<R extends CallResult>(CallRequest<R> request, CompletableFuture<CallAnswer> answer) {

	}

	/**
	 * Asks a node; does not wait.
	 * @param <R> what it answers
	 * @param node the node's identity
	 * @param request what is asked
	 * @return the request on its way
	 */
	public <R extends CallResult> Asked<R> ask(String node, CallRequest<R> request) {
		return new Asked<>(request, this.nodes.call(node, request.call(), CallJson.write(request)));
	}

	/**
	 * Asks a node by a way of the caller's; does not wait.
	 * @param <R> what it answers
	 * @param node the node's identity
	 * @param request what is asked
	 * @param send publishes it and tells how many heard it
	 * @return the request on its way; its answer fails as the sending does
	 */
	public <R extends CallResult> Asked<R> ask(String node, CallRequest<R> request,
			Function<NodeCalls.Order, CompletableFuture<Long>> send) {
		return new Asked<>(request, this.nodes.call(node, request.call(), CallJson.write(request), send));
	}

	/**
	 * Waits for an answer.
	 * @param <R> what is answered
	 * @param asked the request
	 * @return the answer
	 * @throws ProblemException or a {@link RedisUnavailableException} if there is none
	 */
	public <R extends CallResult> R await(Asked<R> asked) {
		return switch (this.calls.await(asked.answer(), PATIENCE)) {
			case CallAnswer.Done done -> read(asked.request(), done);
			case CallAnswer.Refused refused -> throw problem(refused.error());
			case CallAnswer.Silence silence -> throw ProblemException.of(ProblemType.NODE_UNAVAILABLE,
					"It did not answer in time; the outcome is unknown");
		};
	}

	private <R extends CallResult> R read(CallRequest<R> request, CallAnswer.Done done) {
		try {
			return CallJson.readResult(request, done.body());
		}
		catch (NotUnderstoodException ex) {
			this.errors.note("node-answer", ex);
			throw ProblemException.of(ProblemType.NODE_UNAVAILABLE,
					"It is of a version whose answer is not understood; it may have done what was asked");
		}
	}

	/**
	 * Asks several nodes the same kind of thing, all at once.
	 * @param <R> what they answer
	 * @param requests each node's identity and what it is asked
	 * @return what they answered
	 * @throws RedisUnavailableException if Redis does not answer
	 */
	public <R extends CallResult> Answers<R> askAll(Map<String, ? extends CallRequest<R>> requests) {
		Map<String, Asked<R>> asked = new LinkedHashMap<>();
		requests.forEach((node, request) -> asked.put(node, ask(node, request)));
		Map<String, R> answered = new LinkedHashMap<>();
		List<String> unanswered = new ArrayList<>();
		asked.forEach((node, one) -> {
			try {
				answered.put(node, await(one));
			}
			catch (ProblemException ex) {
				log.debug("node={} call={} unanswered reason=\"{}\"", node, one.request().call(), ex.getMessage());
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
			case CallAnswer.Refused.NOT_UNDERSTOOD -> ProblemException.of(ProblemType.NODE_UNAVAILABLE,
					"It is of a version that does not understand this request; nothing was done");
			case CallAnswer.Refused.BUSY ->
				ProblemException.of(ProblemType.OVERLOADED, "A node answers many such questions: repeat it")
					.with(HttpHeaders.RETRY_AFTER, "1");
			default -> ProblemException.of(ProblemType.NODE_UNAVAILABLE, "It failed, and its log says why");
		};
	}

	/**
	 * Asks for one connection, and does without where the node does not answer soon.
	 * @param node the node's identity
	 * @param connection the connection's id
	 * @return what the node tells, or null
	 */
	public @Nullable ConnectionStatus show(String node, String connection) {
		Asked<CallResult.Shown> asked = ask(node, new CallRequest.ShowConnection(connection));
		asked.answer().completeOnTimeout(new CallAnswer.Silence(), IMPATIENCE.toMillis(), TimeUnit.MILLISECONDS);
		try {
			return await(asked).connection();
		}
		catch (ProblemException | RedisUnavailableException ex) {
			log.debug("node={} node-call=failed reason=\"{}\"", node, ex.getMessage());
			return null;
		}
	}

}
