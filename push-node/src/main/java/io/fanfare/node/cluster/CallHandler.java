package io.fanfare.node.cluster;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.protocol.guard.Errors;
import io.fanfare.protocol.redis.CallAnswer;
import io.fanfare.protocol.redis.Failures;
import io.fanfare.protocol.redis.Frame;
import io.fanfare.protocol.redis.Nodes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Answers what is asked of this node, each call on a virtual thread of its own, where it
 * is read, run and its answer written: neither the listener nor a loop waits for any of
 * it.
 */
public final class CallHandler {

	private static final Logger log = LoggerFactory.getLogger(CallHandler.class);

	private final Nodes nodes;

	private final Map<String, NodeCall> calls;

	private final JsonMapper json;

	private final Errors errors;

	private final Executor threads;

	/**
	 * Makes the handler.
	 * @param nodes carries the answers
	 * @param calls what may be asked
	 * @param json reads and writes them
	 * @param errors notes what nothing else handles
	 */
	public CallHandler(Nodes nodes, List<NodeCall> calls, JsonMapper json, Errors errors) {
		this.nodes = nodes;
		this.calls = calls.stream().collect(Collectors.toMap((call) -> call.name().wireName(), Function.identity()));
		this.json = json;
		this.errors = errors;
		this.threads = (task) -> Thread.ofVirtual().name("fanfare-call").start(errors.guard("call", task));
	}

	/**
	 * Takes a call; returns at once.
	 * @param asked the call
	 */
	public void handle(Frame.Call asked) {
		this.threads
			.execute(() -> run(asked).handleAsync((value, failure) -> answer(asked, value, failure), this.threads)
				.thenCompose((answer) -> this.nodes.answer(asked, answer))
				.whenComplete((heard, failure) -> {
					if (failure != null && !Failures.isOfRedis(failure)) {
						this.errors.note("call", failure);
					}
					else if (failure != null) {
						log.debug("call={} answer=unsent reason=\"{}\"", asked.name(), failure.getMessage());
					}
				}));
	}

	@SuppressWarnings("CatchThrowable")
	private CompletableFuture<?> run(Frame.Call asked) {
		NodeCall call = this.calls.get(asked.name());
		if (call == null) {
			return CompletableFuture.failedFuture(new CallRefusedException(CallAnswer.Refused.UNKNOWN_CALL));
		}
		try {
			return call.run(this.json.readTree(asked.body()));
		}
		catch (Throwable ex) {
			// Answered as a failure, and noted with it.
			return CompletableFuture.failedFuture(ex);
		}
	}

	private CallAnswer answer(Frame.Call asked, @Nullable Object value, @Nullable Throwable failure) {
		Throwable cause = (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause()
				: failure;
		if (cause instanceof CallRefusedException refused) {
			return refused.answer();
		}
		if (cause != null) {
			if (!Failures.isOfRedis(cause)) {
				this.errors.note("call", cause);
			}
			log.debug("call={} state=failed reason=\"{}\"", asked.name(), cause.getMessage());
			return new CallAnswer.Refused(CallAnswer.Refused.FAILED);
		}
		return new CallAnswer.Done(this.json.writeValueAsBytes(value));
	}

}
