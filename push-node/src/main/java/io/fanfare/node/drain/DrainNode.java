package io.fanfare.node.drain;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.protocol.redis.CallName;
import org.jspecify.annotations.Nullable;
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
		Duration window = this.drain.order(window(body, connections));
		return CompletableFuture.completedFuture(new Begun(connections, window.toMillis()));
	}

	/** What is asked for: a window, so many streams a second, or nothing. */
	private static @Nullable Duration window(JsonNode body, int connections) {
		if (body.has("rate")) {
			return Duration.ofMillis(Math.ceilDiv(connections * 1000L, Math.max(1, body.get("rate").asInt())));
		}
		return body.has("windowMs") ? Duration.ofMillis(body.get("windowMs").asLong()) : null;
	}

}
