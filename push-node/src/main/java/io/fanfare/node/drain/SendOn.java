package io.fanfare.node.drain;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.admission.Admission;
import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.CloseReason;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.guard.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends some of this node's streams on to others. Answers once that has begun. */
public final class SendOn implements NodeCall<CallRequest.SendOn, CallResult.SentOn> {

	private static final Logger log = LoggerFactory.getLogger(SendOn.class);

	private final Admission admission;

	private final Connections connections;

	private final Errors errors;

	/**
	 * Makes the call.
	 * @param admission the node's admission
	 * @param connections the node's connections
	 * @param errors notes what nothing else handles
	 */
	public SendOn(Admission admission, Connections connections, Errors errors) {
		this.admission = admission;
		this.connections = connections;
		this.errors = errors;
	}

	@Override
	public Class<CallRequest.SendOn> request() {
		return CallRequest.SendOn.class;
	}

	@Override
	public CompletableFuture<CallResult.SentOn> run(CallRequest.SendOn request) {
		int count = Math.min(request.count(), this.admission.size());
		begin(count, Duration.ofMillis(request.windowMs())).whenComplete((sent, failure) -> {
			if (failure != null) {
				this.errors.note("rebalance", failure);
			}
		});
		return CompletableFuture.completedFuture(new CallResult.SentOn(count));
	}

	/**
	 * Begins.
	 * @param count how many streams
	 * @param window over how long
	 * @return how many were sent on, when they are gone
	 */
	CompletableFuture<Integer> begin(int count, Duration window) {
		log.info("rebalance=began streams={} of={} ms={}", count, this.admission.size(), window.toMillis());
		return this.connections.sendOn(count, window, CloseReason.REBALANCE).whenComplete((sent, failure) -> {
			if (sent != null) {
				log.info("rebalance=ended sent-on={}", sent);
			}
		});
	}

}
