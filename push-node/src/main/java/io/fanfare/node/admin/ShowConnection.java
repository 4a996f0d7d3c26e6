package io.fanfare.node.admin;

import java.util.concurrent.CompletableFuture;

import io.fanfare.node.cluster.NodeCall;
import io.fanfare.node.connection.Connection;
import io.fanfare.node.connection.Connections;
import io.fanfare.protocol.call.CallRequest;
import io.fanfare.protocol.call.CallResult;
import io.fanfare.protocol.call.CallResult.Shown;

/** Tells of one connection that is open. */
public final class ShowConnection implements NodeCall<CallRequest.ShowConnection, CallResult.Shown> {

	private final Connections connections;

	/**
	 * Makes the call.
	 * @param connections the node's connections
	 */
	public ShowConnection(Connections connections) {
		this.connections = connections;
	}

	@Override
	public Class<CallRequest.ShowConnection> request() {
		return CallRequest.ShowConnection.class;
	}

	@Override
	public CompletableFuture<Shown> run(CallRequest.ShowConnection request) {
		Connection connection = this.connections.find(request.connection());
		if (connection == null) {
			return CompletableFuture.completedFuture(new Shown(null));
		}
		return Connections.onLoop(connection.loop(), (loop) -> CompletableFuture
			.completedFuture(new Shown(connection.isClosed() ? null : connection.status(null))));
	}

}
