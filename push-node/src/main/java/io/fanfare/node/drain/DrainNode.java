package io.fanfare.node.drain;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.protocol.redis.CallName;
import tools.jackson.databind.JsonNode;

/** Drains this node and ends it. Answers once that has begun. */
public final class DrainNode implements NodeCall {

	private final Drain drain;

	/**
	 * Makes the call.
	 * @param drain the node's drain
	 */
	public DrainNode(Drain drain) {
		this.drain = drain;
	}

	/**
	 * What has begun.
	 *
	 * @param connections how many streams are to leave
	 * @param windowMs over how long
	 */
	record Begun(int connections, long windowMs) {

	}

	@Override
	public CallName name() {
		return CallName.DRAIN;
	}

	@Override
	public CompletableFuture<Begun> run(JsonNode body) {
		int connections = this.drain.streams();
		Duration window = this.drain
			.order(body.has("windowMs") ? Duration.ofMillis(body.get("windowMs").asLong()) : null);
		return CompletableFuture.completedFuture(new Begun(connections, window.toMillis()));
	}

}
