package io.fanfare.node.stream;

import java.net.InetAddress;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.KnownNodes;
import io.fanfare.node.ratelimit.CallLimits;
import io.fanfare.node.ratelimit.Quota;
import io.fanfare.protocol.Frame;
import io.fanfare.redis.cluster.Nodes;
import org.jspecify.annotations.Nullable;

/**
 * Passes what a client says on to the node that holds its stream: only to one that
 * exists, and only so often per address. Any thread may call.
 *
 * @param known which nodes exist
 * @param limits how often
 * @param nodes reaches them
 */
record ForwardedCalls(KnownNodes known, CallLimits limits, Nodes nodes) {

	/** The quota that is used up, or null if the call may be passed on. */
	@Nullable Quota take(InetAddress client) {
		return this.limits.take(client);
	}

	/** Passes a call on; completes with whether a node heard it. */
	CompletableFuture<Boolean> send(String owner, Frame.FromClient said) {
		return this.known.exists(owner)
			.thenCompose((exists) -> exists ? this.nodes.send(owner, said) : CompletableFuture.completedFuture(false));
	}

}
