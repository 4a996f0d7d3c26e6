package io.fanfare.node.drain;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import org.jspecify.annotations.Nullable;

/** Drains this node and ends it. Answers once that has begun. */
public final class DrainNode implements NodeCall<CallRequest.Drain, CallResult.Draining> {

	private final Drain drain;

	/**
	 * Makes the call.
	 * @param drain the node's drain
	 */
	public DrainNode(Drain drain) {
		this.drain = drain;
	}

	@Override
	public Class<CallRequest.Drain> request() {
		return CallRequest.Drain.class;
	}

	@Override
	public CompletableFuture<CallResult.Draining> run(CallRequest.Drain request) {
		int connections = this.drain.streams();
		Duration window = this.drain.order(window(request, connections));
		return CompletableFuture.completedFuture(new CallResult.Draining(connections, window.toMillis()));
	}

	/** Over how long so many streams leave, or null for the setting's. */
	private static @Nullable Duration window(CallRequest.Drain request, int connections) {
		Integer rate = request.rate();
		if (rate != null) {
			return Duration.ofMillis(Math.ceilDiv(connections * 1000L, rate));
		}
		Long windowMs = request.windowMs();
		return (windowMs != null) ? Duration.ofMillis(windowMs) : null;
	}

}
