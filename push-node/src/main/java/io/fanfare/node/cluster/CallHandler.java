package io.fanfare.node.cluster;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.fanfare.protocol.Frame;
import io.fanfare.protocol.call.CallAnswer;
import io.fanfare.protocol.call.CallJson;
import io.fanfare.protocol.call.CallName;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.NotUnderstoodException;
import io.fanfare.protocol.guard.Errors;
import io.fanfare.redis.Failures;
import io.fanfare.redis.cluster.Nodes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers what is asked of this node, each call on a virtual thread of its own, where it
 * is read, run and its answer written: neither the listener nor a loop waits for any of
 * it.
 */
public final class CallHandler {

	private static final Logger log = LoggerFactory.getLogger(CallHandler.class);

	private final Nodes nodes;

	private final Map<Class<?>, NodeCall<?, ?>> calls;

	private final Errors errors;

	private final Executor threads;

	/**
	 * Makes the handler.
	 * @param nodes carries the answers
	 * @param calls what may be asked
	 * @param errors notes what nothing else handles
	 */
	public CallHandler(Nodes nodes, List<NodeCall<?, ?>> calls, Errors errors) {
		this.nodes = nodes;
		this.calls = calls.stream().collect(Collectors.toMap(NodeCall::request, Function.identity()));
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
						log.debug("call={} answer=not-sent reason=\"{}\"", asked.name(), failure.getMessage());
					}
				}));
	}

	@SuppressWarnings("CatchThrowable")
	private CompletableFuture<? extends CallResult> run(Frame.Call asked) {
		CallName name = CallName.find(asked.name());
		NodeCall<?, ?> call = (name != null) ? this.calls.get(name.request()) : null;
		if (name == null || call == null) {
			return CompletableFuture.failedFuture(new CallRefusedException(CallAnswer.Refused.UNKNOWN_CALL));
		}
		try {
			return run(call, CallJson.readRequest(name, asked.body()));
		}
		catch (Throwable ex) {
			// Answered as a failure, and noted with it.
			return CompletableFuture.failedFuture(ex);
		}
	}

	private static <Q extends CallRequest<R>, R extends CallResult> CompletableFuture<R> run(NodeCall<Q, R> call,
			CallRequest<?> request) {
		return call.run(call.request().cast(request));
	}

	private CallAnswer answer(Frame.Call asked, @Nullable CallResult value, @Nullable Throwable failure) {
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
			return new CallAnswer.Refused((cause instanceof NotUnderstoodException) ? CallAnswer.Refused.NOT_UNDERSTOOD
					: CallAnswer.Refused.FAILED);
		}
		return new CallAnswer.Done(CallJson.write(Objects.requireNonNull(value)));
	}

}
