package io.fanfare.node.admin;

import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.MessageId;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult.Disconnected;
import io.fanfare.redis.revocation.Revocation;
import io.fanfare.redis.revocation.Revocation.OfToken;
import io.fanfare.redis.revocation.Revocation.OfTopic;
import io.fanfare.redis.revocation.Revocation.OfUser;
import io.fanfare.redis.revocation.Revocation.Target;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the streams of this node whose right was revoked. Answers once all are ended, or
 * have lost the topic: nothing is written to them after it.
 */
public final class RevokeStreams implements NodeCall<CallRequest.Revoke, Disconnected> {

	private static final Logger log = LoggerFactory.getLogger(RevokeStreams.class);

	private final Connections connections;

	/**
	 * Makes the call.
	 * @param connections the node's connections
	 */
	public RevokeStreams(Connections connections) {
		this.connections = connections;
	}

	@Override
	public Class<CallRequest.Revoke> request() {
		return CallRequest.Revoke.class;
	}

	@Override
	public CompletableFuture<Disconnected> run(CallRequest.Revoke request) {
		List<Revocation> revocations = List.of(new Revocation(target(request), request.issuedBeforeMs(), 0, 0,
				(request.reason() != null) ? request.reason() : Revocation.NO_REASON));
		long id = MessageId.parse(request.id());
		return this.connections
			.onLoops((loop) -> CompletableFuture.completedFuture(loop.revoked().end(revocations, id)))
			.thenApply((counts) -> {
				int count = counts.stream().mapToInt(Integer::intValue).sum();
				log.debug("revocation={} connections={}", request.id(), count);
				return new Disconnected(count);
			});
	}

	private static Target target(CallRequest.Revoke request) {
		String user = request.user();
		String channel = request.channel();
		if (user == null) {
			return new OfToken(String.valueOf(request.token()));
		}
		return (channel != null) ? new OfTopic(user, channel) : new OfUser(user);
	}

}
