package io.fanfare.node.admin;

import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.ChannelName;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult.Subscribers;

/** Counts the streams of this node that are subscribed to a channel. */
public final class CountSubscribers implements NodeCall<CallRequest.CountSubscribers, Subscribers> {

	private final Connections connections;

	/**
	 * Makes the call.
	 * @param connections the node's connections
	 */
	public CountSubscribers(Connections connections) {
		this.connections = connections;
	}

	@Override
	public Class<CallRequest.CountSubscribers> request() {
		return CallRequest.CountSubscribers.class;
	}

	@Override
	public CompletableFuture<Subscribers> run(CallRequest.CountSubscribers request) {
		ChannelName channel = ChannelName.parse(request.channel());
		return this.connections.onLoops((loop) -> CompletableFuture.completedFuture(loop.subscribers(channel)))
			.thenApply((counts) -> new Subscribers(counts.stream().mapToInt(Integer::intValue).sum()));
	}

}
